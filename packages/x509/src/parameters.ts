// Algorithms of hashes and ciphers with their parameters: RFC 5754 §2, RFC 3565 §4.1, RFC 5084 §3.2.
import type { CipherName, ContentCipher, HashName } from './crypto-step.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, readContents } from './der/cursor.ts'
import { readUnsigned } from './der/primitive.ts'
import { TAG } from './der/tag.ts'
import { writeInteger, writeNull, writeOctetString, writeSequence } from './der/write.ts'
import { CERTIFICATE_LIMITS } from './limits.ts'
import type { AlgorithmIdentifier, Oid } from './model.ts'
import { OID } from './oid.ts'

/** Reads the parameters of an algorithm; undefined where there are none. @throws {DerError} when they are of another type. */
export function readParameters<T>({ parameters }: AlgorithmIdentifier, read: (c: DerCursor) => T): T | undefined {
  if (parameters === undefined) return undefined
  const c = openDer(parameters, CERTIFICATE_LIMITS)
  const value = read(c)
  closeDer(c)
  return value
}

/** Whether the parameters are absent or NULL, which RFC 5754 §2 and RFC 8018 B.1 take for the same. */
export function hasNoParameters({ parameters }: AlgorithmIdentifier): boolean {
  return parameters === undefined || (parameters.length === 2 && parameters[0] === TAG.null && parameters[1] === 0)
}

const HASHES: Readonly<Record<Oid, HashName>> = {
  [OID['id-sha1']]: 'SHA-1',
  [OID['id-sha256']]: 'SHA-256',
  [OID['id-sha384']]: 'SHA-384',
  [OID['id-sha512']]: 'SHA-512',
}

const HMACS: Readonly<Record<Oid, HashName>> = {
  [OID['id-hmacWithSHA1']]: 'SHA-1',
  [OID['id-hmacWithSHA256']]: 'SHA-256',
  [OID['id-hmacWithSHA384']]: 'SHA-384',
  [OID['id-hmacWithSHA512']]: 'SHA-512',
}

/** The octets of a digest. */
export const HASH_OCTETS: Readonly<Record<HashName, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
}

/** The hash of a digest algorithm, or undefined where it is none of ours. @see RFC 5754 §2 */
export function hashOf(algorithm: AlgorithmIdentifier): HashName | undefined {
  return hasNoParameters(algorithm) ? HASHES[algorithm.algorithm] : undefined
}

/** The hash of an HMAC, as PBKDF2 and PBMAC1 name it. @see RFC 8018 B.1 */
export function hmacHashOf(algorithm: AlgorithmIdentifier): HashName | undefined {
  return hasNoParameters(algorithm) ? HMACS[algorithm.algorithm] : undefined
}

/** The digest algorithm of a hash, without parameters as RFC 5754 §2 wants them written. */
export function digestAlgorithmOf(hash: HashName): AlgorithmIdentifier {
  return { algorithm: named(HASHES, hash) }
}

/** The HMAC of a hash, with NULL as RFC 8018 B.1 writes it. */
export function hmacAlgorithmOf(hash: HashName): AlgorithmIdentifier {
  return { algorithm: named(HMACS, hash), parameters: writeNull() }
}

const CIPHERS: Readonly<Record<Oid, CipherName>> = {
  [OID['id-aes128-CBC']]: 'AES-128-CBC',
  [OID['id-aes192-CBC']]: 'AES-192-CBC',
  [OID['id-aes256-CBC']]: 'AES-256-CBC',
  [OID['id-aes128-GCM']]: 'AES-128-GCM',
  [OID['id-aes192-GCM']]: 'AES-192-GCM',
  [OID['id-aes256-GCM']]: 'AES-256-GCM',
}

/** The octets of a cipher's key. */
export function keyOctetsOf(cipher: CipherName): number {
  return Number(cipher.slice(4, 7)) / 8
}

/** Whether a cipher authenticates what it encrypts. */
export function isAuthenticated(cipher: CipherName): boolean {
  return cipher.endsWith('GCM')
}

/** AES-GCM-ICVlen DEFAULT 12. */
const DEFAULT_TAG_OCTETS = 12

/** The cipher of a content encryption algorithm, or undefined where it, or a parameter of it, is none of ours. @throws {DerError} */
export function contentCipherOf(algorithm: AlgorithmIdentifier): ContentCipher | undefined {
  const cipher = CIPHERS[algorithm.algorithm]
  if (cipher === undefined) return undefined
  if (!isAuthenticated(cipher)) {
    const iv = readParameters(algorithm, (c) => readContents(c, TAG.octetString))
    return iv?.length === 16 ? { cipher, iv } : undefined
  }
  const parameters = readParameters(algorithm, (c) => {
    const outer = enter(c, TAG.sequence)
    const iv = readContents(c, TAG.octetString)
    const tagOctets = peekTag(c) === TAG.integer ? readUnsigned(c) : DEFAULT_TAG_OCTETS
    leave(c, outer)
    return { iv, tagOctets }
  })
  if (parameters === undefined || parameters.iv.length === 0 || parameters.iv.length > 64) return undefined
  if (parameters.tagOctets < 12 || parameters.tagOctets > 16) return undefined
  return { cipher, ...parameters }
}

/** The algorithm identifier of a cipher with its parameters. */
export function contentEncryptionAlgorithmOf({ cipher, iv, tagOctets }: ContentCipher): AlgorithmIdentifier {
  const parameters = isAuthenticated(cipher)
    ? writeSequence(
        writeOctetString(iv),
        ...(tagOctets === undefined || tagOctets === DEFAULT_TAG_OCTETS ? [] : [writeInteger(tagOctets)]),
      )
    : writeOctetString(iv)
  return { algorithm: named(CIPHERS, cipher), parameters }
}

/** The object identifier that stands for `value` in a table. */
export function named<T>(table: Readonly<Record<Oid, T>>, value: T): Oid {
  const found = Object.entries(table).find(([, each]) => each === value)
  if (found === undefined) throw new RangeError('not a name of this table')
  return found[0]
}
