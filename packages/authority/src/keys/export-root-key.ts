// Taking the root's private key away, so that who takes the machine does not take the root.

import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { openDirectory } from '../directory.ts'
import { AuthorityError } from '../error.ts'
import { sameOctets } from '../octets.ts'
import { errnoOf } from '../store/fault.ts'
import { guarded, syncDirectory, writeNewFile } from './files.ts'
import { FILES, readCertificateFile, readKeyFile } from './hierarchy.ts'
import { readSecret } from './secret.ts'

/**
 * Writes the root's key to `file` (mode 0600, which must not exist), reads it back, and with `remove` then deletes the
 * original. A key that is encrypted stays so; `passphrase` says where its passphrase is. Everything but making a new issuing certificate goes on without it. An authority may run meanwhile.
 * @throws {AuthorityError} when the key is absent already, or `file` cannot be made; the original then stays.
 */
export function exportRootKey(
  directory: string,
  file: string,
  options: { readonly remove: boolean; readonly passphrase?: string },
): void {
  openDirectory(directory)
  const folder = join(directory, FILES.folder)
  const keyPath = join(folder, FILES.rootKey)
  const target = resolve(file)
  if (!existsSync(folder))
    throw new AuthorityError('ERR_AUTHORITY_FILE_MISSING', folder, 'there is no authority here', {
      next: 'start it once with countersign up',
    })
  if (!existsSync(keyPath))
    throw new AuthorityError('ERR_AUTHORITY_ROOT_KEY_ABSENT', keyPath, 'the root key is not here: it was taken away', {
      next: 'find the file that it was exported to',
    })
  const root = readCertificateFile(join(folder, FILES.rootCertificate))
  const passphrase = options.passphrase === undefined ? undefined : readSecret(options.passphrase)
  const key = readKeyFile(keyPath, passphrase)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  if (!sameOctets(spki, root.subjectPublicKeyInfo.der))
    throw new AuthorityError('ERR_AUTHORITY_FILE_MISMATCH', keyPath, 'this is not the key of the root certificate')

  const pem = readFileSync(keyPath, 'utf8')
  try {
    writeNewFile(target, pem, 0o600)
    syncDirectory(dirname(target))
  } catch (cause) {
    if (!(cause instanceof AuthorityError)) throw cause
    throw new AuthorityError('ERR_AUTHORITY_EXPORT', target, `this file cannot be made (${errnoOf(cause.cause)})`, {
      cause,
    })
  }
  if (readFileSync(target, 'utf8') !== pem)
    throw new AuthorityError('ERR_AUTHORITY_EXPORT', target, 'what was written is not what can be read back')
  if (!options.remove) return
  guarded(keyPath, () => {
    rmSync(keyPath)
    syncDirectory(folder)
  })
}
