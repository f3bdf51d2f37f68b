// A copy of all that an authority must not lose, made while it runs: whole, with its manifest, or not there.
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { AuthorityError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { guarded, syncDirectory, writeNewFile } from '../keys/files.ts'
import { FILES } from '../keys/hierarchy.ts'
import { formatKey, isEncryptedKeyFile, parseKey } from '../keys/key-file.ts'
import { errnoOf } from '../store/fault.ts'
import { formatManifest, MANIFEST, sha256OfFile } from './manifest.ts'
import { type HouseSecret, SEALED, sealedOf } from './secret.ts'

/** What is copied, and where to. */
export interface BackupOptions {
  /** The data directory. */
  readonly directory: string
  /** Made; it must not be there. */
  readonly target: string
  /** Writes the store, as it is at one moment, to a file. Absent where it is in PostgreSQL, which has ways of its own. */
  readonly copyStore?: (file: string) => Promise<void>
  /** Hexadecimal. */
  readonly rootSha256: string
  /** Absent: no keys. Those that are encrypted are copied as they are; others are encrypted under this, where it is given. */
  readonly keys?: { readonly passphrase?: string }
  /** Of other programs of the house; they leave where the keys do. */
  readonly secrets: readonly HouseSecret[]
  /** Of the keys that are encrypted, where they are files: of secrets too, where no other is given. Secret. */
  readonly ownPassphrase?: string | undefined
  readonly now: Temporal.Instant
  /** For tests. */
  readonly failpoint?: Failpoint
}

const STORE = 'store.db'

/**
 * Makes the backup. What was begun and not ended is not there after it.
 * @throws {AuthorityError} (rejects) where it cannot be made, or a key would leave in clear.
 */
export async function makeBackup(options: BackupOptions): Promise<void> {
  const { directory, target, copyStore, rootSha256, keys, secrets, now, failpoint = () => undefined } = options
  if (existsSync(target))
    throw new AuthorityError(
      'ERR_AUTHORITY_EXPORT',
      target,
      'there is something already, and nothing is written over it',
    )
  const unfinished = `${target}.new`
  try {
    await rm(unfinished, { recursive: true, force: true })
    // Where it is to be must be there: a path that was mistyped is not made.
    await mkdir(unfinished, { mode: 0o700 })
    await mkdir(join(unfinished, FILES.folder), { mode: 0o700 })
    if (copyStore) {
      await copyStore(join(unfinished, STORE))
      // It has the keys of invitations: wherever the directory is copied to, it stays its owner's.
      await chmod(join(unfinished, STORE), 0o600)
    }
    for (const name of [FILES.rootCertificate, FILES.issuingCertificate])
      await cp(join(directory, FILES.folder, name), join(unfinished, FILES.folder, name))
    // The ledger is in the store: its files are written again from there, to the octet.
    if (keys)
      // Each issuer has its own, beside the ledger's.
      for (const name of await readdir(join(directory, FILES.folder)))
        if (name.endsWith('.key')) await copyKey(options, unfinished, name)
    if (keys) for (const secret of secrets) await copySecret(options, unfinished, secret)
    const files: Record<string, string> = {}
    for (const path of await filesOf(unfinished)) files[relative(unfinished, path)] = await sha256OfFile(path)
    guarded(target, () =>
      writeNewFile(
        join(unfinished, MANIFEST),
        formatManifest({
          ...{ at: now, rootSha256, hasKeys: keys !== undefined },
          ...{ secrets: secrets.map(({ name }) => name), files },
        }),
        0o600,
      ),
    )
    syncDirectory(unfinished)
    failpoint('backup.before-rename')
    await rename(unfinished, target)
    syncDirectory(dirname(target))
    failpoint('backup.after-rename')
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    const errno = errnoOf(cause)
    if (cause instanceof AuthorityError || errno === undefined) throw cause
    throw new AuthorityError(
      errno === 'ENOSPC' ? 'ERR_AUTHORITY_STORE_FULL' : 'ERR_AUTHORITY_EXPORT',
      target,
      `the backup cannot be written there (${errno})`,
      { cause, next: 'name a directory that does not exist yet, where there is room' },
    )
  }
}

/** A key that is on a token, or was taken away, is not there to copy. */
async function copyKey({ directory, keys }: BackupOptions, unfinished: string, name: string): Promise<void> {
  const path = join(directory, FILES.folder, name)
  if (!existsSync(path)) return
  const pem = await readFile(path, 'utf8')
  const isEncrypted = isEncryptedKeyFile(path)
  if (!isEncrypted && keys?.passphrase === undefined)
    throw new AuthorityError('ERR_AUTHORITY_KEY_PASSPHRASE', path, 'this key is not encrypted, and leaves only so', {
      next: 'name a file with a passphrase: countersign backup DIR --keys --passphrase FILE',
    })
  const copy = isEncrypted ? pem : formatKey(parseKey(pem, path, undefined), keys?.passphrase)
  await writeFile(join(unfinished, FILES.folder, name), copy, { mode: 0o600, flush: true })
}

async function copySecret(
  { keys, ownPassphrase }: BackupOptions,
  unfinished: string,
  secret: HouseSecret,
): Promise<void> {
  const path = join(unfinished, `${secret.name}${SEALED}`)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const sealed = await sealedOf(secret, keys?.passphrase ?? ownPassphrase)
  await writeFile(path, sealed, { mode: 0o600, flush: true })
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
