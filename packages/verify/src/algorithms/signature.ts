// Which signature algorithms count, each with its parameters and its kind of key.
import { type AlgorithmIdentifier, OID, type Oid } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import { whyNotPss } from './pss.ts'

interface SignatureAlgorithm {
  readonly name: string
  readonly keys: readonly Oid[]
  readonly whyNot: (parameters: Uint8Array | undefined) => string | undefined
}

const NULL = Uint8Array.of(5, 0)
const absent = (parameters: Uint8Array | undefined) =>
  parameters === undefined ? undefined : 'parameters stand where its specification has none'
// RFC 4055 §5: "the parameters MUST be NULL. Implementations MUST accept the parameters being absent as well as present."
const nullOrAbsent = (parameters: Uint8Array | undefined) =>
  parameters === undefined || sameOctets(parameters, NULL) ? undefined : 'its parameters are not null'

/** RFC 5758 §3.2, RFC 4055 §5 and §3.1, RFC 8410 §3, RFC 9881 §2. SHA-1 and MD5 are left out on purpose. */
const SIGNATURE_ALGORITHMS: ReadonlyMap<Oid, SignatureAlgorithm> = new Map([
  [OID.ecdsaWithSHA256, { name: 'ecdsa-with-sha256', keys: [OID.ecPublicKey], whyNot: absent }],
  [OID.ecdsaWithSHA384, { name: 'ecdsa-with-sha384', keys: [OID.ecPublicKey], whyNot: absent }],
  [OID.ecdsaWithSHA512, { name: 'ecdsa-with-sha512', keys: [OID.ecPublicKey], whyNot: absent }],
  [OID.sha256WithRSAEncryption, { name: 'sha256 with rsa', keys: [OID.rsaEncryption], whyNot: nullOrAbsent }],
  [OID.sha384WithRSAEncryption, { name: 'sha384 with rsa', keys: [OID.rsaEncryption], whyNot: nullOrAbsent }],
  [OID.sha512WithRSAEncryption, { name: 'sha512 with rsa', keys: [OID.rsaEncryption], whyNot: nullOrAbsent }],
  [OID['id-RSASSA-PSS'], { name: 'rsassa-pss', keys: [OID.rsaEncryption, OID['id-RSASSA-PSS']], whyNot: whyNotPss }],
  [OID.Ed25519, { name: 'ed25519', keys: [OID.Ed25519], whyNot: absent }],
  [OID.Ed448, { name: 'ed448', keys: [OID.Ed448], whyNot: absent }],
  [OID['id-ml-dsa-44'], { name: 'ml-dsa-44', keys: [OID['id-ml-dsa-44']], whyNot: absent }],
  [OID['id-ml-dsa-65'], { name: 'ml-dsa-65', keys: [OID['id-ml-dsa-65']], whyNot: absent }],
  [OID['id-ml-dsa-87'], { name: 'ml-dsa-87', keys: [OID['id-ml-dsa-87']], whyNot: absent }],
])

/** Names of what we refuse, for a finding that people can read. */
const REFUSED: ReadonlyMap<Oid, string> = new Map([
  ['1.2.840.113549.1.1.4', 'md5 with rsa'],
  [OID.sha1WithRSAEncryption, 'sha-1 with rsa'],
  ['1.2.840.113549.1.1.14', 'sha224 with rsa'],
  ['1.2.840.10045.4.1', 'ecdsa with sha-1'],
  ['1.2.840.10045.4.3.1', 'ecdsa with sha224'],
  ['1.2.840.10040.4.3', 'dsa with sha-1'],
  ['2.16.840.1.101.3.4.3.2', 'dsa with sha256'],
])

/** Says why a signature by `algorithm` never counts; undefined where it may. */
export function whyNotSignatureAlgorithm({ algorithm, parameters }: AlgorithmIdentifier): string | undefined {
  const known = SIGNATURE_ALGORITHMS.get(algorithm)
  if (known === undefined) return `the signature algorithm ${REFUSED.get(algorithm) ?? algorithm} is not accepted`
  const reason = known.whyNot(parameters)
  return reason === undefined ? undefined : `the signature algorithm ${known.name} is not accepted: ${reason}`
}

/** Tells whether `algorithm` is used with keys of the algorithm `key`. */
export function fitsKey(algorithm: AlgorithmIdentifier, key: AlgorithmIdentifier): boolean {
  return SIGNATURE_ALGORITHMS.get(algorithm.algorithm)?.keys.includes(key.algorithm) === true
}

/** Compares algorithm identifiers octet by octet. @see RFC 5280 §4.1.1.2 */
export function sameAlgorithm(left: AlgorithmIdentifier, right: AlgorithmIdentifier): boolean {
  if (left.algorithm !== right.algorithm) return false
  if (left.parameters === undefined || right.parameters === undefined) return left.parameters === right.parameters
  return sameOctets(left.parameters, right.parameters)
}
