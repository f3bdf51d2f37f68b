// Private keys in files: PKCS#8 in PEM, plain or under a passphrase (RFC 5958 §2, §3).
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { performWith } from '@countersign/mtls'
import {
  DerError,
  openPrivateKey,
  Pbes2Error,
  PemError,
  performSteps,
  readPem,
  readPrivateKeyInfo,
  sealPrivateKey,
  writePem,
  writePrivateKeyInfo,
  X509Error,
} from '@countersign/x509'
import { AuthorityError } from '../error.ts'

/** What OWASP asks of PBKDF2 with HMAC-SHA-256: a passphrase may be one that a person chose, and the disk be lost. */
export const ITERATIONS = 600_000

const PLAIN = 'PRIVATE KEY'
const ENCRYPTED = 'ENCRYPTED PRIVATE KEY'

/** Writes a private key as PKCS#8 in PEM; under `passphrase` with PBES2, AES-256-CBC. Secret. @see RFC 5958 §3, RFC 8018 §6.2 */
export function formatKey(key: KeyObject, passphrase: string | undefined): string {
  const der = key.export({ type: 'pkcs8', format: 'der' })
  try {
    if (passphrase === undefined) return writePem(PLAIN, der)
    const protection = { salt: random(16), iv: random(16), iterations: ITERATIONS }
    const info = readPrivateKeyInfo(new Uint8Array(der))
    return writePem(ENCRYPTED, performSteps(sealPrivateKey(info, octetsOf(passphrase), protection), performWith()))
  } finally {
    der.fill(0)
  }
}

/**
 * Reads the text of a key file. Secret. A passphrase is a promise that the key is encrypted: a plain one is then refused.
 * @param path For messages.
 * @throws {AuthorityError} when it is no key in PKCS#8, is encrypted and the passphrase wrong or absent, or the other way round.
 */
export function parseKey(pem: string, path: string, passphrase: string | undefined): KeyObject {
  const { label, der } = blockOf(pem, path)
  if (label === PLAIN) {
    if (passphrase !== undefined)
      throw new AuthorityError(
        'ERR_AUTHORITY_KEY_PLAIN',
        path,
        'there is a passphrase, and this key is not encrypted',
        {
          next: `encrypt it, or leave the passphrase out: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter ${ITERATIONS} -in ${path} -out FILE`,
        },
      )
    return importKey(der, path)
  }
  if (passphrase === undefined)
    throw new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, 'this private key is encrypted', {
      next: 'name the file of its passphrase: authority: { passphrase: FILE } in countersign.yaml, or --passphrase FILE',
    })
  try {
    const info = performSteps(openPrivateKey(der, octetsOf(passphrase)), performWith())
    return importKey(writePrivateKeyInfo(info), path)
  } catch (cause) {
    if (cause instanceof Pbes2Error && cause.code === 'ERR_PBES2_PASSWORD')
      throw new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, 'the passphrase does not open this private key', {
        cause,
      })
    if (cause instanceof Pbes2Error || cause instanceof DerError || cause instanceof X509Error)
      throw malformed(path, `this private key cannot be opened: ${cause.message}`, cause)
    throw cause
  }
}

/** Whether a key file is encrypted; nothing is opened. @throws {AuthorityError} when it is no key file */
export function isEncryptedKeyFile(path: string): boolean {
  return blockOf(readFileSync(path, 'utf8'), path).label === ENCRYPTED
}

function blockOf(pem: string, path: string): { readonly label: string; readonly der: Uint8Array } {
  try {
    const [block, ...others] = readPem(pem)
    if (block !== undefined && others.length === 0 && (block.label === PLAIN || block.label === ENCRYPTED)) return block
  } catch (cause) {
    if (cause instanceof PemError) throw malformed(path, NO_KEY, cause)
    throw cause
  }
  throw malformed(path, NO_KEY)
}

const NO_KEY = 'this is not a private key in PKCS#8 PEM'

function importKey(der: Uint8Array, path: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw malformed(path, NO_KEY, cause)
  }
}

function malformed(path: string, message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_FILE_MALFORMED', path, message, { cause })
}

function random(octets: number): Uint8Array {
  return new Uint8Array(randomBytes(octets))
}

function octetsOf(passphrase: string): Uint8Array {
  return new TextEncoder().encode(passphrase)
}
