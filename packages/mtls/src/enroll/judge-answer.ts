// What came is believed only after it was judged: the authority once more, now that its lists are known, and our certificate.
import type { KeyObject } from 'node:crypto'
import { explainRefusal, type Identity, type Reference, type Side } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import { type Certificate, type CertificateList, OID } from '@countersign/x509'
import { type Judgement, judge } from '../gate/judge.ts'
import { keyFits } from '../identity/create.ts'
import type { Trust } from '../model.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { isSameName, isSignedBy } from '../trust/list-issuer.ts'
import { createTrust } from '../trust/trust.ts'
import type { IssuedAnswer, StatusAnswer } from './answer.ts'
import { EnrollmentError } from './error.ts'

/** The meeting in which an answer came. */
export interface AnswerContext {
  readonly anchors: readonly Certificate[]
  /** DER of what the authority presented in the handshake. */
  readonly presented: readonly Uint8Array[]
  /** The DNS name that the authority must prove. */
  readonly name: string
  readonly now: Temporal.Instant
  readonly reference: Reference
}

/** What was asked for. */
export interface Asked {
  readonly privateKey: KeyObject
  readonly party: string
  /** Of a key for mail, which proves nobody at a door: the addresses that it may be for. */
  readonly addresses?: readonly string[]
}

/**
 * Judges what was issued: the authority by the lists that it delivered, under `require`; the certificate by our key, our
 * party and the anchors. Answers the trust that it was judged by.
 * @throws {EnrollmentError} ERR_ENROLL_ANSWER_STATUS or ERR_ENROLL_ANSWER_CERTIFICATE.
 */
export function judgeIssued(answer: IssuedAnswer, asked: Asked, context: AnswerContext): Trust {
  const { anchors, now, reference } = context
  const checkSignature = createCheckSignature()
  const certificates = [...answer.certificates, ...answer.issuers]
  const crls = authenticCrls({ crls: answer.crls, certificates }, anchors, checkSignature)
  const trust = createTrust({ anchors, crls, revocation: 'require', asOf: now })
  const authority = judgeAuthority(context, trust, checkSignature)
  if (!authority.ok) throw refused('ERR_ENROLL_ANSWER_STATUS', authority, context)

  const [leaf] = answer.certificates
  if (!keyFits(asked.privateKey, leaf)) throw unlike('it is for another key', reference)
  const presenter = leaf.extendedKeyUsage?.includes(OID.clientAuth) === false ? 'callee' : 'caller'
  const own = judge({
    presenter,
    certificates: answer.certificates,
    trust,
    now,
    address: asked.party,
    checkSignature,
    ...(asked.addresses && { purpose: 'emailProtection' }),
  })
  if (!own.ok) throw refused('ERR_ENROLL_ANSWER_CERTIFICATE', own, context)
  if (answer.party !== asked.party || !isFor(own.side, asked)) throw unlike('it is for another party', reference)
  return trust
}

/** Whether a certificate is for who asked: by its party, or, as one for mail names none, by nothing but addresses of theirs. */
function isFor({ party, identities }: Side, asked: Asked): boolean {
  if (asked.addresses === undefined) return party === asked.party
  const isOwn = ({ kind, value }: Identity) => kind === 'rfc822Name' && asked.addresses?.includes(value) === true
  return identities.length > 0 && identities.every(isOwn)
}

/** Judges the authority by what it presented, under `trust`. */
function judgeAuthority(
  { presented, name, now }: Pick<AnswerContext, 'presented' | 'name' | 'now'>,
  trust: Trust,
  checkSignature: CheckSignature,
): Judgement {
  const wanted = { kind: 'dNSName', value: name } as const
  return judge({
    presenter: 'callee',
    certificates: presented,
    trust,
    now,
    name: wanted,
    address: name,
    checkSignature,
  })
}

/**
 * Keeps the lists that an authority under `anchors` has signed. Others are left out: they say nothing, and under
 * `require` their absence is a refusal. Each later use judges them whole.
 */
export function authenticCrls(
  { crls, certificates }: StatusAnswer,
  anchors: readonly Certificate[],
  checkSignature: CheckSignature,
): readonly CertificateList[] {
  const issuers = issuersUnder(anchors, certificates, checkSignature)
  return crls.filter((crl) => issuers.some((issuer) => isSignedBy(crl, issuer, checkSignature)))
}

/** The anchors, and each authority among `candidates` that one of them, or one found so, has signed. */
function issuersUnder(
  anchors: readonly Certificate[],
  candidates: readonly Certificate[],
  checkSignature: CheckSignature,
): readonly Certificate[] {
  const found = [...anchors]
  // A later candidate may have signed an earlier one: the list grows while it is walked.
  for (const issuer of found)
    for (const one of candidates)
      if (
        one.basicConstraints?.cA === true &&
        !found.includes(one) &&
        isSameName(one.issuer, issuer.subject) &&
        checkSignature(one.signatureAlgorithm, issuer.subjectPublicKeyInfo, one.tbsDer, one.signatureValue) === true
      )
        found.push(one)
  return found
}

function refused(
  code: 'ERR_ENROLL_ANSWER_STATUS' | 'ERR_ENROLL_ANSWER_CERTIFICATE',
  { refusal, side }: Extract<Judgement, { readonly ok: false }>,
  { now, reference }: Pick<AnswerContext, 'now' | 'reference'>,
): EnrollmentError {
  const { why } = explainRefusal(refusal, { caller: side, callee: side }, now)
  return new EnrollmentError(code, { detail: `${why} [${refusal.code}]`, reference })
}

function unlike(detail: string, reference: Reference): EnrollmentError {
  return new EnrollmentError('ERR_ENROLL_ANSWER_CERTIFICATE', { detail, reference })
}
