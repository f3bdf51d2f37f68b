// Is this certificate revoked? Announcements first, then full CRLs by RFC 5280 §6.3.3.
import {
  type Certificate,
  type Name,
  namesEqual,
  type RevokedCertificate,
  type SubjectPublicKeyInfo,
} from '@countersign/x509'
import type { StatusContext, StatusEvidence } from '../model.ts'
import type { Fault } from '../path/fault.ts'
import type { SignatureAnswer, SignatureQuestion } from '../path/signature-question.ts'
import type { CrlIndex } from './crl-index.ts'
import { whyNotCrl } from './scope.ts'

/** Who issued the certificate that is judged: the next one of the path, or the anchor. */
export interface StatusIssuer {
  readonly name: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly certificate?: Certificate
}

/** Asks whether a CRL is signed by the certificate's issuer; `undefined` where no more may be asked. */
type AskSignature = (crl: CrlIndex) => Generator<SignatureQuestion, boolean | undefined, SignatureAnswer>

/**
 * Judges the status of one certificate whose own signature has verified. Answers the CRL that says "not revoked", if one does.
 * @see RFC 5280 §6.3.3
 */
export function* judgeStatus(
  certificate: Certificate,
  depth: number,
  issuer: StatusIssuer,
  { mode, crls, announced }: StatusContext,
  now: Temporal.Instant,
  isSigned: AskSignature,
  fault: Fault,
): Generator<SignatureQuestion, StatusEvidence | undefined, SignatureAnswer> {
  const { serialNumber } = certificate
  const word = announced?.(issuer.subjectPublicKeyInfo, serialNumber)
  if (word !== undefined) {
    fault('ERR_VERIFY_REVOKED', `its revocation at ${word.at} was announced${because(word.reason)}`, word)
    return undefined
  }

  const { usable, reasons } = fitting(crls, issuer)
  // A revocation is not taken back by a CRL's end, so that an old list counts here as a new one does.
  for (const index of usable) {
    const entry = revoking(index, serialNumber)
    if (entry === undefined || (yield* isSigned(index)) !== true) continue
    const { revocationDate: at, reasonCode: reason } = entry
    const revocation = reason === undefined ? { at } : { at, reason }
    fault('ERR_VERIFY_REVOKED', `revoked at ${at}${because(reason)} by the crl of ${index.crl.thisUpdate}`, revocation)
    return undefined
  }

  let expired: CrlIndex | undefined
  for (const index of usable) {
    const time = timeOf(index, now)
    if (time !== undefined && time !== 'expired') reasons.push(time)
    else if (time === 'expired' && expired !== undefined) continue
    else if ((yield* isSigned(index)) !== true)
      reasons.push('its signature does not verify under the key of the issuer')
    else if (time === undefined) return evidenceOf(index, depth)
    else expired = index
  }
  if (mode === 'prefer') return undefined
  if (expired !== undefined)
    fault(
      'ERR_VERIFY_STATUS_EXPIRED',
      `the crl of ${expired.crl.thisUpdate} was to be replaced by ${expired.crl.nextUpdate}`,
    )
  else
    fault(
      'ERR_VERIFY_STATUS_UNKNOWN',
      reasons.length === 0
        ? 'there is no crl of its issuer'
        : `the crl of its issuer is not used: ${reasons.join('; ')}`,
    )
  return undefined
}

/** §6.3.3 (b)(1), and newest first: the higher number, then the later time. */
function fitting(crls: readonly CrlIndex[], issuer: StatusIssuer): { usable: readonly CrlIndex[]; reasons: string[] } {
  const usable: CrlIndex[] = []
  const reasons: string[] = []
  for (const index of crls) {
    if (!namesEqual(index.crl.issuer, issuer.name)) continue
    const reason = whyNotCrl(index, issuer.certificate)
    if (reason === undefined) usable.push(index)
    else reasons.push(reason)
  }
  return { usable: usable.sort(newestFirst), reasons }
}

function newestFirst({ crl: left }: CrlIndex, { crl: right }: CrlIndex): number {
  const [leftNumber = 0n, rightNumber = 0n] = [left.cRLNumber, right.cRLNumber]
  if (leftNumber !== rightNumber) return leftNumber > rightNumber ? -1 : 1
  return Temporal.Instant.compare(right.thisUpdate, left.thisUpdate)
}

/** (j) and (k): every reason revokes, certificateHold too, but for removeFromCRL. */
function revoking({ entries }: CrlIndex, serialNumber: bigint): RevokedCertificate | undefined {
  const entry = entries.get(serialNumber)
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
