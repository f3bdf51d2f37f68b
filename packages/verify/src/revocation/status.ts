// Is this certificate revoked? Announcements first, then CRLs by RFC 5280 §6.3.3 and the answers of OCSP responders.
import {
  type Certificate,
  type CertificateList,
  namesEqual,
  OID,
  type ReasonFlag,
  type RevokedCertificate,
} from '@countersign/x509'
import type { StatusContext, StatusEvidence } from '../model.ts'
import { sameOctets } from '../octets.ts'
import type { Fault } from '../path/fault.ts'
import type { Asking } from '../path/question.ts'
import { type CrlIndex, entryOf } from './crl-index.ts'
import type { StatusIssuer } from './issuer.ts'
import type { OcspWord } from './ocsp.ts'
import { ALL_REASONS, reasonsCovered } from './points.ts'
import { whyNotCrl, whyNotSigner } from './scope.ts'

/** Asks whether a CRL is signed by its issuer; false or `undefined` where that is not known. */
type AskSignature = (crl: CrlIndex) => Asking<boolean | undefined>
/** Asks what OCSP responders say of a certificate of the same issuer. */
type AskResponders = (certificate: Certificate) => Asking<OcspWord>

/**
 * Judges the status of one certificate whose own signature has verified. Answers what says "not revoked": an answer
 * of OCSP, or the CRLs that say so for all reasons together.
 * @see RFC 5280 §6.3.3, RFC 6960 §3.2
 */
export function* judgeStatus(
  certificate: Certificate,
  depth: number,
  issuer: StatusIssuer,
  { mode, crls, announced }: StatusContext<unknown>,
  now: Temporal.Instant,
  isSigned: AskSignature,
  askResponders: AskResponders,
  fault: Fault,
): Asking<readonly StatusEvidence[]> {
  const { serialNumber } = certificate
  const word = announced?.(issuer.subjectPublicKeyInfo, serialNumber)
  if (word !== undefined) {
    fault('ERR_VERIFY_REVOKED', `its revocation at ${word.at} was announced${because(word.reason)}`, word)
    return []
  }

  const { usable, reasons } = fitting(crls, certificate)
  // A revocation is not taken back by a CRL's end, so that an old list counts here as a new one does.
  for (const fit of usable) {
    const entry = revoking(fit, certificate)
    if (entry === undefined || (yield* isSigned(fit.index)) !== true) continue
    if (entry.reasonCode === 'certificateHold' && (yield* isLifted(fit, usable, certificate, now, isSigned))) continue
    const { revocationDate: at, reasonCode: reason } = entry
    const revocation = reason === undefined ? { at } : { at, reason }
    fault(
      'ERR_VERIFY_REVOKED',
      `revoked at ${at}${because(reason)} by the crl of ${fit.index.crl.thisUpdate}`,
      revocation,
    )
    return []
  }

  const responders = yield* askResponders(certificate)
  if (responders.revoked !== undefined) {
    const { at, reason } = responders.revoked
    fault('ERR_VERIFY_REVOKED', `revoked at ${at}${because(reason)} by an answer of its responder`, responders.revoked)
    return []
  }
  if (responders.good !== undefined) return [responders.good]

  let expired: CrlIndex | undefined
  let covered: ReadonlySet<ReasonFlag> = new Set()
  const evidence: StatusEvidence[] = []
  for (const { index, covers } of usable) {
    // (e), and a delta says only what it adds.
    if (covers.isSubsetOf(covered)) continue
    const time = timeOf(index, now)
    if (time !== undefined && time !== 'expired') reasons.push(time)
    else if (time === 'expired' && expired !== undefined) continue
    else if ((yield* isSigned(index)) !== true)
      reasons.push(
        (namesEqual(index.crl.issuer, issuer.name) ? whyNotSigner(index.crl, issuer.certificate) : undefined) ??
          'its signature does not verify under the key of the issuer',
      )
    else if (time === undefined) {
      evidence.push(evidenceOf(index, depth))
      covered = covered.union(covers)
      if (ALL_REASONS.isSubsetOf(covered)) return evidence
    } else expired = index
  }
  // RFC 9608 §4: there the step is skipped; a revocation that is known counted above all the same.
  if (mode === 'prefer' || certificate.noRevAvail) return []
  const told = responders.reasons.map((reason) => `; an answer of ocsp is not used: ${reason}`).join('')
  if (expired !== undefined)
    fault(
      'ERR_VERIFY_STATUS_EXPIRED',
      `the crl of ${expired.crl.thisUpdate} was to be replaced by ${expired.crl.nextUpdate}${told}`,
    )
  else if (evidence.length > 0)
    fault(
      'ERR_VERIFY_STATUS_UNKNOWN',
      `no crl speaks of the reasons ${[...ALL_REASONS.difference(covered)].join(', ')}${told}`,
    )
  else
    fault(
      'ERR_VERIFY_STATUS_UNKNOWN',
      reasons.length === 0
        ? `there is no crl of its issuer${told}`
        : `the crl of its issuer is not used: ${reasons.join('; ')}${told}`,
    )
  return []
}

/** A CRL that may be asked about a certificate. */
interface Fit {
  readonly index: CrlIndex
  /** The reasons for which it tells that a certificate is not revoked: none for a delta. */
  readonly covers: ReadonlySet<ReasonFlag>
}

/** §6.3.3 (b) to (d), and newest first: the higher number, then the later time. */
function fitting(crls: readonly CrlIndex[], certificate: Certificate): { usable: readonly Fit[]; reasons: string[] } {
  const usable: Fit[] = []
  const reasons: string[] = []
  for (const index of crls) {
    const covers = reasonsCovered(certificate, index.crl)
    if (covers === undefined) continue
    const reason = whyNotCrl(index)
    if (reason !== undefined) {
      reasons.push(reason)
      continue
    }
    if (typeof covers === 'string') reasons.push(covers)
    else usable.push({ index, covers: index.crl.deltaCRLIndicator === undefined ? covers : new Set() })
  }
  return { usable: usable.sort((left, right) => newestFirst(left.index, right.index)), reasons }
}

/** §5.2.4: whether a delta in force that builds on the CRL of the hold takes it back, with the same scope and under the same key. */
function* isLifted(
  { index: { crl } }: Fit,
  usable: readonly Fit[],
  { issuer, serialNumber }: Certificate,
  now: Temporal.Instant,
  isSigned: AskSignature,
): Asking<boolean> {
  const number = crl.cRLNumber ?? 0n
  for (const { index } of usable) {
    const { deltaCRLIndicator: base, cRLNumber = 0n } = index.crl
    if (base === undefined || base > number || cRLNumber <= number || timeOf(index, now) !== undefined) continue
    if (entryOf(index, issuer, serialNumber)?.reasonCode !== 'removeFromCRL' || !sameScope(index.crl, crl)) continue
    if ((yield* isSigned(index)) === true) return true
  }
  return false
}

/** §6.3.3 (c) (2) and (3) */
function sameScope(left: CertificateList, right: CertificateList): boolean {
  return [OID.issuingDistributionPoint, OID.authorityKeyIdentifier].every((oid) => {
    const [one, other] = [left, right].map(
      ({ crlExtensions }) => crlExtensions.find(({ extnID }) => extnID === oid)?.extnValue,
    )
    return one === undefined || other === undefined ? one === other : sameOctets(one, other)
  })
}

function newestFirst({ crl: left }: CrlIndex, { crl: right }: CrlIndex): number {
  const [leftNumber = 0n, rightNumber = 0n] = [left.cRLNumber, right.cRLNumber]
  if (leftNumber !== rightNumber) return leftNumber > rightNumber ? -1 : 1
  return Temporal.Instant.compare(right.thisUpdate, left.thisUpdate)
}

/** (j) and (k): every reason revokes, certificateHold too, but for removeFromCRL. */
function revoking({ index }: Fit, { issuer, serialNumber }: Certificate): RevokedCertificate | undefined {
  const entry = entryOf(index, issuer, serialNumber)
  return entry?.reasonCode === 'removeFromCRL' ? undefined : entry
}

/** §5.1.2.4 and §5.1.2.5. Undefined where the CRL is current; there is no tolerance, as issuers overlap their CRLs. */
function timeOf({ crl: { thisUpdate, nextUpdate } }: CrlIndex, now: Temporal.Instant): string | undefined {
  if (Temporal.Instant.compare(now, thisUpdate) < 0) return `it is of ${thisUpdate}, and it is ${now}`
  // §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field in all CRLs."
  if (nextUpdate === undefined) return 'it has no next update'
  return Temporal.Instant.compare(now, nextUpdate) < 0 ? undefined : 'expired'
}

function evidenceOf({ crl: { issuer, cRLNumber, thisUpdate, nextUpdate } }: CrlIndex, depth: number): StatusEvidence {
  return {
    kind: 'crl',
    depth,
    issuer,
    ...(cRLNumber !== undefined && { number: cRLNumber }),
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`
}
