// What each key signs with. Which it is follows from the key, and is a value: nothing else asks for its kind.
import type { KeyObject } from 'node:crypto'
import { keyAlgorithmOf, signatureAlgorithmOf } from '@countersign/mtls'
import { ALGORITHM, type AlgorithmIdentifier, readSignatureAlgorithm } from '@countersign/x509'

/** NIST SP 800-131A: less is no signature any more. */
const MIN_RSA_BITS = 2_048

/**
 * The signature algorithm of a key, private or public; undefined for one that we do not sign with. RSA is for issuers that
 * were made elsewhere or whose token has nothing else: we make no such keys.
 * @see RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2, RFC 4055 §5
 */
export function signatureAlgorithmOfKey(key: KeyObject): AlgorithmIdentifier | undefined {
  const word = keyAlgorithmOf(key)
  if (word !== undefined) return signatureAlgorithmOf(word)
  const bits = key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0
  return bits >= MIN_RSA_BITS ? ALGORITHM.sha256WithRSAEncryption : undefined
}

/** The hash that node:crypto is asked for; null where the algorithm has its own. */
export function nodeHashOf(algorithm: AlgorithmIdentifier): string | null {
  const how = readSignatureAlgorithm(algorithm)
  return how !== undefined && 'hash' in how ? how.hash.replace('-', '').toLowerCase() : null
}
