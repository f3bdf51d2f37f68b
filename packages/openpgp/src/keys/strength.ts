import { MailError } from '@countersign/protocol'
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

/**
 * Bits of the numbers that a signature is checked with: local limits, since the library computes some of it itself, and the time
 * grows with the cube. OpenSSL takes RSA up to the same; FIPS 186-4 §4.2 has no larger DSA.
 */
const MOST_BITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  rsaEncryptSign: { n: 16_384, e: 64 },
  rsaEncrypt: { n: 16_384, e: 64 },
  rsaSign: { n: 16_384, e: 64 },
  dsa: { p: 3072, q: 256, g: 3072, y: 3072 },
  elgamal: { p: 16_384, g: 16_384, y: 16_384 },
}

/** Whether a key or subkey can be computed with in a short time. @throws {MailError} for numbers of a size that nobody uses */
export function expectComputable(key: Key | Subkey): void {
  const most = MOST_BITS[key.getAlgorithmInfo().algorithm] ?? {}
  for (const [name, number] of Object.entries(key.keyPacket.publicParams ?? {}))
    if (number instanceof Uint8Array && number.length * 8 > (most[name] ?? Number.POSITIVE_INFINITY))
      throw new MailError('ERR_MAIL_BUDGET', `a number of the key has more than ${most[name]} bits`)
}

/** Self-signatures of a key that are checked: the library takes some 10 ms for each of Ed448, and nobody else has a turn meanwhile. */
export function mostSelfSignatures(key: Key): number {
  return key.getAlgorithmInfo().algorithm === 'ed448' ? 32 : 256
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
