// Which public keys are strong enough: our profile, after NIST SP 800-57 part 1 (128 bits; RSA-2048 as the usual exception).
import { DerError, type PublicKey, readPublicKey, type SubjectPublicKeyInfo, X509Error } from '@countersign/x509'

/** Says why a public key is refused, whoever signed it; undefined where it is accepted. */
export function whyNotKey(info: SubjectPublicKeyInfo): string | undefined {
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
    // These sign nothing.
    case 'X25519':
    case 'X448':
    case undefined:
      return `keys of the algorithm ${info.algorithm.algorithm} are not accepted`
    default:
      return undefined
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

/** Sizes in bits. Above, a signature check costs more than a peer may ask for: OpenSSL refuses over 16,384, Go over 8,192. */
const MIN_MODULUS = 2048
const MAX_MODULUS = 8192

function whyNotRsa(modulus: Uint8Array, exponent: Uint8Array): string | undefined {
  const bits = bitsOf(modulus)
  if (bits < MIN_MODULUS || bits > MAX_MODULUS || bits % 8 !== 0)
    return `the rsa modulus has ${bits} bits; accepted are ${MIN_MODULUS} to ${MAX_MODULUS} in whole octets`
  // FIPS 186-5 §A.1.1: "The exponent e shall be an odd positive integer such that 2^16 < e < 2^256".
  const exponentBits = bitsOf(exponent)
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1
  return odd && exponentBits > 16 && exponentBits <= 256 ? undefined : 'the rsa exponent is not odd and above 2^16'
}

/** Of a positive number without leading zeros. */
function bitsOf(number: Uint8Array): number {
  return 8 * number.length - Math.clz32(number[0] ?? 0) + 24
}
