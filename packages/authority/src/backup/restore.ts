// A data directory made from a backup: judged whole before anything is written, and set to go on with numbers that nobody has seen.
import { existsSync } from 'node:fs'
import { chown, cp, lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AuthorityError } from '../error.ts'
import { replaceFile, syncDirectory, writeNewFile } from '../keys/files.ts'
import { FILES, readCertificateFile } from '../keys/hierarchy.ts'
import { sha256 } from '../octets.ts'
import { errnoOf, storeError } from '../store/fault.ts'
import { HAPPENED_FROM_SETTING } from '../store/ledger.ts'
import type { StorePart } from '../store/parts.ts'
import { CRL_FROM_SETTING, NEXT_AFTER_RESTORE } from '../store/restored.ts'
import { MANIFEST, type Manifest, parseManifest, sha256OfFile } from './manifest.ts'
import { isThere, openSecrets, SEALED } from './secret.ts'

/** What was restored. */
export interface Restored extends Manifest {
  /** Of the keys that an authority starts with, those that are still to be put there. */
  readonly missingKeys: readonly string[]
  /** Of the secrets that the house had beside its keys, those that the backup does not hold: where they are to be put. */
  readonly missingSecrets: readonly string[]
}

/**
 * Makes the data directory `directory` from `backup`. Serial numbers are random and come never again; the numbers of
 * revocation lists and events go on far behind what was given out since the backup was made.
 * @param passphrase Of the secrets in it; keys stay as they are.
 * @param parts Of the store: what was under way in them ends.
 * @throws {AuthorityError} (rejects) where the backup is not whole, or something is in the way; nothing is there then.
 */
export async function restoreBackup(
  backup: string,
  directory: string,
  { passphrase, parts = [] }: { readonly passphrase?: string | undefined; readonly parts?: readonly StorePart[] } = {},
): Promise<Restored> {
  const manifest = await judge(backup)
  const secrets = openSecrets(backup, manifest, passphrase)
  const sealed = new Set([...secrets.keys()].map((name) => `${name}${SEALED}`))
  if (existsSync(directory) && (await readdir(directory)).length > 0)
    throw new AuthorityError(
      'ERR_AUTHORITY_BACKUP',
      directory,
      'there is something already, and nothing is written over it',
      {
        next: 'name a directory that does not exist yet, or move this one away',
      },
    )
  const unfinished = `${directory}.new`
  const before = existsSync(directory) ? await lstat(directory) : undefined
  try {
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    for (const name of Object.keys(manifest.files)) {
      if (sealed.has(name)) continue
      await mkdir(dirname(join(unfinished, name)), { recursive: true, mode: 0o700 })
      // What a link leads to, and no link: what is written to the store below must be written here.
      await cp(join(backup, name), join(unfinished, name), { preserveTimestamps: true, dereference: true })
    }
    for (const [name, text] of secrets) {
      await mkdir(dirname(join(unfinished, name)), { recursive: true, mode: 0o700 })
      writeNewFile(join(unfinished, name), text, 0o600)
    }
    const store = join(unfinished, 'store.db')
    if (existsSync(store)) goOn(store, parts)
    if (before) await giveAll(unfinished, before)
    syncDirectory(unfinished)
    if (existsSync(directory)) await rm(directory, { recursive: true })
    await rename(unfinished, directory)
    syncDirectory(dirname(directory))
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    const errno = errnoOf(cause)
    if (cause instanceof AuthorityError || errno === undefined) throw cause
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', directory, `it cannot be restored there (${errno})`, { cause })
  }
  const missingKeys = [FILES.issuingKey, FILES.ledgerKey]
    .map((name) => join(directory, FILES.folder, name))
    .filter((path) => !existsSync(path))
  return { ...manifest, missingKeys, missingSecrets: missingOf(manifest, secrets, directory) }
}

/** What became of one secret. */
export interface RestoredSecret {
  readonly path: string
  /** Whether it was there already, the same. */
  readonly wasThere: boolean
}

/**
 * Puts back the secrets alone, into a data directory of the same house that has lost them.
 * @throws {AuthorityError} (rejects) where it is another house's, the backup holds none, or another secret is there; nothing is written then.
 */
export async function restoreSecrets(
  backup: string,
  directory: string,
  { passphrase }: { readonly passphrase?: string | undefined },
): Promise<readonly RestoredSecret[]> {
  const manifest = await judge(backup)
  const root = readCertificateFile(join(directory, FILES.folder, FILES.rootCertificate))
  if (sha256(root.der).toHex() !== manifest.rootSha256)
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', directory, 'this data directory is of another authority', {
      next: 'name the data directory of the house that the backup is of',
    })
  const secrets = openSecrets(backup, manifest, passphrase)
  if (secrets.size === 0)
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', backup, 'this backup holds no secrets of doors', {
      next: 'name one that was made with --keys while people could sign in',
    })
  const found = [...secrets].map(([name, text]) => {
    const path = join(directory, name)
    return { path, text, wasThere: isThere(path, text) }
  })
  const owner = await lstat(directory)
  for (const { path, text, wasThere } of found) {
    if (wasThere) continue
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    replaceFile(path, text, 0o600)
    // Whoever put it back may be root, and who reads it is the owner of the house.
    for (const one of [dirname(dirname(path)), dirname(path), path]) await give(one, owner)
  }
  return found.map(({ path, wasThere }) => ({ path, wasThere }))
}

function missingOf({ secrets }: Manifest, held: ReadonlyMap<string, string>, directory: string): readonly string[] {
  return secrets.filter((name) => !held.has(name)).map((name) => join(directory, name))
}

type Owner = Readonly<{ uid: number; gid: number }>

async function giveAll(directory: string, owner: Owner): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    await give(join(entry.parentPath, entry.name), owner)
  await give(directory, owner)
}

/** Only root gives files away; whoever else restores is the owner. */
async function give(path: string, { uid, gid }: Owner): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, uid, gid)
}

/** Every octet is as it was written, and the store is of this root. */
async function judge(backup: string): Promise<Manifest> {
  const path = join(backup, MANIFEST)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', path, `this file cannot be read (${errnoOf(cause)})`, { cause })
  })
  const manifest = parseManifest(text, path)
  for (const [name, expected] of Object.entries(manifest.files)) {
    const file = join(backup, name)
    const found = await sha256OfFile(file).catch((cause: unknown) => {
      throw new AuthorityError('ERR_AUTHORITY_BACKUP', file, `this file cannot be read (${errnoOf(cause)})`, { cause })
    })
    if (found !== expected)
      throw new AuthorityError('ERR_AUTHORITY_BACKUP', file, 'this file is not as it was when the backup was made')
  }
  const root = readCertificateFile(join(backup, FILES.folder, FILES.rootCertificate))
  if (sha256(root.der).toHex() !== manifest.rootSha256)
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', path, 'the root certificate is of another authority')
  return manifest
}

/** Numbers that were given out since are never given again, and what was under way ends. */
function goOn(path: string, parts: readonly StorePart[]): void {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path)
    const [found] = db.prepare('PRAGMA integrity_check').all()
    if (found?.['integrity_check'] !== 'ok')
      throw new AuthorityError(
        'ERR_AUTHORITY_STORE_MALFORMED',
        path,
        `the store is damaged: ${found?.['integrity_check']}`,
      )
    db.exec('BEGIN IMMEDIATE')
    const next = (last: unknown) => Number(last) + NEXT_AFTER_RESTORE
    // By these doors know events, and receipts entries of the ledger.
    for (const [table, column] of [
      ['event', 'sequence'],
      ['ledger_entry', 'id'],
    ] as const) {
      const given = db.prepare(`SELECT coalesce(max(${column}), 0) AS last FROM ${table}`).get()
      db.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(table)
      db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, next(given?.['last']))
    }
    const lists = db.prepare('SELECT coalesce(max(number), 0) AS last FROM crl').get()
    const happened = db.prepare('SELECT coalesce(max(number), 0) AS last FROM ledger_entry').get()
    const set = db.prepare(
      'INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2',
    )
    set.run(CRL_FROM_SETTING, String(next(lists?.['last'])))
    set.run(HAPPENED_FROM_SETTING, String(next(happened?.['last'])))
    endUnderWay(db, parts)
    db.exec('COMMIT')
  } catch (cause) {
    throw storeError(path, cause)
  } finally {
    db?.close()
  }
}

/** A store that was written before there were parts has none. */
function endUnderWay(db: DatabaseSync, parts: readonly StorePart[]): void {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'store_part'").get() === undefined) return
  const find = db.prepare('SELECT version FROM store_part WHERE name = ?')
  for (const { name, restored } of parts) {
    const found = find.get(name)
    if (found !== undefined && restored !== undefined) db.exec(restored(Number(found['version'])))
  }
}
