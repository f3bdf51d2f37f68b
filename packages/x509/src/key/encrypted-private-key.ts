// EncryptedPrivateKeyInfo, RFC 5958 §3: a private key under a password.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import type { CryptoSteps } from '../crypto-step.ts'
import { closeDer, enter, leave, openDer, readContents } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { TAG } from '../der/tag.ts'
import { writeOctetString, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, PrivateKeyInfo } from '../model.ts'
import { openBudget, type PasswordBudget } from '../password/derivation.ts'
import { Pbes2Error } from '../password/error.ts'
import { decryptPbes2, encryptPbes2, type NewProtection } from '../password/pbes2.ts'
import { readPrivateKeyInfo, writePrivateKeyInfo } from './private-key.ts'

/** RFC 5958 §3: an encrypted PrivateKeyInfo. */
export interface EncryptedPrivateKeyInfo {
  readonly encryptionAlgorithm: AlgorithmIdentifier
  readonly encryptedData: Uint8Array
}

/** Reads an encrypted private key (PKCS#8, "ENCRYPTED PRIVATE KEY"); nothing is decrypted. @throws {DerError} when it is not one. @see RFC 5958 §3 */
export function readEncryptedPrivateKeyInfo(der: Uint8Array): EncryptedPrivateKeyInfo {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const outer = enter(c, TAG.sequence)
  const encryptionAlgorithm = readAlgorithmIdentifierAt(c)
  const encryptedData = readContents(c, TAG.octetString)
  leave(c, outer)
  closeDer(c)
  return { encryptionAlgorithm, encryptedData }
}

/** Writes an encrypted private key. @see RFC 5958 §3 */
export function writeEncryptedPrivateKeyInfo(info: EncryptedPrivateKeyInfo): Uint8Array {
  return writeSequence(writeAlgorithmIdentifier(info.encryptionAlgorithm), writeOctetString(info.encryptedData))
}

/**
 * Opens an encrypted private key. Secret.
 * @param password In octets: UTF-8 by custom.
 * @throws {Pbes2Error} when the password is wrong, or the protection is none of ours or costs too much.
 * @throws {DerError} when `der` is not one.
 */
export function* openPrivateKey(
  der: Uint8Array,
  password: Uint8Array,
  budget: PasswordBudget = openBudget(),
): CryptoSteps<PrivateKeyInfo> {
  const { encryptionAlgorithm, encryptedData } = readEncryptedPrivateKeyInfo(der)
  const octets = yield* decryptPbes2(encryptionAlgorithm, encryptedData, password, budget)
  try {
    return readPrivateKeyInfo(octets)
  } catch (cause) {
    // One wrong password in 256 gives a padding that looks right, and then no key.
    if (cause instanceof DerError || cause instanceof X509Error) throw new Pbes2Error('ERR_PBES2_PASSWORD', { cause })
    throw cause
  }
}

/** Encrypts a private key under a password, as octets, and writes it. @throws as {@link encryptPbes2}. @see RFC 5958 §3 */
export function* sealPrivateKey(
  key: PrivateKeyInfo,
  password: Uint8Array,
  protection: NewProtection,
  budget: PasswordBudget = openBudget(),
): CryptoSteps<Uint8Array> {
  const { algorithm, encrypted } = yield* encryptPbes2(writePrivateKeyInfo(key), password, protection, budget)
  return writeEncryptedPrivateKeyInfo({ encryptionAlgorithm: algorithm, encryptedData: encrypted })
}
