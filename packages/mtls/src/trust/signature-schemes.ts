// How node:crypto is asked for each signature algorithm. Which of them count, and with which keys, is the verifier's.
import { constants, type KeyObject, type SigningOptions, verify } from 'node:crypto'
import { type AlgorithmIdentifier, type HashName, readSignatureAlgorithm } from '@countersign/x509'

const HASHES: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}

/** Checks a signature by an algorithm that counts, under a key that fits it. @see RFC 8017 §8, RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §3 */
export function checkUnder(
  key: KeyObject,
  algorithm: AlgorithmIdentifier,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const how = readSignatureAlgorithm(algorithm)
  const ask = (hash: HashName | undefined, options: SigningOptions) =>
    verify(hash && HASHES[hash], signed, { key, ...options }, signature)
  switch (how?.kind) {
    case undefined:
      return false
    case 'ECDSA':
      return ask(how.hash, { dsaEncoding: 'der' })
    case 'RSASSA-PKCS1-v1_5':
      return ask(how.hash, { padding: constants.RSA_PKCS1_PADDING })
    case 'RSA-PSS':
      // OpenSSL takes the hash of the mask to be the other one, as it must be here.
      return ask(how.hash, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: how.saltLength })
    default:
      return ask(undefined, {})
  }
}
