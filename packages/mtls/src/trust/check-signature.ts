// The one place where a signature on a certificate, a request or a revocation list is checked.
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { type CheckSignature, fitsKey, whyNotSignatureAlgorithm } from '@countersign/verify'
import {
  type AlgorithmIdentifier,
  DerError,
  readPublicKey,
  type SubjectPublicKeyInfo,
  X509Error,
} from '@countersign/x509'
import { LeastRecentlyUsed } from './least-recently-used.ts'
import { checkUnder } from './signature-schemes.ts'

// A house has few issuers and each peer has one chain; both bounds cost about a megabyte when full.
const MAX_KEYS = 1024
const MAX_VERIFIED = 8192

/**
 * Makes a checker on synchronous `node:crypto` for ECDSA (P-256, P-384, P-521), RSA PKCS#1 v1.5 and PSS, Ed25519, Ed448 and ML-DSA.
 * It keeps imported keys, and remembers what has verified (never what has not), both bounded.
 * False is "does not verify"; `undefined` is an algorithm, parameters or a kind of key that we do not know.
 * @see RFC 5280 §4.1.1.2
 */
export function createCheckSignature(): CheckSignature {
  const keys = new LeastRecentlyUsed<KeyObject>(MAX_KEYS)
  const verified = new LeastRecentlyUsed<true>(MAX_VERIFIED)
  // Issuers and CRLs are the same values from question to question; a CRL of megabytes is not hashed for every caller.
  const same = new WeakMap<Uint8Array, readonly unknown[]>()

  return (algorithm, subjectPublicKeyInfo, signed, signature) => {
    const parts = [algorithm, subjectPublicKeyInfo, signature]
    if (same.get(signed)?.every((part, i) => part === parts[i])) return true
    const question = questionOf(algorithm, subjectPublicKeyInfo, signed, signature)
    if (verified.get(question)) {
      same.set(signed, parts)
      return true
    }
    if (whyNotSignatureAlgorithm(algorithm) !== undefined) return undefined
    const key = importKey(keys, subjectPublicKeyInfo)
    if (key === undefined || key === false) return key
    if (!fitsKey(algorithm, subjectPublicKeyInfo.algorithm) || !checkUnder(key, algorithm, signed, signature))
      return false
    verified.set(question, true)
    return true
  }
}

/** A key for what was asked, as SHA-256 over all of it, the lengths of its parts first. */
function questionOf(algorithm: AlgorithmIdentifier, key: SubjectPublicKeyInfo, ...rest: readonly Uint8Array[]): string {
  const parts = [key.der, ...rest]
  const lengths = parts.map(({ length }) => length).join(' ')
  const head = Buffer.from(`${algorithm.algorithm} ${algorithm.parameters?.toHex() ?? ''} ${lengths}\0`, 'latin1')
  return hash('sha256', Buffer.concat([head, ...parts]), 'latin1')
}

/** False: no signature verifies under it. Undefined: it is of a kind, or has parameters, that we do not know. */
function importKey(keys: LeastRecentlyUsed<KeyObject>, info: SubjectPublicKeyInfo): KeyObject | false | undefined {
  const { der } = info
  const name = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1')
  const known = keys.get(name)
  if (known) return known
  try {
    // Its form is judged by our own reader: OpenSSL would take more of them.
    if (readPublicKey(info) === undefined) return undefined
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    keys.set(name, key)
    return key
  } catch (error) {
    if (error instanceof X509Error) return error.code === 'ERR_X509_PUBLIC_KEY' ? false : undefined
    // What OpenSSL cannot read, or is no point of its curve.
    if (error instanceof DerError || isOpensslError(error)) return false
    throw error
  }
}

function isOpensslError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL_')
}
