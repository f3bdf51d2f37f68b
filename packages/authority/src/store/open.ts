// The database files of the data directory: made once, locked by one process, refused when they are not ours to read.
import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AuthorityError } from '../error.ts'
import { storeError } from './fault.ts'
import { decideUpgrade, type FoundPart, type StorePart } from './parts.ts'
import { SQLITE } from './words.ts'

export interface DatabaseKind {
  readonly version: number
  /** Run where the file is new, or of an older version without an upgrade. */
  readonly schema: string
  /** By the version that it leads on from, one at a time. */
  readonly upgrades?: Readonly<Record<number, string>>
  /** What else is made in it, in the same transaction. */
  readonly parts?: readonly StorePart[]
  /** FULL: a commit is on the disk. NORMAL: the last ones may be lost with the power, never half-made. */
  readonly synchronous: 'FULL' | 'NORMAL'
  /** What to do where it is damaged, if not to restore it. */
  readonly nextWhenMalformed?: string
}

/**
 * Opens the database at `path`, making it where it is absent. Until it is closed no other process can open it.
 * @param beforeCommit For tests: called when the schema is there, and not durable yet.
 * @throws {AuthorityError} when it is in use, malformed, newer than this program, or cannot be written.
 */
export function openDatabase(
  path: string,
  kind: DatabaseKind,
  beforeCommit: () => void = () => undefined,
): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    // SQLite gives its side files the mode of the main one.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    db = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true })
    // EXCLUSIVE before WAL: then the first lock is kept, and no shared-memory file is made.
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${kind.synchronous}`)
    db.exec('BEGIN IMMEDIATE')
    migrate(db, path, kind)
    migrateParts(db, path, kind.parts ?? [])
    beforeCommit()
    db.exec('COMMIT')
    return db
  } catch (cause) {
    db?.close()
    const error = storeError(path, cause)
    const { nextWhenMalformed: next } = kind
    if (error.code !== 'ERR_AUTHORITY_STORE_MALFORMED' || next === undefined) throw error
    throw new AuthorityError(error.code, path, error.message, { cause, next })
  }
}

function migrate(db: DatabaseSync, path: string, { version, schema, upgrades = {} }: DatabaseKind): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  if (found > version)
    throw new AuthorityError(
      'ERR_AUTHORITY_STORE_NEWER',
      path,
      `it was written by a newer version (schema ${found}; this program knows ${version})`,
    )
  // Reads the schema, which opening has not.
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
  if (upgrades[found] === undefined && found < version) db.exec(schema)
  else for (let from = found; from < version; from++) db.exec(upgrades[from] ?? '')
  if (found < version) db.exec(`PRAGMA user_version = ${version}`)
}

function migrateParts(db: DatabaseSync, where: string, parts: readonly StorePart[]): void {
  if (parts.length === 0) return
  const found = partsOf(db)
  const set = db.prepare(
    'INSERT INTO store_part (name, version) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET version = ?2',
  )
  for (const part of parts) {
    const steps = decideUpgrade(part, { found, words: SQLITE, where })
    for (const step of steps) db.exec(step)
    if (steps.length > 0) set.run(part.name, part.version)
  }
}

/** Which parts the store of an open file has. */
export function partsOf(db: DatabaseSync): readonly FoundPart[] {
  const rows = db.prepare('SELECT name, version FROM store_part').all()
  return rows.map(({ name, version }) => ({ name: String(name), version: Number(version) }))
}
