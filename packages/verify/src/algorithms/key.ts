// Which public keys are strong enough: our profile, after NIST SP 800-57 part 1 (128 bits; RSA-2048 as the usual exception).
import {
  type AlgorithmIdentifier,
  closeDer,
  DerError,
  enter,
  leave,
  OID,
  type Oid,
  openDer,
  readContents,
  type SubjectPublicKeyInfo,
  TAG,
  writeOid,
} from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/** Curves of RFC 5480 §2.1.1.1 that we accept, as the parameters of id-ecPublicKey. */
const CURVES: readonly Uint8Array[] = [OID.secp256r1, OID.secp384r1, OID.secp521r1].map((oid) => writeOid(oid))
const NULL = Uint8Array.of(5, 0)
/** RFC 8410 §3 and RFC 9881 §4: the key is named by its algorithm alone. */
const WITHOUT_PARAMETERS: ReadonlySet<Oid> = new Set([
  OID.Ed25519,
  OID.Ed448,
  OID['id-ml-dsa-44'],
  OID['id-ml-dsa-65'],
  OID['id-ml-dsa-87'],
])

/** Says why a public key is refused, whoever signed it; undefined where it is accepted. */
export function whyNotKey({ algorithm, subjectPublicKey }: SubjectPublicKeyInfo): string | undefined {
  if (algorithm.algorithm === OID.ecPublicKey) return whyNotCurve(algorithm)
  if (WITHOUT_PARAMETERS.has(algorithm.algorithm))
    return algorithm.parameters === undefined ? undefined : 'the key has parameters where its specification has none'
  if (algorithm.algorithm === OID.rsaEncryption) {
    // RFC 3279 §2.3.1: "The parameters field MUST have ASN.1 type NULL".
    if (algorithm.parameters === undefined || !sameOctets(algorithm.parameters, NULL))
      return 'the parameters of the rsa key are not null'
    return whyNotRsa(subjectPublicKey)
  }
  if (algorithm.algorithm === OID['id-RSASSA-PSS']) return whyNotRsa(subjectPublicKey)
  return `keys of the algorithm ${algorithm.algorithm} are not accepted`
}

function whyNotCurve({ parameters }: AlgorithmIdentifier): string | undefined {
  const known = parameters !== undefined && CURVES.some((curve) => sameOctets(curve, parameters))
  return known ? undefined : 'the curve is not p-256, p-384 or p-521 by name'
}

/** Sizes in bits. Above, a signature check costs more than a peer may ask for: OpenSSL refuses over 16,384, Go over 8,192. */
const MIN_MODULUS = 2048
const MAX_MODULUS = 8192

function whyNotRsa(subjectPublicKey: Uint8Array): string | undefined {
  try {
    const { modulus, exponent } = readRsaPublicKey(subjectPublicKey)
    const bits = bitsOf(modulus)
    if (bits < MIN_MODULUS || bits > MAX_MODULUS || bits % 8 !== 0)
      return `the rsa modulus has ${bits} bits; accepted are ${MIN_MODULUS} to ${MAX_MODULUS} in whole octets`
    // FIPS 186-5 §A.1.1: "The exponent e shall be an odd positive integer such that 2^16 < e < 2^256".
    const exponentBits = bitsOf(exponent)
    const odd = ((exponent.at(-1) ?? 0) & 1) === 1
    return odd && exponentBits > 16 && exponentBits <= 256 ? undefined : 'the rsa exponent is not odd and above 2^16'
  } catch (error) {
    if (error instanceof DerError) return `the rsa key cannot be read: ${error.message}`
    throw error
  }
}

/** RSAPublicKey, RFC 8017 §A.1.1, as big-endian octets. A negative number comes out as one of no bits. */
function readRsaPublicKey(octets: Uint8Array): { modulus: Uint8Array; exponent: Uint8Array } {
  const c = openDer(octets, { maxOctets: 8192, maxElements: 3, maxDepth: 1 })
  const outer = enter(c, TAG.sequence)
  const key = { modulus: readContents(c, TAG.integer), exponent: readContents(c, TAG.integer) }
  leave(c, outer)
  closeDer(c)
  return key
}

function bitsOf(integer: Uint8Array): number {
  const first = integer.findIndex((octet) => octet !== 0)
  if (first < 0 || ((integer[0] ?? 0) & 0x80) !== 0) return 0
  return 8 * (integer.length - first) - Math.clz32(integer[first] ?? 0) + 24
}
