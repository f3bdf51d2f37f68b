// Each signature is asked for once per search, and every one is counted.
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import type { Meter } from './budget.ts'
import type { SignatureAnswer, SignatureQuestion } from './signature-question.ts'

/** Asks whether a signature verifies, or remembers it. False once the budget is spent. */
export type AskSignature = (
  algorithm: AlgorithmIdentifier,
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  signed: Uint8Array,
  signature: Uint8Array,
) => Generator<SignatureQuestion, SignatureAnswer, SignatureAnswer>

/** Starts to ask, for one search. */
export function askOnce(meter: Meter): AskSignature {
  // By identity: within one search, a certificate, a CRL and a key are one object each.
  const answers = new Map<Uint8Array, Map<SubjectPublicKeyInfo, SignatureAnswer>>()
  return function* (algorithm, subjectPublicKeyInfo, signed, signature) {
    const answersUnderKeys = answers.get(signed) ?? new Map<SubjectPublicKeyInfo, SignatureAnswer>()
    answers.set(signed, answersUnderKeys)
    if (answersUnderKeys.has(subjectPublicKeyInfo)) return answersUnderKeys.get(subjectPublicKeyInfo)
    if (!meter.signature()) return false
    const answer = yield { algorithm, subjectPublicKeyInfo, signed, signature }
    answersUnderKeys.set(subjectPublicKeyInfo, answer)
    return answer
  }
}
