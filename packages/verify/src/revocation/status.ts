// Is this certificate revoked? Announcements first, then CRLs by RFC 5280 §6.3.3 and the answers of OCSP responders.
import { type Certificate, namesEqual, type ReasonFlag, type RevokedCertificate } from '@countersign/x509'
import type { StatusContext, StatusEvidence } from '../model.ts'
import type { Fault } from '../path/fault.ts'
import type { Asking } from '../path/question.ts'
import { type CrlIndex, entryOf } from './crl-index.ts'
import { type AskSignature, type Fit, isLifted, renewalOf, timeOf } from './delta.ts'
import type { StatusIssuer } from './issuer.ts'
import type { OcspWord } from './ocsp.ts'
import { ALL_REASONS, reasonsCovered } from './points.ts'
import { whyNotCrl, whyNotSigner } from './scope.ts'

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
    if (entry.reasonCode === 'certificateHold' && (yield* isLifted(fit.index, usable, certificate, now, isSigned)))
      continue
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
    if (time !== undefined && time !== 'expired') {
      reasons.push(time)
      continue
    }
    if ((yield* isSigned(index)) !== true) {
      reasons.push(
        (namesEqual(index.crl.issuer, issuer.name) ? whyNotSigner(index.crl, issuer.certificate) : undefined) ??
          'its signature does not verify under the key of the issuer',
      )
      continue
    }
    // (a) (1) (i)
    const current = time === undefined ? index : yield* renewalOf(index, usable, now, isSigned)
    if (current === undefined) {
      expired ??= index
      continue
    }
    evidence.push(evidenceOf(current, depth))
    covered = covered.union(covers)
    if (ALL_REASONS.isSubsetOf(covered)) return evidence
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
