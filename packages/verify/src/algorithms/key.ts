// Which public keys are strong enough.
import { DerError, type PublicKey, readPublicKey, type SubjectPublicKeyInfo, X509Error } from '@countersign/x509'
import { STRENGTH } from './strength.ts'

/**
 * Says why a public key is refused, whoever signed it; undefined where it is accepted.
 * @param use What it is asked for: keys of `mail` may be of those that sign nothing and only agree (RFC 8418).
 */
export function whyNotKey(info: SubjectPublicKeyInfo, use: 'signatures' | 'mail' = 'signatures'): string | undefined {
  let key: PublicKey | undefined
  try {
    key = readPublicKey(info)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return `the key cannot be read: ${error.message}`
    throw error
  }
  switch (key?.kind) {
    case 'RSA':
    case 'RSA-PSS':
      return whyNotRsa(key.modulus, key.publicExponent)
    case 'EC':
      return STRENGTH.curves.includes(key.curve) ? undefined : `keys on ${key.curve} are not accepted`
    case 'X25519':
      return use === 'mail' ? undefined : 'keys of X25519 sign nothing'
    default:
      return key !== undefined && STRENGTH.signingKeys.includes(key.kind)
        ? undefined
        : `keys of the algorithm ${info.algorithm.algorithm} are not accepted`
  }
}

/**
 * What one check under a key costs, in checks under a key of P-256: measured with OpenSSL 3.5, import included, and rounded
 * up. Of a key that is not accepted, nothing is asked.
 */
export function costOfKey(info: SubjectPublicKeyInfo): number {
  const key = readPublicKey(info)
  if (key === undefined) return 1
  switch (key.kind) {
    case 'RSA':
    case 'RSA-PSS':
      // A multiplication for each bit of the exponent, each quadratic in the size of the modulus.
      return Math.ceil(((bitsOf(key.modulus) / 4096) ** 2 * bitsOf(key.publicExponent)) / 24)
    case 'EC':
      return COSTS[key.curve]
    default:
      return COSTS[key.kind]
  }
}

const COSTS = {
  'P-256': 1,
  'P-384': 6,
  'P-521': 12,
  Ed25519: 1,
  Ed448: 2,
  X25519: 1,
  X448: 1,
  'ML-DSA-44': 1,
  'ML-DSA-65': 2,
  'ML-DSA-87': 3,
} as const

function whyNotRsa(modulus: Uint8Array, exponent: Uint8Array): string | undefined {
  const bits = bitsOf(modulus)
  const { rsaModulusBits: modulusBits, rsaExponentBits } = STRENGTH
  if (bits < modulusBits.least || bits > modulusBits.most || bits % 8 !== 0)
    return `the rsa modulus has ${bits} bits; accepted are ${modulusBits.least} to ${modulusBits.most} in whole octets`
  const exponentBits = bitsOf(exponent)
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1
  return odd && exponentBits >= rsaExponentBits.least && exponentBits <= rsaExponentBits.most
    ? undefined
    : 'the rsa exponent is not odd and above 2^16'
}

/** Of a positive number without leading zeros. */
function bitsOf(number: Uint8Array): number {
  return 8 * number.length - Math.clz32(number[0] ?? 0) + 24
}
