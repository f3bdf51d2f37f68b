// Signatures over WebCrypto: in a browser, or wherever the keys of this world are checked asynchronously.
import {
  type CurveName,
  DerError,
  OID,
  type PublicKey,
  readEcdsaSignature,
  readPublicKey,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  type SubjectPublicKeyInfo,
  writeNull,
  writeSubjectPublicKeyInfo,
  X509Error,
} from '@countersign/x509'
import type { CheckSignature } from '../model.ts'
import { fitsKey } from './signature.ts'

/** What is used of SubtleCrypto: `crypto.subtle` is one. */
export interface SubtleVerifier<Key> {
  importKey(
    format: 'spki',
    keyData: Uint8Array<ArrayBuffer>,
    algorithm: Asked['key'],
    extractable: boolean,
    keyUsages: 'verify'[],
  ): Promise<Key>
  verify(
    algorithm: Asked['signature'],
    key: Key,
    signature: Uint8Array<ArrayBuffer>,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>
}

/** How WebCrypto is asked: what to import the key as, what to verify with, and the signature in its form. */
interface Asked {
  readonly spki: Uint8Array
  readonly key: { readonly name: string; readonly hash?: string; readonly namedCurve?: string }
  readonly signature: { readonly name: string; readonly hash?: string; readonly saltLength?: number }
  readonly octets: Uint8Array
}

/**
 * Makes a checker over WebCrypto, for `verifyPathAsync`. It knows what the platform knows; an algorithm, a form of key or
 * parameters that it does not are `undefined`. It keeps nothing.
 * @param subtle `crypto.subtle`.
 * @see W3C Web Cryptography §14, §20 to §26
 */
export function checkSignatureOver<Key>(subtle: SubtleVerifier<Key>): CheckSignature<Promise<boolean | undefined>> {
  return async (algorithm, subjectPublicKeyInfo, signed, signature) => {
    let key: PublicKey | undefined
    let how: SignatureAlgorithm | undefined
    let asked: Asked | false | undefined
    try {
      key = readPublicKey(subjectPublicKeyInfo)
      how = readSignatureAlgorithm(algorithm)
      // A key's own parameters bind, and WebCrypto does not see them.
      asked =
        key &&
        how &&
        fitsKey(algorithm, subjectPublicKeyInfo.algorithm) &&
        askedFor(how, key, subjectPublicKeyInfo, signature)
    } catch (error) {
      if (error instanceof DerError || error instanceof X509Error) return undefined
      throw error
    }
    if (asked === undefined || asked === false) return asked
    try {
      const imported = await subtle.importKey('spki', owned(asked.spki), asked.key, false, ['verify'])
      return await subtle.verify(asked.signature, imported, owned(asked.octets), owned(signed))
    } catch (error) {
      const name = error instanceof Error ? error.name : undefined
      // A key that is no point of its curve verifies nothing; a compressed one is not read everywhere.
      if (name === 'DataError') return key?.kind === 'EC' && key.point[0] !== 4 ? undefined : false
      if (name === 'NotSupportedError') return undefined
      throw error
    }
  }
}

/** False: nothing of that form verifies. Undefined: WebCrypto cannot be asked this. */
function askedFor(
  how: SignatureAlgorithm,
  key: PublicKey,
  { der, subjectPublicKey }: SubjectPublicKeyInfo,
  signature: Uint8Array,
): Asked | false | undefined {
  const usual = { spki: der, octets: signature }
  switch (how.kind) {
    case 'ECDSA': {
      if (key.kind !== 'EC') return false
      const octets = sideBySide(signature, key.curve)
      const { kind: name, hash } = how
      return octets && { ...usual, octets, key: { name, namedCurve: key.curve }, signature: { name, hash } }
    }
    case 'RSASSA-PKCS1-v1_5': {
      const { kind: name, hash } = how
      return key.kind === 'RSA' && { ...usual, key: { name, hash }, signature: { name } }
    }
    case 'RSA-PSS': {
      const { kind: name, hash, maskHash, saltLength } = how
      if (maskHash !== hash) return undefined
      // WebCrypto imports RSA keys under rsaEncryption alone, §20.8.
      const algorithm = { algorithm: OID.rsaEncryption, parameters: writeNull() }
      const spki = key.kind === 'RSA' ? der : writeSubjectPublicKeyInfo({ algorithm, subjectPublicKey })
      const isRsa = key.kind === 'RSA' || key.kind === 'RSA-PSS'
      return isRsa && { ...usual, spki, key: { name, hash }, signature: { name, saltLength } }
    }
    default:
      return key.kind === how.kind && { ...usual, key: { name: how.kind }, signature: { name: how.kind } }
  }
}

/** r and s side by side; false where it is no ECDSA-Sig-Value for that curve. */
function sideBySide(signature: Uint8Array, curve: CurveName): Uint8Array | false {
  try {
    return readEcdsaSignature(signature, curve)
  } catch (error) {
    if (error instanceof DerError) return false
    throw error
  }
}

/** WebCrypto takes no view on shared memory, which its types say; ours never are. */
function owned(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return octets as Uint8Array<ArrayBuffer>
}
