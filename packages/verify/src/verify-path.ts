// The decision on a peer's certificates, in one call.
import {
  type Certificate,
  DerError,
  performSteps,
  performStepsAsync,
  readCertificate,
  X509Error,
} from '@countersign/x509'
import type { AnyPathContext, AsyncPathContext, Finding, PathContext, Verdict } from './model.ts'
import { sameOctets } from './octets.ts'
import { DEFAULT_BUDGET } from './path/budget.ts'
import type { Candidate } from './path/candidates.ts'
import { finding } from './path/fault.ts'
import type { Asking, Question } from './path/question.ts'
import { searchPath } from './path/search.ts'

/**
 * Decides whether the peer's first certificate (DER) leads to an anchor by every rule; the others are an untrusted bag.
 * Never throws on what a peer sent. Throws what `checkSignature`, `digest` and `announced` throw.
 * @see RFC 5280 §6, RFC 9525 §6
 */
export function verifyPath(peer: readonly Uint8Array[], context: PathContext): Verdict {
  return performSteps(decide(peer, context), (question) => answer(question, context))
}

/** Decides as {@link verifyPath} does, where cryptography answers later, as WebCrypto does. Rejects where that one throws. */
export function verifyPathAsync(peer: readonly Uint8Array[], context: AsyncPathContext): Promise<Verdict> {
  return performStepsAsync(decide(peer, context), (question) => answer(question, context))
}

/**
 * Decides as {@link verifyPath} does, on certificates that were read before.
 * @param bag What else the peer sent, in its order.
 */
export function verifyParsedPath(leaf: Certificate, bag: readonly Certificate[], context: PathContext): Verdict {
  return performSteps(decideParsed(leaf, bag, context), (question) => answer(question, context))
}

function* decide(peer: readonly Uint8Array[], context: AnyPathContext): Asking<Verdict> {
  const over = overBudget(peer, context) ?? answersOverBudget(context)
  if (over !== undefined) return refused(over)
  const read = peer.map((der, index) => readPeerCertificate(der, index, context))
  const [leaf, ...others] = read
  if (leaf === undefined) return refused(finding('ERR_VERIFY_EMPTY', 'the peer presented no certificate'))
  if (!('certificate' in leaf)) return refused(leaf.malformed)
  return yield* searchPath({
    leaf: leaf.certificate,
    bag: bagOf(
      others.map((other) => ('certificate' in other ? other.certificate : undefined)),
      context,
    ),
    unread: others.flatMap((other) => ('certificate' in other ? [] : [other.malformed])),
    context,
  })
}

function* decideParsed(leaf: Certificate, bag: readonly Certificate[], context: AnyPathContext): Asking<Verdict> {
  const over = overBudget([leaf.der, ...bag.map(({ der }) => der)], context) ?? answersOverBudget(context)
  if (over !== undefined) return refused(over)
  return yield* searchPath({ leaf, bag: bagOf(bag, context), unread: [], context })
}

/** What the caller's cryptography says to a question of the core. */
function answer<Answer, Octets>(
  question: Question,
  { checkSignature, status }: PathContext<Answer, Octets>,
): Answer | Octets | undefined {
  if (question.op === 'digest') return status.ocsp?.digest(question.hash, question.octets)
  const { algorithm, publicKey, octets, signature } = question
  return checkSignature(algorithm, publicKey, octets, signature)
}

function overBudget(peer: readonly Uint8Array[], { budget }: AnyPathContext): Finding | undefined {
  const { maxCertificates, maxOctets } = budget ?? DEFAULT_BUDGET
  if (peer.length > maxCertificates) return overLimit('the peer sent', peer.length, 'certificates', maxCertificates)
  const octets = peer.reduce((sum, { length }) => sum + length, 0)
  if (octets > maxOctets) return overLimit('the peer sent', octets, 'octets of certificates', maxOctets)
  return undefined
}

/** Answers may come from the peer, too: one for each certificate, and of no more octets than these. */
function answersOverBudget({ status: { ocsp }, budget }: AnyPathContext): Finding | undefined {
  const { maxCertificates, maxOctets } = budget ?? DEFAULT_BUDGET
  const { answers } = ocsp ?? { answers: [] }
  if (answers.length > maxCertificates)
    return overLimit('there are', answers.length, 'answers of ocsp', maxCertificates)
  const parts = answers.flatMap(({ response }) =>
    response.responseStatus === 'successful' ? [response.basic.tbsDer, ...(response.basic.certs ?? [])] : [],
  )
  const octets = parts.reduce((sum, { length }) => sum + length, 0)
  if (octets > maxOctets) return overLimit('there are', octets, 'octets of answers of ocsp', maxOctets)
  return undefined
}

function overLimit(what: string, count: number, unit: string, limit: number): Finding {
  const detail = `${what} ${count} ${unit}; ${limit} are read`
  return finding('ERR_VERIFY_BUDGET', detail, undefined, undefined, { count, limit })
}

/** Indexes count the peer's certificates as sent, what could not be read among them, then the issuers known from elsewhere. */
function bagOf(others: readonly (Certificate | undefined)[], { issuers }: AnyPathContext): readonly Candidate[] {
  const sent = new Set(others)
  return [...others, ...issuers].flatMap((certificate, i) =>
    certificate === undefined || (i >= others.length && sent.has(certificate)) ? [] : [{ certificate, index: i + 1 }],
  )
}

function readPeerCertificate(
  der: Uint8Array,
  index: number,
  { issuers }: AnyPathContext,
): { readonly certificate: Certificate } | { readonly malformed: Finding } {
  // Nearly every peer sends an issuer that is known: the same value, so that what is remembered of it is found by identity.
  const known = issuers.find((issuer) => sameOctets(issuer.der, der))
  if (known !== undefined) return { certificate: known }
  try {
    return { certificate: readCertificate(der) }
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error
    const which = index === 0 ? 'the leaf' : `certificate ${index} of the peer`
    // Only the leaf has a known place in a path.
    return {
      malformed: finding('ERR_VERIFY_MALFORMED', `${which}: ${error.message}`, index === 0 ? 0 : undefined, der, {
        found: [error.code],
        ...(index > 0 && { index }),
      }),
    }
  }
}

function refused(reason: Finding): Verdict {
  return { ok: false, findings: [reason], tried: [] }
}
