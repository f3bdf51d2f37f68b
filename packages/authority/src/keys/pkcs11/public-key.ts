// The kinds of keys that a token may sign with, known by the public key beside the private one.
import type { webcrypto } from 'node:crypto'
import { CK, type Handle } from './cryptoki.ts'
import { KeyFault } from './fault.ts'
import { type At, findObjects, numberOf, readAttribute } from './objects.ts'

/** How the token is asked, and what comes back. */
export interface Kind {
  readonly mechanism: number
  /** Of node:crypto; null where the algorithm has its own. */
  readonly hash: string | null
  /** The token signs a digest that we make. */
  readonly digests: boolean
  readonly signatureOctets: number
}

/** The public key, and how the private one is used. */
export type KeyOfToken = Kind & { readonly publicKey: webcrypto.JsonWebKey }

/** By the DER of CKA_EC_PARAMS; of Ed25519 there are two forms (RFC 8410 §3, PKCS #11 3.0 §2.3.5). */
const CURVES: Readonly<Record<string, { crv: string; octets: number; hash: string | null }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', octets: 32, hash: 'sha256' },
  '06052b81040022': { crv: 'P-384', octets: 48, hash: 'sha384' },
  '06032b6570': { crv: 'Ed25519', octets: 32, hash: null },
  '130c656477617264733235353139': { crv: 'Ed25519', octets: 32, hash: null },
}

/** The public key, from the object beside the private one: a private key of EC does not have it. @throws {KeyFault} */
export function readPublicKey(at: At, key: Handle): KeyOfToken {
  const id = readAttribute(at, key, CK.CKA_ID)
  const [object, another] = findObjects(at, [
    { type: CK.CKA_CLASS, value: CK.CKO_PUBLIC_KEY },
    { type: CK.CKA_ID, value: id },
  ])
  if (object === undefined || another !== undefined)
    throw new KeyFault(
      'ERR_AUTHORITY_KEY_ABSENT',
      `the token has ${object === undefined ? 'no public key' : 'several public keys'} with the id of the private key`,
      { next: 'write its public key beside it, with the same id' },
    )
  const type = numberOf(readAttribute(at, object, CK.CKA_KEY_TYPE))
  if (type === BigInt(CK.CKK_RSA)) return readRsa(at, object)
  if (type === BigInt(CK.CKK_EC) || type === BigInt(CK.CKK_EC_EDWARDS)) return readCurve(at, object)
  throw new KeyFault('ERR_AUTHORITY_KEY_KIND', 'this key is none that we sign with')
}

function readRsa(at: At, object: Handle): KeyOfToken {
  const modulus = readAttribute(at, object, CK.CKA_MODULUS)
  const publicKey = {
    kty: 'RSA',
    n: base64url(modulus),
    e: base64url(readAttribute(at, object, CK.CKA_PUBLIC_EXPONENT)),
  }
  const signatureOctets = modulus.length
  return { publicKey, mechanism: CK.CKM_SHA256_RSA_PKCS, hash: 'sha256', digests: false, signatureOctets }
}

function readCurve(at: At, object: Handle): KeyOfToken {
  const curve = CURVES[readAttribute(at, object, CK.CKA_EC_PARAMS).toString('hex')]
  const point =
    curve && pointOf(readAttribute(at, object, CK.CKA_EC_POINT), curve.crv === 'Ed25519' ? 32 : 1 + 2 * curve.octets)
  if (curve === undefined || point === undefined)
    throw new KeyFault('ERR_AUTHORITY_KEY_KIND', 'this key is on no curve that we sign with')
  const { crv, octets, hash: name } = curve
  const signatureOctets = 2 * octets
  if (crv === 'Ed25519') {
    const publicKey = { kty: 'OKP', crv, x: base64url(point) }
    return { publicKey, mechanism: CK.CKM_EDDSA, hash: name, digests: false, signatureOctets }
  }
  const publicKey = {
    kty: 'EC',
    crv,
    x: base64url(point.subarray(1, 1 + octets)),
    y: base64url(point.subarray(1 + octets)),
  }
  return { publicKey, mechanism: CK.CKM_ECDSA, hash: name, digests: true, signatureOctets }
}

/** PKCS #11 2.40 §2.3.3: the point in a DER OCTET STRING; some modules leave that out. */
function pointOf(value: Buffer, octets: number): Buffer | undefined {
  if (value.length === octets) return value
  const wrapped = value.length === octets + 2 && value[0] === 0x04 && value[1] === octets
  return wrapped ? value.subarray(2) : undefined
}

function base64url(octets: Buffer): string {
  return octets.toString('base64url')
}
