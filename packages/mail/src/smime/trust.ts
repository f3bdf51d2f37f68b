// Whether a signer is vouched for, for mail: the one gate says so. What RFC 8550 asks of a signer's key beside it is asked here.
import { createHash } from 'node:crypto'
import { type Trust, type TrustedQuestion, verdictOf, verdictsOf } from '@countersign/mtls'
import type { Finding } from '@countersign/verify'
import { type Certificate, formatName } from '@countersign/x509'
import type { SignerTrust } from '../model.ts'

/** What judging a signer takes. */
export interface SignerContext {
  readonly trust: Trust
  readonly now: Temporal.Instant
}

/** Judges the certificate of a signer; `others` are those that came with it, candidates and no more. */
export function trustOf(
  certificate: Certificate,
  others: readonly Certificate[],
  { trust, now }: SignerContext,
): SignerTrust {
  const question: TrustedQuestion = {
    presenter: 'caller',
    purpose: 'emailProtection',
    certificates: [certificate, ...others.filter((other) => other !== certificate)],
    address: 'the signer',
    now,
  }
  const judgement = verdictsOf(trust).judge(question)
  if (!judgement.ok) {
    const since = sinceOf(question, trust)
    return { ok: false, refusal: judgement.refusal, ...(since && { since }) }
  }
  const misused = whyNotForSigning(certificate)
  if (misused !== undefined) return { ok: false, refusal: { code: 'ERR_CALLER_WRONG_PURPOSE', note: misused } }
  const { anchor } = judgement.path
  const status = judgement.evidence.find(({ depth }) => depth === 0)
  return {
    ok: true,
    anchor: formatName(anchor.name),
    anchorSpkiSha256: createHash('sha256').update(anchor.subjectPublicKeyInfo.der).digest('hex'),
    status: status ? 'good' : 'unknown',
    ...(status && { knownAt: status.thisUpdate }),
  }
}

/** RFC 8550 §4.4.2: a keyUsage of a signer has digitalSignature or nonRepudiation; a certificate without one says nothing. */
function whyNotForSigning({ keyUsage }: Certificate): string | undefined {
  if (keyUsage === undefined || keyUsage.has('digitalSignature') || keyUsage.has('nonRepudiation')) return undefined
  return `keyUsage is ${[...keyUsage].join(', ')}, which signs no mail`
}

/** Since when, where nothing else is wrong than that somebody of the path was revoked, or that a certificate has expired. */
function sinceOf(question: TrustedQuestion, trust: Trust): Temporal.Instant | undefined {
  const { checkSignature } = verdictsOf(trust)
  const verdict = verdictOf({ ...question, trust, checkSignature })
  if (verdict.ok) return undefined
  const times = verdict.findings.map(timeOf)
  if (!times.every((time) => time !== undefined)) return undefined
  return times.toSorted(Temporal.Instant.compare)[0]
}

function timeOf({ code, revocation, facts }: Finding): Temporal.Instant | undefined {
  if (code === 'ERR_VERIFY_REVOKED') return revocation?.at
  return code === 'ERR_VERIFY_EXPIRED' ? facts?.at : undefined
}
