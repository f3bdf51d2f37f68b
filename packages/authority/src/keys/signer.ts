// Custody of the authority's keys: what can be done with them, and nothing about where they are.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { keyAlgorithmOf, signatureAlgorithmOf, signWithKeyAside } from '@countersign/mtls'
import { type AlgorithmIdentifier, readSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from '@countersign/x509'
import type { LintedTbs } from '../issuance/lint.ts'

/** A key that signs what was linted. The private key itself cannot be reached through it. */
export interface Signer {
  readonly publicKey: SubjectPublicKeyInfo
  readonly algorithm: AlgorithmIdentifier
  /** Never holds up the event loop for more than a few tens of microseconds. */
  sign(tbs: LintedTbs): Promise<Uint8Array>
}

/** A signer on a key in this process. @throws {RangeError} when it is of no kind that {@link isSignerKey} knows. */
export function keySigner(privateKey: KeyObject): Signer {
  const algorithm = keyAlgorithmOf(privateKey)
  if (algorithm === undefined) throw new RangeError('this is no kind of key that we sign with')
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return Object.freeze({
    publicKey: readSubjectPublicKeyInfo(Uint8Array.from(spki)),
    algorithm: signatureAlgorithmOf(algorithm),
    sign: (tbs: LintedTbs) => signWithKeyAside(privateKey, tbs),
  })
}

/** Whether `privateKey` is a key that {@link keySigner} can use. */
export function isSignerKey(privateKey: KeyObject): boolean {
  return keyAlgorithmOf(privateKey) !== undefined
}

/** Reads a private key from PKCS#8 PEM. @throws when it is none */
export function readPrivateKey(pem: string): KeyObject {
  return createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' })
}
