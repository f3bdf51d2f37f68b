// Which signature algorithms count, each with its parameters and its kind of key.
import {
  type AlgorithmIdentifier,
  DerError,
  OID,
  type Oid,
  type PssParameters,
  readPssParameters,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  X509Error,
} from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import { STRENGTH } from './strength.ts'

/** Names of what we refuse without reading, for a finding that people can read. */
const REFUSED: ReadonlyMap<Oid, string> = new Map([
  ['1.2.840.113549.1.1.4', 'md5 with rsa'],
  ['1.2.840.113549.1.1.14', 'sha224 with rsa'],
  ['1.2.840.10045.4.1', 'ecdsa with sha-1'],
  ['1.2.840.10045.4.3.1', 'ecdsa with sha224'],
  ['1.2.840.10040.4.3', 'dsa with sha-1'],
  ['2.16.840.1.101.3.4.3.2', 'dsa with sha256'],
])

/** Says why a signature by `algorithm` never counts; undefined where it may. */
export function whyNotSignatureAlgorithm(identifier: AlgorithmIdentifier): string | undefined {
  const { algorithm } = identifier
  let known: SignatureAlgorithm | undefined
  try {
    known = readSignatureAlgorithm(identifier)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error)
      return `the signature algorithm ${algorithm} is not accepted: ${error.message}`
    throw error
  }
  if (known === undefined) return `the signature algorithm ${REFUSED.get(algorithm) ?? algorithm} is not accepted`
  if (!('hash' in known)) return undefined
  if (!STRENGTH.hashes.includes(known.hash))
    return `the signature algorithm ${known.kind} with ${known.hash.toLowerCase()} is not accepted`
  return known.kind === 'RSA-PSS' ? whyNotPss(known) : undefined
}

const SALT_OCTETS = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 } as const

/** RFC 5756 and RFC 4055 §3.1 let more in; this is what is in use, and what RFC 8446 §4.2.3 asks for in TLS. */
function whyNotPss({ hash, maskHash, saltLength }: Extract<SignatureAlgorithm, { kind: 'RSA-PSS' }>) {
  if (maskHash !== hash) return 'the signature algorithm rsassa-pss is not accepted with another hash in its mask'
  const fits = hash !== 'SHA-1' && saltLength === SALT_OCTETS[hash]
  return fits ? undefined : `the signature algorithm rsassa-pss is not accepted with a salt of ${saltLength} octets`
}

/** The keys of each signature algorithm that counts. */
const KEYS: ReadonlyMap<Oid, readonly Oid[]> = new Map<Oid, readonly Oid[]>([
  ...[OID.ecdsaWithSHA256, OID.ecdsaWithSHA384, OID.ecdsaWithSHA512].map((oid) => [oid, [OID.ecPublicKey]] as const),
  ...[OID.sha256WithRSAEncryption, OID.sha384WithRSAEncryption, OID.sha512WithRSAEncryption].map(
    (oid) => [oid, [OID.rsaEncryption]] as const,
  ),
  [OID['id-RSASSA-PSS'], [OID.rsaEncryption, OID['id-RSASSA-PSS']]],
  // RFC 8410 §3, RFC 9881 §2: one identifier names the key and its signature.
  ...[OID.Ed25519, OID.Ed448, OID['id-ml-dsa-44'], OID['id-ml-dsa-65'], OID['id-ml-dsa-87']].map(
    (oid) => [oid, [oid]] as const,
  ),
])

/** Tells whether a signature by `algorithm` may be checked under a key of the algorithm `key`, by its own parameters too. */
export function fitsKey(algorithm: AlgorithmIdentifier, key: AlgorithmIdentifier): boolean {
  if (!KEYS.get(algorithm.algorithm)?.includes(key.algorithm)) return false
  if (key.algorithm !== OID['id-RSASSA-PSS'] || key.parameters === undefined) return true
  const [used, bound] = [readPss(algorithm.parameters), readPss(key.parameters)]
  // RFC 4055 §3.3: "all parameters in the signature structure algorithm identifier MUST match the parameters in the key structure
  // algorithm identifier except the saltLength field", which "MUST be greater or equal".
  return (
    used !== undefined &&
    bound !== undefined &&
    used.hash === bound.hash &&
    used.maskHash === bound.maskHash &&
    used.saltLength >= bound.saltLength
  )
}

function readPss(parameters: Uint8Array | undefined): PssParameters | undefined {
  try {
    return parameters && readPssParameters(parameters)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

/** Compares algorithm identifiers octet by octet. @see RFC 5280 §4.1.1.2 */
export function sameAlgorithm(left: AlgorithmIdentifier, right: AlgorithmIdentifier): boolean {
  if (left.algorithm !== right.algorithm) return false
  if (left.parameters === undefined || right.parameters === undefined) return left.parameters === right.parameters
  return sameOctets(left.parameters, right.parameters)
}
