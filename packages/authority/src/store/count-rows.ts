// How many rows a table of a part has, of a store that no program has open: looked at as it lies there, and not led on.
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { storeError } from './fault.ts'

/**
 * Rows of `table` by the value of `column`; none where there is no such table. No row is changed; SQLite may make the file of
 * shared memory beside its own, which nobody needs afterwards.
 * @param place The path of a file, or `postgres://user@host/database`. @param table And `column`: names of our own, not of callers.
 * @throws {AuthorityError} (rejects) where it cannot be read; `ERR_AUTHORITY_IN_USE` where a process has the file open.
 */
export async function countRows(place: string, table: string, column: string): Promise<ReadonlyMap<string, number>> {
  return /^postgres(?:ql)?:/.test(place) ? countInPostgresql(place, table, column) : countInFile(place, table, column)
}

function countInFile(path: string, table: string, column: string): ReadonlyMap<string, number> {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 0 })
    const has = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table)
    if (has === undefined) return new Map()
    const rows = db.prepare(`SELECT ${column} AS value, count(*) AS n FROM ${table} GROUP BY ${column}`).all()
    return new Map(rows.map(({ value, n }) => [String(value), Number(n)]))
  } catch (cause) {
    throw storeError(path, cause)
  } finally {
    db?.close()
  }
}

async function countInPostgresql(url: string, table: string, column: string): Promise<ReadonlyMap<string, number>> {
  const { connectPostgresql, withoutSecrets } = await import('./postgresql/open.ts')
  const { postgresqlError } = await import('./fault.ts')
  const db = connectPostgresql<Record<string, never>>(url, 1, () => undefined)
  try {
    const { rows: found } = await sql<{ there: string | null }>`SELECT to_regclass(${table})::text AS there`.execute(db)
    if (found[0]?.there == null) return new Map()
    const question = sql<{ value: string; n: number }>`
      SELECT ${sql.ref(column)} AS value, count(*) AS n FROM ${sql.table(table)} GROUP BY 1`
    return new Map((await question.execute(db)).rows.map(({ value, n }) => [value, n]))
  } catch (cause) {
    throw postgresqlError(withoutSecrets(url), cause)
  } finally {
    await db.destroy()
  }
}
