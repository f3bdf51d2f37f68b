// The one gate: who presented these certificates, and are they believed? The same for callers and callees.
import { type Refusal, type RevokedSerial, refusalOfFindings, type Side } from '@countersign/protocol'
import {
  type CheckSignature,
  type Finding,
  type PathContext,
  PROFILES,
  type Purpose,
  type ReferenceIdentity,
  type StatusEvidence,
  type Verdict,
  type VerifiedPath,
  verifyParsedPath,
  verifyPath,
} from '@countersign/verify'
import { type Certificate, DerError, readCertificate, type SubjectPublicKeyInfo, X509Error } from '@countersign/x509'
import type { Trust } from '../model.ts'
import { sha256 } from '../sha256.ts'
import { sideOf } from './side.ts'

/** What is asked of the gate. */
export interface Question {
  /** Whose certificates these are: a caller must hold a key for clientAuth, a callee for serverAuth. */
  readonly presenter: 'caller' | 'callee'
  /** Absent: the one that `presenter` says. */
  readonly purpose?: Purpose
  /** As the peer sent them, leaf first: DER, or already read (resumption). Empty where it sent none. */
  readonly certificates: readonly Uint8Array[] | readonly Certificate[]
  readonly trust: Trust
  /** Issuers known beside those of `trust`: what was sent at the meeting that is resumed. Only candidates. */
  readonly issuers?: readonly Certificate[]
  readonly now: Temporal.Instant
  /** What a callee must prove; absent for a caller, whose identities the door's policy judges. */
  readonly name?: ReferenceIdentity
  /** What to call a side that shows no name, as in `192.0.2.7:51234`. */
  readonly address: string
  readonly checkSignature: CheckSignature
}

/** What the gate says of one side: who it is and why it is believed, or the refusal. */
export type Judgement =
  | {
      readonly ok: true
      readonly side: Side
      readonly path: VerifiedPath
      readonly evidence: readonly StatusEvidence[]
    }
  /** `side` is what the peer claims to be, unproved. */
  | { readonly ok: false; readonly side: Side; readonly refusal: Refusal }

/**
 * Judges what one side presented after it has proved the leaf's key (TLS CertificateVerify, or a ticket made under it).
 * Synchronous and from local knowledge only, so that a client can leave before it has presented itself.
 * Status is a reason only where no finding says that the path is not ours: see the order in `refusalOfFindings`.
 */
export function judge(question: Question): Judgement {
  const { presenter, certificates, trust, address } = question
  const [first] = certificates
  if (first === undefined) {
    const code = presenter === 'caller' ? 'ERR_CALLER_NO_CERTIFICATE' : 'ERR_CALLEE_NO_CERTIFICATE'
    return { ok: false, side: sideOf(undefined, address), refusal: { code } }
  }
  const verdict = verdictOf(question)
  if (verdict.ok) {
    const leaf = verdict.path.certificates[0]
    return {
      ok: true,
      side: sideOf(leaf, address, presenter, {
        authority: trust.authorityOf(verdict.path.anchor),
        domain: trust.domain,
      }),
      path: verdict.path,
      evidence: verdict.evidence,
    }
  }
  const side = sideOf(first instanceof Uint8Array ? readClaim(first) : first, address, presenter)
  return { ok: false, side, refusal: refusalOf(presenter, verdict.findings) }
}

/** The verdict on which a judgement rests, with every finding and every path that was tried. */
export function verdictOf(question: Question): Verdict {
  const { presenter, certificates, trust, now, name, checkSignature } = question
  const context: PathContext = {
    anchors: trust.anchors,
    issuers: question.issuers ? [...trust.issuers, ...question.issuers] : trust.issuers,
    status: { mode: trust.revocation, crls: trust.crls, announced: announcedBy(trust) },
    now,
    purpose: question.purpose ?? (presenter === 'caller' ? 'clientAuth' : 'serverAuth'),
    ...(name && { name }),
    profile: PROFILES.meeting,
    checkSignature,
  }
  if (areOctets(certificates)) return verifyPath(certificates, context)
  return verifyParsedPath(certificates[0] as Certificate, certificates.slice(1), context)
}

function areOctets(certificates: Question['certificates']): certificates is readonly Uint8Array[] {
  return certificates[0] instanceof Uint8Array
}

function announcedBy(trust: Trust): (issuer: SubjectPublicKeyInfo, serialNumber: bigint) => RevokedSerial | undefined {
  return (issuer, serialNumber) => trust.announced(sha256(issuer.der), serialNumber)
}

function refusalOf(presenter: 'caller' | 'callee', findings: readonly Finding[]): Refusal {
  const { code, detail } = refusalOfFindings(presenter, findings)
  const others = new Set(findings.filter((finding) => finding !== detail).map((finding) => finding.code))
  return {
    code,
    ...(detail && { detail }),
    ...(others.size > 0 && { note: `also ${[...others].join(', ')}` }),
  }
}

/** Reads a refused leaf for the record only. */
function readClaim(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}
