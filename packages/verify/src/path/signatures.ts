// Each signature is asked for once per search, and every one is counted.
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import { costOfKey } from '../algorithms/key.ts'
import type { Meter } from './budget.ts'
import type { Asking, Question } from './question.ts'

/** `undefined`: the algorithm is one that the checker does not know. */
export type SignatureAnswer = boolean | undefined

/** Asks whether a signature verifies, or remembers it. False once the budget is spent. */
export type AskSignature = (
  algorithm: AlgorithmIdentifier,
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  signed: Uint8Array,
  signature: Uint8Array,
) => Asking<SignatureAnswer>

/** The signatures of one search. */
export interface Signatures {
  readonly ask: AskSignature
  /** Whether it was asked for and did not verify. */
  readonly hasFailed: (signed: Uint8Array, subjectPublicKeyInfo: SubjectPublicKeyInfo) => boolean
}

/** Starts to ask, for one search. */
export function startSignatures(meter: Meter): Signatures {
  // What is signed by identity, as a certificate or a CRL is one object within a search; keys by their octets, as many
  // certificates may have the same.
  const answers = new Map<Uint8Array, Map<string, SignatureAnswer>>()
  const texts = new Map<SubjectPublicKeyInfo, string>()
  const textOf = (key: SubjectPublicKeyInfo) => {
    const text = texts.get(key) ?? key.der.toHex()
    texts.set(key, text)
    return text
  }
  return {
    ask(algorithm, publicKey, octets, signature) {
      const underKeys = answers.get(octets) ?? new Map<string, SignatureAnswer>()
      answers.set(octets, underKeys)
      const question: Question = { op: 'verify', algorithm, publicKey, octets, signature }
      return askOnce(underKeys, textOf(publicKey), question, () => meter.signature(costOfKey(publicKey)))
    },
    hasFailed(signed, subjectPublicKeyInfo) {
      const underKeys = answers.get(signed)
      if (underKeys === undefined) return false
      const text = textOf(subjectPublicKeyInfo)
      return underKeys.has(text) && underKeys.get(text) !== true
    },
  }
}

function* askOnce(
  underKeys: Map<string, SignatureAnswer>,
  text: string,
  question: Question,
  pay: () => boolean,
): Asking<SignatureAnswer> {
  if (underKeys.has(text)) return underKeys.get(text)
  if (!pay()) return false
  const word = yield question
  const answer = word === undefined ? undefined : word === true
  underKeys.set(text, answer)
  return answer
}
