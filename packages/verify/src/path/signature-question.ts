// What the core cannot answer itself. It yields questions, so that one driver answers them at once and another later.
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'

/** Is `signature` one over `signed`, by this algorithm, under this key? */
export interface SignatureQuestion {
  readonly algorithm: AlgorithmIdentifier
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** As `CheckSignature` answers: `undefined` is an algorithm that the checker does not know. */
export type SignatureAnswer = boolean | undefined
