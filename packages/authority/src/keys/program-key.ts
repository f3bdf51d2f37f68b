// Keys of programs of the house, in the authority's custody: as its own, in files that are backed up and encrypted with them.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuthorityError } from '../error.ts'
import type { Custody } from './custody.ts'
import { replaceFile } from './files.ts'
import { readKeyFile } from './hierarchy.ts'
import { formatKey } from './key-file.ts'

/**
 * Reads the Ed25519 key of a program; where there is none, `isNew` makes it, else it is undefined. What it has signed is for the
 * program to know. Secret.
 * @param name Lower case, digits and hyphens: of the file `program-NAME.key`.
 * @throws {AuthorityError} when it is malformed, open to others, or not as the passphrase promises.
 */
export function programKey(
  folder: string,
  name: string,
  isNew: boolean,
  { passphrase }: Custody,
): KeyObject | undefined {
  if (!/^[a-z0-9-]{1,32}$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a key`)
  const path = join(folder, `program-${name}.key`)
  if (!existsSync(path)) {
    if (!isNew) return undefined
    replaceFile(path, formatKey(generateKeyPairSync('ed25519').privateKey, passphrase), 0o600)
  }
  const key = readKeyFile(path, passphrase)
  if (createPublicKey(key).asymmetricKeyType !== 'ed25519')
    throw new AuthorityError('ERR_AUTHORITY_FILE_MALFORMED', path, 'this private key is not of Ed25519')
  return key
}
