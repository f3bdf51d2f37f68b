// What a later list makes of an earlier one: RFC 5280 §5.2.4 and §6.3.3 (a) and (c).
import { type Certificate, type CertificateList, namesEqual, OID, type ReasonFlag } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import type { Asking } from '../path/question.ts'
import { type CrlIndex, entryOf } from './crl-index.ts'

/** Asks whether a CRL is signed by its issuer; false or `undefined` where that is not known. */
export type AskSignature = (crl: CrlIndex) => Asking<boolean | undefined>

/** A CRL that may be asked about a certificate. */
export interface Fit {
  readonly index: CrlIndex
  /** The reasons for which it tells that a certificate is not revoked: none for a delta. */
  readonly covers: ReadonlySet<ReasonFlag>
}

/**
 * Whether a later list in force takes the hold of `held` back: a complete one by its silence, a delta by removeFromCRL
 * where it builds on the list of the hold.
 */
export function* isLifted(
  held: CrlIndex,
  lists: readonly Fit[],
  { issuer, serialNumber }: Certificate,
  now: Temporal.Instant,
  isSigned: AskSignature,
): Asking<boolean> {
  for (const { index } of lists) {
    if (!follows(index.crl, held.crl) || timeOf(index, now) !== undefined) continue
    const entry = entryOf(index, issuer, serialNumber)
    const lifts =
      index.crl.deltaCRLIndicator === undefined ? entry === undefined : entry?.reasonCode === 'removeFromCRL'
    if (lifts && (yield* isSigned(index)) === true) return true
  }
  return false
}

/** The most current delta that makes a current list out of an ended one, which has it for its base or comes after that. */
export function* renewalOf(
  ended: CrlIndex,
  lists: readonly Fit[],
  now: Temporal.Instant,
  isSigned: AskSignature,
): Asking<CrlIndex | undefined> {
  const deltas = lists
    .map(({ index }) => index)
    .filter(({ crl }) => crl.deltaCRLIndicator !== undefined && follows(crl, ended.crl))
    .filter((index) => timeOf(index, now) === undefined)
    // "the application SHOULD consider the one with the latest value in thisUpdate to be the most current one"
    .sort((left, right) => Temporal.Instant.compare(right.crl.thisUpdate, left.crl.thisUpdate))
  for (const delta of deltas) if ((yield* isSigned(delta)) === true) return delta
  return undefined
}

/** §5.2.4 (a) to (d) and §6.3.3 (c): of the same issuer, scope and key, later in the numbering, and, of a delta, upon it. */
function follows(later: CertificateList, earlier: CertificateList): boolean {
  const { cRLNumber: number = 0n } = earlier
  return (
    (later.deltaCRLIndicator ?? 0n) <= number &&
    number < (later.cRLNumber ?? 0n) &&
    namesEqual(later.issuer, earlier.issuer) &&
    [OID.issuingDistributionPoint, OID.authorityKeyIdentifier].every((oid) => sameExtension(oid, later, earlier))
  )
}

function sameExtension(oid: string, left: CertificateList, right: CertificateList): boolean {
  const [one, other] = [left, right].map(
    ({ crlExtensions }) => crlExtensions.find(({ extnID }) => extnID === oid)?.extnValue,
  )
  return one === undefined || other === undefined ? one === other : sameOctets(one, other)
}

/** §5.1.2.4 and §5.1.2.5. Undefined where the CRL is current; there is no tolerance, as issuers overlap their CRLs. */
export function timeOf({ crl: { thisUpdate, nextUpdate } }: CrlIndex, now: Temporal.Instant): string | undefined {
  if (Temporal.Instant.compare(now, thisUpdate) < 0) return `it is of ${thisUpdate}, and it is ${now}`
  // §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field in all CRLs."
  if (nextUpdate === undefined) return 'it has no next update'
  return Temporal.Instant.compare(now, nextUpdate) < 0 ? undefined : 'expired'
}
