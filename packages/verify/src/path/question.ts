// What the core cannot answer itself. It yields questions, so that one driver answers them at once and another later.
import type { CryptoAnswer, CryptoStep, HashName } from '@countersign/x509'

/** Whether a signature verifies (`undefined` where the algorithm is not known), or the digest of octets. */
export type Question = Extract<CryptoStep, { op: 'verify' | 'digest' }>

/** A computation that stops at each question and goes on with its answer. */
export type Asking<T> = Generator<Question, T, CryptoAnswer>

/** Asks for a digest, which names something and on which no signature hangs. Undefined where there is none. */
export function* askDigest(hash: HashName, octets: Uint8Array): Asking<Uint8Array | undefined> {
  const answer = yield { op: 'digest', hash, octets, times: 1 }
  return answer instanceof Uint8Array ? answer : undefined
}
