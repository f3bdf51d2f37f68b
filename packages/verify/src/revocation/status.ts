// Is this certificate revoked? Announcements first, then CRLs by RFC 5280 §6.3.3 and the answers of OCSP responders.
import { type Certificate, namesEqual, type ReasonFlag, type RevokedCertificate } from '@countersign/x509'
import type { StatusContext, StatusEvidence } from '../model.ts'
import type { Fault } from '../path/fault.ts'
import type { Asking } from '../path/question.ts'
import { type CrlIndex, entryOf } from './crl-index.ts'
import { type AskSigner, type Below, baseOf, type CrlSigner, endsHold, findBelow } from './delta.ts'
import type { StatusIssuer } from './issuer.ts'
import type { OcspWord } from './ocsp.ts'
import { ALL_REASONS, reasonsCovered } from './points.ts'
import { whyNotCrl, whyNotSigner } from './scope.ts'

/** Asks what OCSP responders say of a certificate of the same issuer. */
export type AskResponders = (certificate: Certificate) => Asking<OcspWord>

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
  signerOf: AskSigner,
  askResponders: AskResponders,
  fault: Fault,
): Asking<readonly StatusEvidence[]> {
  const { serialNumber } = certificate
  const word = announced?.(issuer.subjectPublicKeyInfo, serialNumber)
  if (word !== undefined) {
    fault('ERR_VERIFY_REVOKED', `its revocation at ${word.at} was announced${because(word.reason)}`, {
      revocation: word,
    })
    return []
  }

  const { usable, reasons } = fitting(crls, certificate)
  const lists = usable.map(({ index }) => index)
  const below = yield* findBelow(
    lists.filter((index) => timeOf(index, now) === undefined),
    lists.filter((index) => [undefined, 'expired'].includes(timeOf(index, now))),
    signerOf,
  )
  // A revocation is for good (§3.3: its entry "MUST NOT be removed"), so that an old list counts here as a new one does; a hold is not.
  for (const fit of usable) {
    const entry = revoking(fit, certificate)
    if (entry === undefined || (yield* signerOf(fit.index)) === undefined) continue
    if (entry.reasonCode === 'certificateHold' && (yield* isReleased(fit, usable, certificate, below, now, signerOf)))
      continue
    const { revocationDate: at, reasonCode: reason } = entry
    const revocation = reason === undefined ? { at } : { at, reason }
    fault('ERR_VERIFY_REVOKED', `revoked at ${at}${because(reason)} by the crl of ${fit.index.crl.thisUpdate}`, {
      revocation,
    })
    return []
  }

  const responders = yield* askResponders(certificate)
  if (responders.revoked !== undefined) {
    const { at, reason } = responders.revoked
    fault('ERR_VERIFY_REVOKED', `revoked at ${at}${because(reason)} by an answer of its responder`, {
      revocation: responders.revoked,
    })
    return []
  }
  if (responders.good !== undefined) return [responders.good]

  let expired: CrlIndex | undefined
  let covered: ReadonlySet<ReasonFlag> = new Set()
  const evidence: StatusEvidence[] = []
  for (const { index, covers } of usable) {
    // (e)
    if (covers.isSubsetOf(covered)) continue
    const time = timeOf(index, now)
    const { deltaCRLIndicator } = index.crl
    if (time !== undefined && time !== 'expired') {
      reasons.push(time)
      continue
    }
    if (time === 'expired' && (expired !== undefined || deltaCRLIndicator !== undefined)) continue
    // A delta says only what it adds.
    if (deltaCRLIndicator !== undefined && !below.has(index)) {
      reasons.push(`it builds on crl number ${deltaCRLIndicator}, which is not there`)
      continue
    }
    const signer = yield* signerOf(index)
    if (signer === undefined)
      reasons.push(
        (namesEqual(index.crl.issuer, issuer.name) ? whyNotSigner(index.crl, issuer.certificate) : undefined) ??
          'its signature does not verify under the key of the issuer',
      )
    else if (time === undefined) {
      evidence.push(evidenceOf(index, baseOf(index, below), depth, signer))
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
      expired.crl.nextUpdate && { at: expired.crl.nextUpdate },
    )
  else if (evidence.length > 0)
    fault(
      'ERR_VERIFY_STATUS_UNKNOWN',
      `no crl speaks of the reasons ${[...ALL_REASONS.difference(covered)].join(', ')}${told}`,
      { found: [...ALL_REASONS.difference(covered)] },
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
  /** The reasons for which it tells that a certificate is not revoked; a delta does so together with its base. */
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
    else usable.push({ index, covers })
  }
  return { usable: usable.sort((left, right) => newestFirst(left.index, right.index)), reasons }
}

function* isReleased(
  { index: hold }: Fit,
  usable: readonly Fit[],
  certificate: Certificate,
  below: Below,
  now: Temporal.Instant,
  signerOf: AskSigner,
): Asking<boolean> {
  for (const { index } of usable)
    if (timeOf(index, now) === undefined && (yield* endsHold(index, hold, certificate, below, signerOf))) return true
  return false
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

/** §5.2.4: a delta and its base together have the number and the times of the delta. */
function evidenceOf(
  { crl: { issuer, cRLNumber, thisUpdate, nextUpdate } }: CrlIndex,
  base: CrlIndex | undefined,
  depth: number,
  { until }: CrlSigner,
): StatusEvidence {
  return {
    kind: 'crl',
    depth,
    issuer,
    ...(cRLNumber !== undefined && { number: cRLNumber }),
    ...(base?.crl.cRLNumber !== undefined && { base: base.crl.cRLNumber }),
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    ...(until && nextUpdate && Temporal.Instant.compare(until, nextUpdate) < 0 && { until }),
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`
}
