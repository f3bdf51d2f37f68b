// What a PrivateKeyInfo holds, with its parameters and its lengths exactly as its RFC has them. Everything here is secret.
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, readContents } from '../der/cursor.ts'
import { readIntegerHeader, readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { compareOctets } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { Oid, PrivateKeyInfo } from '../model.ts'
import { OID } from '../oid.ts'
import { hasNoParameters } from '../parameters.ts'
import { type PssParameters, readPssParameters } from './pss.ts'
import { CURVES, type CurveName } from './public-key.ts'

/** A private key. Secret. Octets are views. */
export type PrivateKey =
  /** `rsaPrivateKey` is the DER of RFC 8017 §A.1.2: its form is judged, its numbers are not. */
  | { readonly kind: 'RSA'; readonly rsaPrivateKey: Uint8Array }
  | { readonly kind: 'RSA-PSS'; readonly rsaPrivateKey: Uint8Array; readonly parameters?: PssParameters }
  /** `point` is the public key, where it stands inside. */
  | { readonly kind: 'EC'; readonly curve: CurveName; readonly privateKey: Uint8Array; readonly point?: Uint8Array }
  | { readonly kind: 'Ed25519' | 'Ed448' | 'X25519' | 'X448'; readonly privateKey: Uint8Array }
  /** At least one of the two stands. */
  | {
      readonly kind: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'
      readonly seed?: Uint8Array
      readonly expandedKey?: Uint8Array
    }

/** The octets of a private key, RFC 8410 §7. */
const CURVE_KEYS: ReadonlyMap<Oid, readonly ['Ed25519' | 'Ed448' | 'X25519' | 'X448', number]> = new Map([
  [OID.Ed25519, ['Ed25519', 32]],
  [OID.Ed448, ['Ed448', 57]],
  [OID.X25519, ['X25519', 32]],
  [OID.X448, ['X448', 56]],
])
/** The octets of an expanded key, RFC 9881 §6. */
const ML_DSA_KEYS: ReadonlyMap<Oid, readonly ['ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87', number]> = new Map([
  [OID['id-ml-dsa-44'], ['ML-DSA-44', 2560]],
  [OID['id-ml-dsa-65'], ['ML-DSA-65', 4032]],
  [OID['id-ml-dsa-87'], ['ML-DSA-87', 4896]],
])

/**
 * Reads the key in a PrivateKeyInfo; `undefined` where its algorithm is one that we do not know. Secret.
 * @throws {DerError | X509Error} when its parameters or its form are not those of its RFC.
 * @see RFC 8017 §A.1.2, RFC 5915 §3, RFC 8410 §7, RFC 9881 §6
 */
export function readPrivateKey({ privateKeyAlgorithm, privateKey }: PrivateKeyInfo): PrivateKey | undefined {
  const { algorithm, parameters } = privateKeyAlgorithm
  if (algorithm === OID.ecPublicKey) return readEcPrivateKey(parameters, privateKey)
  if (algorithm === OID.rsaEncryption) {
    if (parameters === undefined || !hasNoParameters(privateKeyAlgorithm))
      throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
    return { kind: 'RSA', rsaPrivateKey: judgeRsaPrivateKey(privateKey) }
  }
  if (algorithm === OID['id-RSASSA-PSS']) {
    const use = parameters === undefined ? {} : { parameters: readPssParameters(parameters) }
    return { kind: 'RSA-PSS', rsaPrivateKey: judgeRsaPrivateKey(privateKey), ...use }
  }
  const [curveKey, mlDsaKey] = [CURVE_KEYS.get(algorithm), ML_DSA_KEYS.get(algorithm)]
  if (curveKey === undefined && mlDsaKey === undefined) return undefined
  if (parameters !== undefined) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
  const c = openDer(privateKey, CERTIFICATE_LIMITS)
  let key: PrivateKey | undefined
  if (curveKey !== undefined) key = { kind: curveKey[0], privateKey: readExact(c, TAG.octetString, curveKey[1]) }
  else if (mlDsaKey !== undefined) key = { kind: mlDsaKey[0], ...readMlDsaKey(c, mlDsaKey[1]) }
  closeDer(c)
  return key
}

/** RFC 9881 §6: a seed, an expanded key, or both. */
function readMlDsaKey(c: DerCursor, octets: number): { seed?: Uint8Array; expandedKey?: Uint8Array } {
  const tag = peekTag(c)
  if (tag === contextTag(0)) return { seed: readExact(c, tag, 32) }
  if (tag !== TAG.sequence) return { expandedKey: readExact(c, TAG.octetString, octets) }
  const outer = enter(c, tag)
  const both = { seed: readExact(c, TAG.octetString, 32), expandedKey: readExact(c, TAG.octetString, octets) }
  leave(c, outer)
  return both
}

function readExact(c: DerCursor, tag: number, octets: number): Uint8Array {
  const at = c.at
  const contents = readContents(c, tag)
  if (contents.length !== octets) throw new X509Error('ERR_X509_PRIVATE_KEY', at)
  return contents
}

/** ECPrivateKey, RFC 5915 §3: its private key has the octets of the order; the curve, where it stands again, is the same. */
function readEcPrivateKey(parameters: Uint8Array | undefined, octets: Uint8Array): PrivateKey {
  const known = parameters && CURVES.get(parameters.toHex())
  if (parameters === undefined || known === undefined) throw new X509Error('ERR_X509_CURVE', 0)
  const [curve, coordinate] = known
  const c = openDer(octets, CERTIFICATE_LIMITS)
  const outer = enter(c, TAG.sequence)
  if (readUnsigned(c) !== 1) throw new X509Error('ERR_X509_PRIVATE_KEY', 0)
  const privateKey = readExact(c, TAG.octetString, coordinate)
  if (peekTag(c) === constructedContextTag(0)) {
    const at = c.at
    const outerCurve = enter(c, constructedContextTag(0))
    const again = c.octets.subarray(c.at, c.end)
    c.at = c.end
    leave(c, outerCurve)
    if (compareOctets(again, parameters) !== 0) throw new X509Error('ERR_X509_PRIVATE_KEY', at)
  }
  let point: Uint8Array | undefined
  if (peekTag(c) === constructedContextTag(1)) {
    const outerPoint = enter(c, constructedContextTag(1))
    point = readOctetBitString(c)
    leave(c, outerPoint)
  }
  leave(c, outer)
  closeDer(c)
  return { kind: 'EC', curve, privateKey, ...(point && { point }) }
}

/** RSAPrivateKey of two primes, RFC 8017 §A.1.2: version 0 and eight numbers. */
function judgeRsaPrivateKey(octets: Uint8Array): Uint8Array {
  const c = openDer(octets, CERTIFICATE_LIMITS)
  const outer = enter(c, TAG.sequence)
  if (readUnsigned(c) !== 0) throw new X509Error('ERR_X509_PRIVATE_KEY', 0)
  for (let i = 0; i < 8; i++) c.at = readIntegerHeader(c, TAG.integer)
  leave(c, outer)
  closeDer(c)
  return c.octets
}
