// Which keys and signatures are strong enough: the one table of limits, after NIST SP 800-57 part 1 (128 bits; RSA-2048 as the usual exception).
import type { CurveName, HashName, OctetKeyKind } from '@countersign/x509'

/** Our limits; what is not in here is refused. */
export const STRENGTH: {
  readonly rsaModulusBits: { readonly least: number; readonly most: number }
  readonly rsaExponentBits: { readonly least: number; readonly most: number }
  readonly curves: readonly CurveName[]
  readonly signingKeys: readonly OctetKeyKind[]
  readonly hashes: readonly HashName[]
} = {
  /** Above, a signature check costs more than a peer may ask for: OpenSSL refuses over 16,384, Go over 8,192. */
  rsaModulusBits: { least: 2048, most: 8192 },
  /** FIPS 186-5 §A.1.1: "The exponent e shall be an odd positive integer such that 2^16 < e < 2^256". */
  rsaExponentBits: { least: 17, most: 256 },
  curves: ['P-256', 'P-384', 'P-521'],
  signingKeys: ['Ed25519', 'Ed448', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
  /** SHA-1, MD5 and SHA-224 are left out on purpose. */
  hashes: ['SHA-256', 'SHA-384', 'SHA-512'],
}
