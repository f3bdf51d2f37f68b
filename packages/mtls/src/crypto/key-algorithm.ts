// The kinds of keys that we make and sign with, by one word each.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { ALGORITHM, type AlgorithmIdentifier, type SubjectPublicKeyInfo } from '@countersign/x509'

/** A kind of key, as in `authority: { algorithm: ml-dsa-65 }`. Those of ML-DSA withstand quantum computers (FIPS 204). */
export type KeyAlgorithm = 'p256' | 'p384' | 'ed25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'

type Kind = { readonly signature: AlgorithmIdentifier } & (
  | { readonly type: 'ec'; readonly namedCurve: string; readonly hash: string }
  | { readonly type: Exclude<KeyAlgorithm, 'p256' | 'p384'>; readonly hash: null }
)

/** Each word with its key, and what it signs with. @see RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2 */
const KINDS: Readonly<Record<KeyAlgorithm, Kind>> = {
  p256: { type: 'ec', namedCurve: 'prime256v1', hash: 'sha256', signature: ALGORITHM.ecdsaWithSHA256 },
  p384: { type: 'ec', namedCurve: 'secp384r1', hash: 'sha384', signature: ALGORITHM.ecdsaWithSHA384 },
  ed25519: { type: 'ed25519', hash: null, signature: ALGORITHM.Ed25519 },
  'ml-dsa-44': { type: 'ml-dsa-44', hash: null, signature: ALGORITHM['id-ml-dsa-44'] },
  'ml-dsa-65': { type: 'ml-dsa-65', hash: null, signature: ALGORITHM['id-ml-dsa-65'] },
  'ml-dsa-87': { type: 'ml-dsa-87', hash: null, signature: ALGORITHM['id-ml-dsa-87'] },
}

/** Every word there is; the first is the default. */
export const KEY_ALGORITHMS: readonly [KeyAlgorithm, ...KeyAlgorithm[]] = [
  'p256',
  'p384',
  'ed25519',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
]

/** Makes a private key. Secret. */
export function makeKey(algorithm: KeyAlgorithm): KeyObject {
  const kind = KINDS[algorithm]
  switch (kind.type) {
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: kind.namedCurve }).privateKey
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    default:
      return generateKeyPairSync(kind.type).privateKey
  }
}

/** Which kind a key is, private or public; undefined for one that we would not make. */
export function keyAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm | undefined {
  return KEY_ALGORITHMS.find((word) => {
    const kind = KINDS[word]
    return (
      kind.type === asymmetricKeyType && (kind.type !== 'ec' || kind.namedCurve === asymmetricKeyDetails?.namedCurve)
    )
  })
}

/** The kind of the key in a certificate or a request. */
export function keyAlgorithmOfSpki({ der }: SubjectPublicKeyInfo): KeyAlgorithm | undefined {
  return keyAlgorithmOf(createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }))
}

/** What a key of this kind signs certificates, lists and requests with. */
export function signatureAlgorithmOf(algorithm: KeyAlgorithm): AlgorithmIdentifier {
  return KINDS[algorithm].signature
}

/** Signs octets by {@link signatureAlgorithmOf}. @throws {RangeError} for a key of no kind of ours. */
export function signWithKey(privateKey: KeyObject, octets: Uint8Array): Uint8Array {
  const algorithm = keyAlgorithmOf(privateKey)
  if (algorithm === undefined) throw new RangeError('this is no kind of key that we sign with')
  return new Uint8Array(sign(KINDS[algorithm].hash, octets, { key: privateKey, dsaEncoding: 'der' }))
}
