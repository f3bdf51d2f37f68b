// Custody of the authority's keys: what can be done with them, and nothing about where they are.
import { createPublicKey, sign as cryptoSign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type AlgorithmIdentifier, readSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from '@countersign/x509'
import type { LintedTbs } from '../issuance/lint.ts'
import { nodeHashOf, signatureAlgorithmOfKey } from './signature.ts'

/** A key that signs what was linted. The private key itself cannot be reached through it. */
export interface Signer {
  readonly publicKey: SubjectPublicKeyInfo
  readonly algorithm: AlgorithmIdentifier
  /** Never holds up the event loop for more than a few tens of microseconds. */
  sign(tbs: LintedTbs): Promise<Uint8Array>
}

const signAside = promisify(cryptoSign)

/** A signer on a key in this process. @throws {RangeError} when it is of no kind that {@link isSignerKey} knows. */
export function keySigner(privateKey: KeyObject): Signer {
  const algorithm = signatureAlgorithmOfKey(privateKey)
  if (algorithm === undefined) throw new RangeError('this is no kind of key that we sign with')
  const hash = nodeHashOf(algorithm)
  const how = { key: privateKey, dsaEncoding: 'der' } as const
  // P-256 takes 30 µs, less than to hand it to another thread; the others take up to a millisecond.
  const quick = privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return Object.freeze({
    publicKey: readSubjectPublicKeyInfo(Uint8Array.from(spki)),
    algorithm,
    sign: async (tbs: LintedTbs) =>
      Uint8Array.from(quick ? cryptoSign(hash, tbs, how) : await signAside(hash, tbs, how)),
  })
}

/** Whether `privateKey` is a key that {@link keySigner} can use. */
export function isSignerKey(privateKey: KeyObject): boolean {
  return signatureAlgorithmOfKey(privateKey) !== undefined
}
