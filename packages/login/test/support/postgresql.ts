// A store of accounts in PostgreSQL, as the store of the house is there: READ COMMITTED, begun anew where another came between.
import { after, type TestContext } from 'node:test'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Postgresql, startPostgresql } from '../../../../interop/postgresql.ts'
import type { AccountEntry, LoginStore } from '../../src/model.ts'
import { LOGIN_PART, type SchemaWords } from '../../src/store/schema.ts'
import type { Tables } from '../../src/store/tables.ts'

/** The words of PostgreSQL, as the store of the house has them. */
export const POSTGRESQL_WORDS: SchemaWords = {
  database: 'postgresql',
  integer: 'BIGINT',
  text: 'TEXT COLLATE "C"',
  octets: 'BYTEA',
  strict: '',
  withoutRowid: '',
}
const INT8 = 20
const MAX_ATTEMPTS = 8

let server: Promise<Postgresql> | undefined
after(async () => (await server)?.[Symbol.asyncDispose]())
let databases = 0

/** A database of the test's own, with nothing in it. */
export async function emptyDatabase(t: TestContext): Promise<pg.Pool> {
  server ??= startPostgresql()
  const { url } = await server
  const name = `login_${++databases}`
  const client = new pg.Client({ connectionString: url('postgres') })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const types = {
    getTypeParser: ((oid, format) =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
  }
  const pool = new pg.Pool({ connectionString: url(name), max: 16, types })
  // As the authority's: the server says goodbye to connections that rest, and some hear it after they were ended.
  pool.on('error', () => undefined)
  pool.on('connect', (connected) => connected.on('error', () => undefined))
  t.after(() => pool.end())
  return pool
}

/** A store in one. */
export async function postgresqlStore(
  t: TestContext,
): Promise<LoginStore & { readonly entries: readonly AccountEntry[] }> {
  const pool = await emptyDatabase(t)
  await pool.query(LOGIN_PART.schemaIn(POSTGRESQL_WORDS))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const entries: AccountEntry[] = []
  return {
    db,
    entries,
    async commit(work) {
      for (let attempt = 1; ; attempt++) {
        const written: AccountEntry[] = []
        const record = async (entry: AccountEntry) => void written.push(entry)
        try {
          const result = await db.transaction().execute((tx) => work({ db: tx, record }))
          entries.push(...written)
          return result
        } catch (error) {
          const isPassing = error instanceof pg.DatabaseError && ['40001', '40P01'].includes(error.code ?? '')
          if (!isPassing || attempt >= MAX_ATTEMPTS) throw error
        }
      }
    },
  }
}
