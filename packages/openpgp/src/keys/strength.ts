import type { Key, Subkey } from 'openpgp'

/** RFC 9580 §12.4: RSA of fewer bits is not to be used. */
const MIN_RSA_BITS = 2048
/** DSA and Elgamal must not be made or used: RFC 9580 §9.1. */
const WEAK: readonly string[] = ['dsa', 'elgamal']
/** No curve of RFC 9580 §9.2. */
const UNKNOWN_CURVES: readonly string[] = ['secp256k1']

/** Names of algorithms, as people read them. */
const NAMES: Readonly<Record<string, string>> = {
  rsaEncryptSign: 'RSA',
  rsaEncrypt: 'RSA',
  rsaSign: 'RSA',
  ecdh: 'ECDH',
  ecdsa: 'ECDSA',
  eddsaLegacy: 'EdDSA',
  ed25519: 'Ed25519',
  x25519: 'X25519',
  ed448: 'Ed448',
  x448: 'X448',
  dsa: 'DSA',
  elgamal: 'Elgamal',
}
const CURVES: Readonly<Record<string, string>> = {
  ed25519Legacy: 'Ed25519',
  curve25519Legacy: 'Curve25519',
  nistP256: 'P-256',
  nistP384: 'P-384',
  nistP521: 'P-521',
}

/** What is weak about a key or subkey; undefined where nothing is. */
export function weaknessOf(key: Key | Subkey): string | undefined {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  if (WEAK.includes(algorithm)) return `the key is of ${keyAlgorithmOf(key)}`
  if (bits !== undefined && bits < MIN_RSA_BITS) return `the key is of RSA with ${bits} bits`
  return curve !== undefined && UNKNOWN_CURVES.includes(curve) ? `the key is on the curve ${curve}` : undefined
}

/** As in `RSA 3072`, `ECDH Curve25519` or `Ed25519`. */
export function keyAlgorithmOf(key: Key | Subkey): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  const detail = bits ?? (curve === undefined ? undefined : (CURVES[curve] ?? curve))
  return `${NAMES[algorithm] ?? algorithm}${detail === undefined ? '' : ` ${detail}`}`
}
