// A store moved from its file into PostgreSQL: all of it in one transaction, and not before both have been read and are equal.
import { createHash, type Hash } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Log } from '@countersign/mtls'
import { Kysely, sql } from 'kysely'
import { AuthorityError } from '../error.ts'
import { guarded, syncDirectory } from '../keys/files.ts'
import { isPostgresqlFault, isStorageFault, postgresqlError, storeError } from './fault.ts'
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
  { log, onTable, onRows = () => undefined }: MoveOptions,
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
  const tables: TableCopy[] = []
  {
    await using opened = new AsyncDisposableStack()
    const file = guardedOpen(path, opened)
    const target = await openPostgresql(url, (error) => log('store.failed', { cause: error.message }))
    opened.defer(() => target.close())
    try {
      await target.db.transaction().execute(async (tx) => {
        const there = await anyRow(tx)
        for (const table of tableNames()) {
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

function tableNames(): readonly (keyof Tables)[] {
  return Object.keys(PRIMARY_KEYS) as (keyof Tables)[]
}

function guardedOpen(path: string, opened: AsyncDisposableStack): Kysely<Tables> {
  const database = openStoreFile(path)
  opened.defer(() => database.close())
  return new Kysely<Tables>({ dialect: sqliteDialect(database) })
}

/** Whether there is anything, which is then compared and not written. */
async function anyRow(db: Kysely<Tables>): Promise<boolean> {
  for (const table of tableNames())
    if ((await db.selectFrom(table).select(sql`1`.as('one')).limit(1).execute()).length > 0) return true
  return false
}

async function compare(
  table: keyof Tables,
  file: Kysely<Tables>,
  { db: target, there, where }: { readonly db: Kysely<Tables>; readonly there: boolean; readonly where: string },
  onRows: (table: string, rows: number) => void,
): Promise<TableCopy> {
  const source = createHash('sha256')
  let rows = 0
  for await (const page of pages(file, table)) {
    rows += page.length
    onRows(table, rows)
    for (const row of page) addRow(source, row)
    if (!there)
      await target
        .insertInto(table)
        .values(page as never)
        .execute()
  }
  const copy = createHash('sha256')
  for await (const page of pages(target, table)) for (const row of page) addRow(copy, row)
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
async function* pages(db: Kysely<Tables>, table: keyof Tables): AsyncGenerator<readonly Row[]> {
  const key: readonly string[] = PRIMARY_KEYS[table]
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
  const { rows: numbered } = await sql<{ table_name: keyof Tables; column_name: string }>`
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
