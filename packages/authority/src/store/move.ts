// A store moved from its file into PostgreSQL: all of it in one transaction, and not before both have been read and are equal.
import { createHash, type Hash } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Log } from '@countersign/mtls'
import { Kysely, sql } from 'kysely'
import { AuthorityError } from '../error.ts'
import { guarded, syncDirectory } from '../keys/files.ts'
import { isPostgresqlFault, isStorageFault, postgresqlError, storeError } from './fault.ts'
import { partsOf } from './open.ts'
import { checkParts, type StorePart } from './parts.ts'
import { openPostgresql, withoutSecrets } from './postgresql/open.ts'
import { sqliteDialect } from './sqlite/dialect.ts'
import { openStoreFile, STORE_FILE } from './store.ts'
import { PRIMARY_KEYS, type Tables } from './tables.ts'

/** What a table holds. */
export interface TableCopy {
  readonly table: string
  readonly rows: number
  /** Lower-case hexadecimal, of every column of every row in the order of the primary key. */
  readonly sha256: string
}

export interface Moved {
  readonly tables: readonly TableCopy[]
  /** Where the file is now: nothing reads it any more. */
  readonly kept: string
}

export interface MoveOptions {
  readonly log: Log
  /** Of every program that may have brought one. */
  readonly parts?: readonly StorePart[]
  readonly onTable: (copied: TableCopy) => void
  readonly onRows?: (table: string, rows: number) => void
}

/** Rows of one question and one statement: below 65,535 values, PostgreSQL's limit. */
const ROWS_AT_ONCE = 500
const MOVED = 'moved'

interface Row {
  readonly [column: string]: number | string | Uint8Array | null
}

/**
 * Copies the store of the data directory `directory`, which no authority has open, into the empty database at `url`, and then gives the file
 * another name, so that nobody starts with it. A move that was cut short is begun anew, or ended where all was there.
 * @param onTable Called with each table once it is copied and compared.
 * @param onRows Called with how many rows of a table have been copied, again and again.
 * @throws {AuthorityError} (rejects) with everything as it was before.
 */
export async function moveStore(
  directory: string,
  url: string,
  { log, parts: known = [], onTable, onRows = () => undefined }: MoveOptions,
): Promise<Moved> {
  const path = join(directory, STORE_FILE)
  const kept = movedFrom(path)
  if (!existsSync(path))
    throw new AuthorityError('ERR_AUTHORITY_STORE_MISSING', path, 'there is no store to be moved', {
      next: existsSync(kept)
        ? 'it has been moved already: set authority.store in countersign.yaml, and start'
        : 'name the data directory of the authority with --data',
    })
  if (existsSync(kept))
    throw new AuthorityError('ERR_AUTHORITY_EXPORT', kept, 'the file of an earlier move is there', {
      next: 'put it elsewhere, and move again',
    })
  checkParts(known)
  const tables: TableCopy[] = []
  {
    await using opened = new AsyncDisposableStack()
    const parts = partsIn(path, known)
    const copiedTables = tablesOf(parts)
    const file = guardedOpen(path, parts, opened)
    const target = await openPostgresql(url, (error) => log('store.failed', { cause: error.message }), parts)
    opened.defer(() => target.close())
    try {
      await target.db.transaction().execute(async (tx) => {
        const there = await anyRow(tx, copiedTables)
        for (const table of copiedTables) {
          const copied = await compare(table, file, { db: tx, there, where: withoutSecrets(url) }, onRows)
          tables.push(copied)
          onTable(copied)
        }
        if (!there) await goOn(file, tx)
      })
    } catch (cause) {
      if (isStorageFault(cause)) throw storeError(path, cause)
      throw isPostgresqlFault(cause) ? postgresqlError(withoutSecrets(url), cause) : cause
    }
  }
  guarded(path, () => {
    renameSync(path, kept)
    syncDirectory(dirname(path))
  })
  return { tables, kept }
}

/** A table of the store, or of a part. */
interface Table {
  readonly name: string
  /** Its primary key. */
  readonly key: readonly string[]
}

/** Made where a database is opened, with what the parts are then. */
const MADE: keyof Tables = 'store_part'

/** Those of `known` that the file has: the others are not made by a move. @throws {AuthorityError} where it has one more. */
function partsIn(path: string, known: readonly StorePart[]): readonly StorePart[] {
  using database = openStoreFile(path)
  return partsOf(database).map(({ name }) => {
    const part = known.find((one) => one.name === name)
    if (part !== undefined) return part
    throw new AuthorityError(
      'ERR_AUTHORITY_STORE_NEWER',
      path,
      `it has a part that this program does not know: ${name}`,
    )
  })
}

/** All that is copied, in its order. */
function tablesOf(parts: readonly StorePart[]): readonly Table[] {
  return [PRIMARY_KEYS, ...parts.map((part) => part.primaryKeys)].flatMap((keys) =>
    Object.entries(keys).map(([name, key]) => ({ name, key })),
  )
}

function guardedOpen(path: string, parts: readonly StorePart[], opened: AsyncDisposableStack): Kysely<Tables> {
  const database = openStoreFile(path, parts)
  opened.defer(() => database.close())
  return new Kysely<Tables>({ dialect: sqliteDialect(database) })
}

/** Whether there is anything, which is then compared and not written. */
async function anyRow(db: Kysely<Tables>, tables: readonly Table[]): Promise<boolean> {
  for (const { name } of tables) {
    if (name === MADE) continue
    if ((await sql`SELECT 1 FROM ${sql.table(name)} LIMIT 1`.execute(db)).rows.length > 0) return true
  }
  return false
}

async function compare(
  { name: table, key }: Table,
  file: Kysely<Tables>,
  { db: target, there, where }: { readonly db: Kysely<Tables>; readonly there: boolean; readonly where: string },
  onRows: (table: string, rows: number) => void,
): Promise<TableCopy> {
  const source = createHash('sha256')
  let rows = 0
  for await (const page of pages(file, { name: table, key })) {
    rows += page.length
    onRows(table, rows)
    for (const row of page) addRow(source, row)
    if (!there && table !== MADE)
      await target
        // Of a part, the types do not know it.
        .insertInto(table as keyof Tables)
        .values(page as never)
        .execute()
  }
  const copy = createHash('sha256')
  for await (const page of pages(target, { name: table, key })) for (const row of page) addRow(copy, row)
  const sha256 = source.digest('hex')
  if (copy.digest('hex') === sha256) return { table, rows, sha256 }
  if (there)
    throw new AuthorityError('ERR_AUTHORITY_STORE_OCCUPIED', where, `its table ${table} holds something else`, {
      next: 'name an empty database; where this is the authority itself, moved before and in use since, put the file elsewhere',
    })
  throw new AuthorityError('ERR_AUTHORITY_STORE', where, `the copy of table ${table} is not equal to the file`, {
    next: 'nothing was changed; check both databases',
  })
}

/** All rows in the order of the primary key: octet by octet in both databases. */
async function* pages(db: Kysely<Tables>, { name: table, key }: Table): AsyncGenerator<readonly Row[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  for (let last: Row | undefined; ; ) {
    const after: Row | undefined = last
    const beyond = after && sql`WHERE (${columns}) > (${sql.join(key.map((column) => after[column]))})`
    const { rows } = await sql<Row>`SELECT * FROM ${sql.table(table)} ${beyond ?? sql``}
      ORDER BY ${columns} LIMIT ${sql.lit(ROWS_AT_ONCE)}`.execute(db)
    if (rows.length > 0) yield rows
    if (rows.length < ROWS_AT_ONCE) return
    last = rows.at(-1)
  }
}

/** One text for each row, whatever the database: columns by name, octets as hexadecimal. */
function addRow(hash: Hash, row: Row): void {
  const columns = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
  hash.update(
    `${JSON.stringify(
      columns.map(([name, value]) => [
        name,
        value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value,
      ]),
    )}\n`,
  )
}

/** Numbers that PostgreSQL gives go on behind those that SQLite gave, also of rows that are no longer there. */
async function goOn(file: Kysely<Tables>, target: Kysely<Tables>): Promise<void> {
  const { rows: given } = await sql<{ name: string; seq: number }>`SELECT name, seq FROM sqlite_sequence`.execute(file)
  const { rows: numbered } = await sql<{ table_name: string; column_name: string }>`
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_identity = 'YES'`.execute(target)
  for (const { table_name, column_name } of numbered) {
    const { rows } = await sql<{ last: number | null }>`
      SELECT max(${sql.ref(column_name)}) AS last FROM ${sql.table(table_name)}`.execute(target)
    const last = Math.max(rows[0]?.last ?? 0, given.find(({ name }) => name === table_name)?.seq ?? 0)
    if (last > 0)
      await sql`SELECT setval(pg_get_serial_sequence(${table_name}, ${column_name}), ${last})`.execute(target)
  }
}

/** The name that a store's file has after its move. */
export function movedFrom(path: string): string {
  return `${path}.${MOVED}`
}
