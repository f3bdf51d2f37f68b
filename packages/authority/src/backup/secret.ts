// Secrets of other programs of the house in a backup: protected as the keys of the authority are, and opened before anything
// is restored.
import { hash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performWith } from '@countersign/mtls'
import {
  DerError,
  decryptPbes2,
  encryptPbes2,
  Pbes2Error,
  PemError,
  performSteps,
  readEncryptedPrivateKeyInfo,
  readPem,
  writeEncryptedPrivateKeyInfo,
  writePem,
} from '@countersign/x509'
import { AuthorityError } from '../error.ts'
import { ITERATIONS } from '../keys/key-file.ts'
import type { Manifest } from './manifest.ts'

/** A secret that must not be lost, of a program that is no part of the authority. */
export interface HouseSecret {
  /** Where it is restored to, within the data directory: as in `doors/bank/login.secret`. */
  readonly name: string
  /** Where it is now. */
  readonly path: string
  /** Its text; undefined where the file is not there. Secret. */
  read(): Promise<string | undefined>
}

/** What a backup holds of a secret, beside its name. */
export const SEALED = '.pem'

const LABEL = 'ENCRYPTED SECRET'
const DIGEST_OCTETS = 32

/**
 * A secret under a passphrase, in PEM: the structure of RFC 5958 §3, with PBES2 as keys have it. Nothing in PBES2
 * authenticates what it encrypts, so that the SHA-256 of the secret stands before it.
 */
export function sealSecret(text: string, passphrase: string): string {
  const octets = Buffer.from(text, 'utf8')
  const plain = Buffer.concat([hash('sha256', octets, 'buffer'), octets])
  const protection = { salt: random(16), iv: random(16), iterations: ITERATIONS }
  const { algorithm, encrypted } = performSteps(
    encryptPbes2(new Uint8Array(plain), octetsOf(passphrase), protection),
    performWith(),
  )
  return writePem(LABEL, writeEncryptedPrivateKeyInfo({ encryptionAlgorithm: algorithm, encryptedData: encrypted }))
}

/** Opens one. Secret. @param path For messages. @throws {AuthorityError} where the passphrase is another, or it was changed. */
export function openSealedSecret(pem: string, path: string, passphrase: string): string {
  try {
    const [block, ...others] = readPem(pem)
    if (block === undefined || others.length > 0 || block.label !== LABEL) throw malformed(path)
    const { encryptionAlgorithm, encryptedData } = readEncryptedPrivateKeyInfo(block.der)
    const plain = performSteps(decryptPbes2(encryptionAlgorithm, encryptedData, octetsOf(passphrase)), performWith())
    const octets = plain.subarray(DIGEST_OCTETS)
    if (!hash('sha256', octets, 'buffer').equals(plain.subarray(0, DIGEST_OCTETS))) throw unopened(path)
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (cause) {
    if (cause instanceof Pbes2Error && cause.code === 'ERR_PBES2_PASSWORD') throw unopened(path, cause)
    if (cause instanceof Pbes2Error || cause instanceof PemError || cause instanceof DerError)
      throw malformed(path, cause)
    throw cause
  }
}

/** The secrets that a backup holds, by their names, as they are to be written. Secret. @throws {AuthorityError} where one cannot be opened. */
export function openSecrets(
  backup: string,
  { secrets, files }: Manifest,
  passphrase: string | undefined,
): ReadonlyMap<string, string> {
  const held = secrets.filter((name) => Object.hasOwn(files, `${name}${SEALED}`))
  return new Map(
    held.map((name) => {
      const path = join(backup, `${name}${SEALED}`)
      if (passphrase === undefined)
        throw new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, 'this secret is encrypted', {
          next: 'name the file of its passphrase: --passphrase FILE',
        })
      return [name, openSealedSecret(readFileSync(path, 'utf8'), path, passphrase)]
    }),
  )
}

/** As it leaves. @throws {AuthorityError} (rejects) where it is not there, or would leave in clear. */
export async function sealedOf({ path, read }: HouseSecret, passphrase: string | undefined): Promise<string> {
  if (passphrase === undefined)
    throw new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, 'this secret is not encrypted, and leaves only so', {
      next: 'name a file with a passphrase: countersign backup DIR --keys --passphrase FILE',
    })
  const text = await read()
  if (text !== undefined) return sealSecret(text, passphrase)
  throw new AuthorityError(
    'ERR_AUTHORITY_FILE_MISSING',
    path,
    'this secret is not there, and the backup would lack it',
    {
      next: 'put the copy of it back; the house that runs has it in its memory alone, and does not start again without it',
    },
  )
}

/** Whether a data directory has one already, which is told from the same one by its text. */
export function isThere(path: string, text: string): boolean {
  if (!existsSync(path)) return false
  if (readFileSync(path, 'utf8') === text) return true
  throw new AuthorityError('ERR_AUTHORITY_BACKUP', path, 'another secret is there, and nothing is written over it', {
    next: 'move it away if it is the wrong one: the accounts of its door are worth nothing without the right one',
  })
}

function unopened(path: string, cause?: unknown): AuthorityError {
  const message = 'the passphrase does not open this secret, or it was changed'
  return new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, message, {
    cause,
    next: 'give the passphrase that the backup was made with',
  })
}

function malformed(path: string, cause?: unknown): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_BACKUP', path, 'this is no secret of a backup', { cause })
}

function random(octets: number): Uint8Array {
  return new Uint8Array(randomBytes(octets))
}

function octetsOf(passphrase: string): Uint8Array {
  return new TextEncoder().encode(passphrase)
}
