// What a format needs of cryptography, as values: this package computes none of it.
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from './model.ts'

/** Hash functions that the formats of this package name. SHA-1 is for HMAC and key derivation of old files alone. */
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

/** AES by the octets of its key, in the mode that pads (CBC, RFC 5652 §6.3) or the one that authenticates (GCM). */
export type CipherName = `AES-${128 | 192 | 256}-${'CBC' | 'GCM'}`

/** How RSA carries a key: PKCS#1 v1.5, or OAEP with one hash for both of its uses and a label. */
export type KeyTransport =
  | { readonly kind: 'RSAES-PKCS1-v1_5' }
  | { readonly kind: 'RSAES-OAEP'; readonly hash: HashName; readonly label: Uint8Array }

/** A content cipher with its parameters; a tag stands behind the ciphertext, as WebCrypto has it. */
export interface ContentCipher {
  readonly cipher: CipherName
  readonly iv: Uint8Array
  /** GCM only. */
  readonly tagOctets?: number
}

/** How a password becomes a key: RFC 8018 §5.2, RFC 7914. */
export type KeyDerivation =
  | { readonly kind: 'PBKDF2'; readonly salt: Uint8Array; readonly iterations: number; readonly hash: HashName }
  | {
      readonly kind: 'scrypt'
      readonly salt: Uint8Array
      readonly cost: number
      readonly blockSize: number
      readonly parallelization: number
    }

/** One operation that is asked for; secrets are in it. Keys that the asker does not name are the performer's own. */
export type CryptoStep =
  /** The digest of `octets`, and of that again, `times` in all. */
  | { readonly op: 'digest'; readonly hash: HashName; readonly octets: Uint8Array; readonly times: number }
  | { readonly op: 'hmac'; readonly hash: HashName; readonly key: Uint8Array; readonly octets: Uint8Array }
  | {
      readonly op: 'deriveKey'
      readonly derivation: KeyDerivation
      readonly password: Uint8Array
      readonly keyOctets: number
    }
  | (ContentCipher & {
      readonly op: 'encrypt' | 'decrypt'
      readonly key: Uint8Array
      readonly octets: Uint8Array
      /** GCM only: authenticated beside the octets. */
      readonly additional: Uint8Array
    })
  /** AES key wrap, RFC 3394. */
  | { readonly op: 'wrapKey' | 'unwrapKey'; readonly wrappingKey: Uint8Array; readonly octets: Uint8Array }
  | {
      readonly op: 'encryptKey'
      readonly transport: KeyTransport
      readonly publicKey: SubjectPublicKeyInfo
      readonly octets: Uint8Array
    }
  /** With the recipient's private key, which the performer has. */
  | { readonly op: 'decryptKey'; readonly transport: KeyTransport; readonly octets: Uint8Array }
  /** The shared secret of the performer's private key and this key of the originator. */
  | { readonly op: 'agree'; readonly publicKey: SubjectPublicKeyInfo }
  /** With the private key of signer number `signer`, from 0, which the performer has. */
  | {
      readonly op: 'sign'
      readonly signer: number
      readonly algorithm: AlgorithmIdentifier
      readonly octets: Uint8Array
    }
  | {
      readonly op: 'verify'
      readonly algorithm: AlgorithmIdentifier
      readonly publicKey: SubjectPublicKeyInfo
      readonly octets: Uint8Array
      readonly signature: Uint8Array
    }

/**
 * The octets that an operation gives, or whether a signature verifies; undefined where it fails (padding, tag, key) or
 * the performer does not have it.
 */
export type CryptoAnswer = Uint8Array | boolean | undefined

/** A computation that stops at each operation and goes on with its answer. */
export type CryptoSteps<T> = Generator<CryptoStep, T, CryptoAnswer>

/** Runs a computation over synchronous cryptography. @throws what the computation and `perform` throw. */
export function performSteps<T, Step extends CryptoStep>(
  steps: Generator<Step, T, CryptoAnswer>,
  perform: (step: Step) => CryptoAnswer,
): T {
  let next = steps.next()
  while (!next.done) next = steps.next(perform(next.value))
  return next.value
}

/** As {@link performSteps}, over asynchronous cryptography. */
export async function performStepsAsync<T, Step extends CryptoStep>(
  steps: Generator<Step, T, CryptoAnswer>,
  perform: (step: Step) => Promise<CryptoAnswer> | CryptoAnswer,
): Promise<T> {
  let next = steps.next()
  while (!next.done) next = steps.next(await perform(next.value))
  return next.value
}

/** Asks for octets; undefined where there are none. */
export function* askOctets(step: CryptoStep): CryptoSteps<Uint8Array | undefined> {
  const answer = yield step
  return answer instanceof Uint8Array ? answer : undefined
}
