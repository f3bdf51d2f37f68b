// What a SubjectPublicKeyInfo holds, with its parameters and its length exactly as its RFC has them.
import { closeDer, enter, leave, openDer } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readIntegerHeader } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeElement, writeNull, writeOid, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { Oid, SubjectPublicKeyInfo } from '../model.ts'
import { OID } from '../oid.ts'
import { hasNoParameters } from '../parameters.ts'
import { type PssParameters, readPssParameters, writePssParameters } from './pss.ts'
import { readSubjectPublicKeyInfo, writeSubjectPublicKeyInfo } from './spki.ts'

/** The curves of RFC 5480 §2.1.1.1 that we know, by their names in FIPS 186-5. */
export type CurveName = 'P-256' | 'P-384' | 'P-521'

/** Kinds of keys whose octets have one form and one length. */
export type OctetKeyKind = 'Ed25519' | 'Ed448' | 'X25519' | 'X448' | 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'

/** A public key. Octets are views; those of numbers are big-endian, not negative and without leading zeros. */
export type PublicKey =
  | { readonly kind: 'RSA'; readonly modulus: Uint8Array; readonly publicExponent: Uint8Array }
  | {
      readonly kind: 'RSA-PSS'
      readonly modulus: Uint8Array
      readonly publicExponent: Uint8Array
      /** What the key is for; absent where any parameters will do. */
      readonly parameters?: PssParameters
    }
  /** `point` is ECPoint of RFC 5480 §2.2, not compressed (04) or compressed (02, 03). Whether it is on its curve is not judged. */
  | { readonly kind: 'EC'; readonly curve: CurveName; readonly point: Uint8Array }
  | { readonly kind: OctetKeyKind; readonly key: Uint8Array }

/** Curves by the parameters of id-ecPublicKey in hexadecimal, and the octets of one coordinate. */
export const CURVES: ReadonlyMap<string, readonly [CurveName, number]> = new Map([
  [writeOid(OID.secp256r1).toHex(), ['P-256', 32]],
  [writeOid(OID.secp384r1).toHex(), ['P-384', 48]],
  [writeOid(OID.secp521r1).toHex(), ['P-521', 66]],
])

/** RFC 8410 §4, RFC 9881 §4: the kind, and the octets of the key. */
const OCTET_KEYS: ReadonlyMap<Oid, readonly [OctetKeyKind, number]> = new Map([
  [OID.Ed25519, ['Ed25519', 32]],
  [OID.Ed448, ['Ed448', 57]],
  [OID.X25519, ['X25519', 32]],
  [OID.X448, ['X448', 56]],
  [OID['id-ml-dsa-44'], ['ML-DSA-44', 1312]],
  [OID['id-ml-dsa-65'], ['ML-DSA-65', 1952]],
  [OID['id-ml-dsa-87'], ['ML-DSA-87', 2592]],
])

/**
 * Reads the key in a SubjectPublicKeyInfo; `undefined` where its algorithm is one that we do not know. Nothing is said about its strength.
 * @throws {DerError | X509Error} when its parameters or its form are not those of its RFC.
 * @see RFC 3279 §2.3.1, RFC 4055 §1.2, RFC 5480 §2, RFC 8410 §3 and §4, RFC 9881 §4
 */
export function readPublicKey({ algorithm, subjectPublicKey }: SubjectPublicKeyInfo): PublicKey | undefined {
  const { algorithm: oid, parameters } = algorithm
  if (oid === OID.ecPublicKey) return readEcKey(parameters, subjectPublicKey)
  if (oid === OID.rsaEncryption) {
    // RFC 3279 §2.3.1: "The parameters field MUST have ASN.1 type NULL for this algorithm identifier."
    if (parameters === undefined || !hasNoParameters(algorithm)) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
    return { kind: 'RSA', ...readRsaPublicKey(subjectPublicKey) }
  }
  if (oid === OID['id-RSASSA-PSS']) {
    const use = parameters === undefined ? {} : { parameters: readPssParameters(parameters) }
    return { kind: 'RSA-PSS', ...readRsaPublicKey(subjectPublicKey), ...use }
  }
  const known = OCTET_KEYS.get(oid)
  if (known === undefined) return undefined
  if (parameters !== undefined) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
  const [kind, length] = known
  if (subjectPublicKey.length !== length) throw new X509Error('ERR_X509_PUBLIC_KEY', 0)
  return { kind, key: subjectPublicKey }
}

/**
 * Writes the SubjectPublicKeyInfo of a key: what {@link readPublicKey} reads. For a key that came in another format, such as SSH's.
 * @throws {DerError | X509Error} when its form or its length is not that of its kind.
 */
export function writePublicKey(key: PublicKey): Uint8Array {
  const der = writeSubjectPublicKeyInfo(spkiOf(key))
  readPublicKey(readSubjectPublicKeyInfo(der))
  return der
}

function spkiOf(key: PublicKey): Pick<SubjectPublicKeyInfo, 'algorithm' | 'subjectPublicKey'> {
  switch (key.kind) {
    case 'EC': {
      const [parameters = ''] = [...CURVES].find(([, [curve]]) => curve === key.curve) ?? []
      const algorithm = { algorithm: OID.ecPublicKey, parameters: Uint8Array.fromHex(parameters) }
      return { algorithm, subjectPublicKey: key.point }
    }
    case 'RSA': {
      const algorithm = { algorithm: OID.rsaEncryption, parameters: writeNull() }
      return { algorithm, subjectPublicKey: writeRsaPublicKey(key) }
    }
    case 'RSA-PSS': {
      const use = key.parameters && { parameters: writePssParameters(key.parameters) }
      return { algorithm: { algorithm: OID['id-RSASSA-PSS'], ...use }, subjectPublicKey: writeRsaPublicKey(key) }
    }
    default: {
      const [algorithm = ''] = [...OCTET_KEYS].find(([, [kind]]) => kind === key.kind) ?? []
      return { algorithm: { algorithm }, subjectPublicKey: key.key }
    }
  }
}

/** RFC 5480 §2.1.1: of the three forms of parameters only namedCurve; §2.2: "The hybrid form … MUST NOT be used". */
function readEcKey(parameters: Uint8Array | undefined, point: Uint8Array): PublicKey {
  const known = parameters && CURVES.get(parameters.toHex())
  if (known === undefined) throw new X509Error('ERR_X509_CURVE', 0)
  const [curve, coordinate] = known
  const isUncompressed = point[0] === 4 && point.length === 1 + 2 * coordinate
  const isCompressed = (point[0] === 2 || point[0] === 3) && point.length === 1 + coordinate
  if (!isUncompressed && !isCompressed) throw new X509Error('ERR_X509_PUBLIC_KEY', 0)
  return { kind: 'EC', curve, point }
}

/** RSAPublicKey, RFC 8017 §A.1.1. */
function readRsaPublicKey(octets: Uint8Array): { modulus: Uint8Array; publicExponent: Uint8Array } {
  const c = openDer(octets, { maxOctets: 8192, maxElements: 3, maxDepth: 1 })
  const outer = enter(c, TAG.sequence)
  const positive = () => {
    const end = readIntegerHeader(c, TAG.integer)
    const contents = c.octets.subarray(c.at, end)
    const [head = 0] = contents
    if (head >= 0x80 || (head === 0 && contents.length === 1)) throw new DerError('ERR_DER_INTEGER_LIMIT', c.at)
    c.at = end
    return head === 0 ? contents.subarray(1) : contents
  }
  const key = { modulus: positive(), publicExponent: positive() }
  leave(c, outer)
  closeDer(c)
  return key
}

/** The numbers are positive, and X.690 §8.3.2 asks for a zero before an octet that would make one negative. */
function writeRsaPublicKey(key: { readonly modulus: Uint8Array; readonly publicExponent: Uint8Array }): Uint8Array {
  const positive = (octets: Uint8Array) =>
    writeElement(TAG.integer, (octets[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...octets) : octets)
  return writeSequence(positive(key.modulus), positive(key.publicExponent))
}
