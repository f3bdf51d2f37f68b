// A store of accounts for a test: SQLite in a file, of one process or of several, or in memory.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { TestContext } from 'node:test'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { AccountEntry, LoginStore } from '../../src/model.ts'
import { LOGIN_PART, type SchemaWords } from '../../src/store/schema.ts'
import type { Tables } from '../../src/store/tables.ts'

/** The words of SQLite, as the store of the house has them. */
export const SQLITE_WORDS: SchemaWords = {
  database: 'sqlite',
  integer: 'INTEGER',
  text: 'TEXT',
  octets: 'BLOB',
  strict: 'STRICT',
  withoutRowid: 'STRICT, WITHOUT ROWID',
}

/** A store, with what the house's ledger would have of it. */
export interface TestStore extends LoginStore {
  readonly entries: readonly AccountEntry[]
  readonly database: DatabaseSync
  /** Each text that was asked, for those who look for indexes. */
  readonly asked: ReadonlySet<string>
  /** Once set, commits fail as on a full disk, after all of their work. */
  isFull: boolean
  /** Once set, so many commits go well; the one after them fails as on a full disk, and the next go well again. */
  failsAfter: number | undefined
  close(): void
}

/** Opens a store; `path` is that of a file, which other processes may have open too. */
export function openTestStore(path = ':memory:'): TestStore {
  const database = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true })
  database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
  const has = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'login_account'").get()
  if (Number(has?.['n']) === 0) database.exec(LOGIN_PART.schemaIn(SQLITE_WORDS))
  database.exec('COMMIT')
  const asked = new Set<string>()
  const entries: AccountEntry[] = []
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOf(database, asked),
      createIntrospector: (one) => new SqliteIntrospector(one),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const store: TestStore = {
    db,
    entries,
    database,
    asked,
    isFull: false,
    failsAfter: undefined,
    async commit(work) {
      const written: AccountEntry[] = []
      const result = await db.transaction().execute(async (tx) => {
        const done = await work({
          db: tx,
          record: async (entry) => {
            written.push(entry)
          },
        })
        if (store.failsAfter === 0 || store.isFull) {
          store.failsAfter = undefined
          throw new Error('database or disk is full')
        }
        if (store.failsAfter !== undefined) store.failsAfter--
        return done
      })
      entries.push(...written)
      return result
    },
    close: () => database.close(),
  }
  return store
}

/** A store that is closed after the test. */
export function testStore(t: TestContext, path?: string): TestStore {
  const store = openTestStore(path)
  t.after(() => store.close())
  return store
}

function driverOf(database: DatabaseSync, asked: Set<string>): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery) {
      asked.add(sql)
      const statement = database.prepare(sql)
      const values = parameters as readonly SQLInputValue[]
      if (statement.columns().length > 0) return { rows: statement.all(...values) as Row[] }
      const { changes, lastInsertRowid } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    },
    // biome-ignore lint/correctness/useYield: nothing here asks for a stream
    async *streamQuery() {
      throw new TypeError('nothing is streamed')
    },
  }
  const run = (text: string) => async () => database.exec(text)
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: run('BEGIN IMMEDIATE'),
    commitTransaction: run('COMMIT'),
    rollbackTransaction: async () => {
      if (database.isTransaction) database.exec('ROLLBACK')
    },
    destroy: async () => undefined,
  }
}
