// PBES2, RFC 8018 §6.2 and A.4: what a password encrypts.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { askOctets, type CryptoSteps } from '../crypto-step.ts'
import { enter, leave } from '../der/cursor.ts'
import { TAG } from '../der/tag.ts'
import { writeSequence } from '../der/write.ts'
import type { AlgorithmIdentifier } from '../model.ts'
import { OID } from '../oid.ts'
import {
  contentCipherOf,
  contentEncryptionAlgorithmOf,
  isAuthenticated,
  keyOctetsOf,
  readParameters,
} from '../parameters.ts'
import { deriveKey, openBudget, type PasswordBudget, readKeyDerivation, writePbkdf2 } from './derivation.ts'
import { Pbes2Error } from './error.ts'

/** PBES1 (RFC 8018 A.3), RFC 7292 Appendix C; and of PBES2's own (B.2): DES, Triple DES, RC2, RC5. */
const LEGACY = /^1\.2\.840\.113549\.(?:1\.5\.(?:1|3|4|6|10|11)|1\.12\.1\.[1-6]|3\.(?:2|7|9))$|^1\.3\.14\.3\.2\.7$/

/** Whether this is an algorithm of files that are to be written again. @throws {DerError} when parameters of PBES2 are malformed. */
export function isLegacyEncryption(algorithm: AlgorithmIdentifier): boolean {
  if (LEGACY.test(algorithm.algorithm)) return true
  return algorithm.algorithm === OID['id-PBES2'] && LEGACY.test(readSchemes(algorithm).encryptionScheme.algorithm)
}

/** RFC 8018 A.4. */
function readSchemes(algorithm: AlgorithmIdentifier) {
  const schemes = readParameters(algorithm, (c) => {
    const outer = enter(c, TAG.sequence)
    const keyDerivationFunc = readAlgorithmIdentifierAt(c)
    const encryptionScheme = readAlgorithmIdentifierAt(c)
    leave(c, outer)
    return { keyDerivationFunc, encryptionScheme }
  })
  if (schemes === undefined) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  return schemes
}

/**
 * Decrypts what a password encrypts; nothing authenticates it, so that a wrong password may also give any octets.
 * @throws {Pbes2Error} when the algorithm is none of ours, costs too much, or the padding is wrong.
 * @throws {DerError} when a parameter is malformed.
 * @see RFC 8018 §6.2.2
 */
export function* decryptPbes2(
  algorithm: AlgorithmIdentifier,
  octets: Uint8Array,
  password: Uint8Array,
  budget: PasswordBudget = openBudget(),
): CryptoSteps<Uint8Array> {
  if (isLegacyEncryption(algorithm)) throw new Pbes2Error('ERR_PBES2_LEGACY')
  if (algorithm.algorithm !== OID['id-PBES2']) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  const { keyDerivationFunc, encryptionScheme } = readSchemes(algorithm)
  const cipher = contentCipherOf(encryptionScheme)
  if (cipher === undefined || isAuthenticated(cipher.cipher)) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  const key = yield* deriveKey(readKeyDerivation(keyDerivationFunc), keyOctetsOf(cipher.cipher), password, budget)
  const decrypted = yield* askOctets({ op: 'decrypt', ...cipher, key, octets, additional: new Uint8Array() })
  if (decrypted === undefined) throw new Pbes2Error('ERR_PBES2_PASSWORD')
  return decrypted
}

/** Entropy and work of one protection. */
export interface NewProtection {
  /** 16 random octets or more, new each time. */
  readonly salt: Uint8Array
  /** 16 random octets, new each time. */
  readonly iv: Uint8Array
  /** Of PBKDF2 with HMAC-SHA-256; OWASP asks for 600,000. At least the 1,000 of RFC 8018 §4.2. */
  readonly iterations: number
}

/** @throws {RangeError} when it is less than RFC 8018 §4 asks for. */
export function requireProtection({ salt, iv, iterations }: NewProtection): void {
  if (salt.length < 16) throw new RangeError('a salt of less than 16 octets')
  if (iv.length !== 16) throw new RangeError('not the length of an iv of AES')
  if (!Number.isSafeInteger(iterations) || iterations < 1_000) throw new RangeError('less than 1,000 iterations')
}

/**
 * Encrypts under a password: PBKDF2 with HMAC-SHA-256, AES-256-CBC.
 * @throws {RangeError} when the protection is weaker than RFC 8018 §4 asks for.
 * @throws {Pbes2Error} when the performer does not have an operation, or we would not open it again.
 * @see RFC 8018 §6.2.1
 */
export function* encryptPbes2(
  octets: Uint8Array,
  password: Uint8Array,
  protection: NewProtection,
  budget: PasswordBudget = openBudget(),
): CryptoSteps<{ readonly algorithm: AlgorithmIdentifier; readonly encrypted: Uint8Array }> {
  requireProtection(protection)
  const { salt, iv, iterations } = protection
  const cipher = { cipher: 'AES-256-CBC', iv } as const
  const derivation = { kind: 'PBKDF2', salt, iterations, hash: 'SHA-256' } as const
  const key = yield* deriveKey({ derivation }, keyOctetsOf(cipher.cipher), password, budget)
  const encrypted = yield* askOctets({ op: 'encrypt', ...cipher, key, octets, additional: new Uint8Array() })
  if (encrypted === undefined) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  const parameters = writeSequence(
    writeAlgorithmIdentifier(writePbkdf2(derivation)),
    writeAlgorithmIdentifier(contentEncryptionAlgorithmOf(cipher)),
  )
  return { algorithm: { algorithm: OID['id-PBES2'], parameters }, encrypted }
}
