// Custody of the authority's keys: what can be done with them, and nothing about where they are.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
} from '@countersign/x509'
import type { LintedTbs } from '../issuance/lint.ts'

/** A key that signs what was linted. The private key itself cannot be reached through it. */
export interface Signer {
  readonly publicKey: SubjectPublicKeyInfo
  readonly algorithm: AlgorithmIdentifier
  /** Synchronous: a P-256 signature takes 30 µs, less than handing it to another thread. */
  sign(tbs: LintedTbs): Uint8Array
}

/** A signer on a P-256 key in this process. */
export function keySigner(privateKey: KeyObject): Signer {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return Object.freeze({
    publicKey: readSubjectPublicKeyInfo(Uint8Array.from(spki)),
    algorithm: ALGORITHM.ecdsaWithSHA256,
    sign: (tbs: LintedTbs) => Uint8Array.from(sign('sha256', tbs, { key: privateKey, dsaEncoding: 'der' })),
  })
}

/** Whether `privateKey` is a key that {@link keySigner} can use. */
export function isSignerKey(privateKey: KeyObject): boolean {
  return privateKey.asymmetricKeyType === 'ec' && privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
}

/** Reads a private key from PKCS#8 PEM. @throws when it is none */
export function readPrivateKey(pem: string): KeyObject {
  return createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' })
}
