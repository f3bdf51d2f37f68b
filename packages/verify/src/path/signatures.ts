// Each signature is asked for once per search, and every one is counted.
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import type { Meter } from './budget.ts'
import type { Asking } from './question.ts'

/** `undefined`: the algorithm is one that the checker does not know. */
export type SignatureAnswer = boolean | undefined

/** Asks whether a signature verifies, or remembers it. False once the budget is spent. */
export type AskSignature = (
  algorithm: AlgorithmIdentifier,
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  signed: Uint8Array,
  signature: Uint8Array,
) => Asking<SignatureAnswer>

/** Starts to ask, for one search. */
export function askOnce(meter: Meter): AskSignature {
  // By identity: within one search, a certificate, a CRL and a key are one object each.
  const answers = new Map<Uint8Array, Map<SubjectPublicKeyInfo, SignatureAnswer>>()
  return function* (algorithm, publicKey, octets, signature) {
    const answersUnderKeys = answers.get(octets) ?? new Map<SubjectPublicKeyInfo, SignatureAnswer>()
    answers.set(octets, answersUnderKeys)
    if (answersUnderKeys.has(publicKey)) return answersUnderKeys.get(publicKey)
    if (!meter.signature()) return false
    const word = yield { op: 'verify', algorithm, publicKey, octets, signature }
    const answer = word === undefined ? undefined : word === true
    answersUnderKeys.set(publicKey, answer)
    return answer
  }
}
