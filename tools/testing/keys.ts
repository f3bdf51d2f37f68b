// Keys and requests as newcomers make them, for tests and benches.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  type Extension,
  type GeneralName,
  nameOf,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  writeCertificationRequest,
  writeCertificationRequestInfo,
} from '@countersign/x509'

export interface Key {
  readonly privateKey: KeyObject
  readonly spki: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly sign: (octets: Uint8Array) => Uint8Array
}

export function newKey(kind: 'P-256' | 'P-384' | 'Ed25519' | 'RSA-2048' = 'P-256'): Key {
  const { privateKey, publicKey } =
    kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : kind === 'RSA-2048'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: kind })
  const digest = kind === 'Ed25519' ? null : kind === 'P-384' ? 'sha384' : 'sha256'
  return {
    privateKey,
    spki: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    algorithm: {
      'P-256': ALGORITHM.ecdsaWithSHA256,
      'P-384': ALGORITHM.ecdsaWithSHA384,
      Ed25519: ALGORITHM.Ed25519,
      'RSA-2048': ALGORITHM.sha256WithRSAEncryption,
    }[kind],
    sign: (octets) => Uint8Array.from(sign(digest, octets, privateKey)),
  }
}

export interface RequestOptions {
  readonly commonName?: string
  readonly names?: readonly GeneralName[]
  readonly extensions?: readonly Extension[]
  /** Signs instead of the key that the request is for. */
  readonly signedBy?: Key
}

/** DER of a PKCS#10 request for `key`. */
export function requestFor(key: Key, options: RequestOptions = {}): Uint8Array {
  const { commonName, names = [], extensions = [], signedBy = key } = options
  const info = writeCertificationRequestInfo({
    subject: nameOf(commonName === undefined ? [] : [['commonName', commonName]]),
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(key.spki),
    extensionRequest: [
      ...(names.length > 0 ? [subjectAltNameExtension(names, { critical: false })] : []),
      ...extensions,
    ],
  })
  return writeCertificationRequest(info, signedBy.algorithm, signedBy.sign(info))
}
