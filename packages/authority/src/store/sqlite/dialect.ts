// Kysely above `node:sqlite`: one connection, given to one user at a time.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** Makes the dialect of an open database. Whoever opened it closes it. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new OwnQueue(),
    createDriver: () => driverOf(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Kysely has a queue of its own for the one connection, before ours, where nobody could be told that he waits for himself. */
class OwnQueue extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

/** Set for what runs within a transaction. */
export const inTransaction: AsyncLocalStorage<true> = new AsyncLocalStorage()

interface Prepared {
  readonly statement: StatementSync
  readonly hasRows: boolean
}

/** Whether there are rows is asked once: the answer describes each column, and costs more than most statements. */
function prepare(database: DatabaseSync, sql: string): Prepared {
  const statement = database.prepare(sql)
  return { statement, hasRows: statement.columns().length > 0 }
}

/** Texts of statements that are kept prepared: there are some dozens, as none contains a value. */
const MAX_PREPARED = 256

function driverOf(database: DatabaseSync): Driver {
  const prepared = new Map<string, Prepared>()
  const connection: DatabaseConnection = {
    async executeQuery<Result>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Result>> {
      const { statement, hasRows } = prepared.get(sql) ?? prepare(database, sql)
      if (prepared.size < MAX_PREPARED) prepared.set(sql, { statement, hasRows })
      const values = parameters as readonly SQLInputValue[]
      // Kysely knows from the query what its rows are.
      if (hasRows) return { rows: statement.all(...values) as Result[] }
      const { changes, lastInsertRowid } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    },
    // biome-ignore lint/correctness/useYield: nothing here asks for a stream
    async *streamQuery() {
      throw new TypeError('nothing is streamed')
    },
  }
  let last: Promise<void> = Promise.resolve()
  let release: () => void = () => undefined
  const run = (text: string) => async () => database.exec(text)
  return {
    init: async () => undefined,
    async acquireConnection() {
      // It would wait for its own end.
      if (inTransaction.getStore()) throw new TypeError('within a transaction, it is asked, and not the store')
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      await before
      release = resolve
      return connection
    },
    releaseConnection: async () => release(),
    beginTransaction: run('BEGIN IMMEDIATE'),
    commitTransaction: run('COMMIT'),
    // SQLite has already rolled back by itself after some faults, a full disk among them.
    async rollbackTransaction() {
      if (database.isTransaction) database.exec('ROLLBACK')
    },
    destroy: async () => undefined,
  }
}
