// A store in PostgreSQL: several authorities share it, and keep no state of their own.
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { DatabaseError, Pool, types } from 'pg'
import { AuthorityError } from '../../error.ts'
import { isPostgresqlFault, PASSWORD_PLACE, postgresqlError } from '../fault.ts'
import { decideUpgrade, type StorePart } from '../parts.ts'
import { SCHEMA, SCHEMA_VERSION } from '../schema.ts'
import type { Tables } from '../tables.ts'
import { POSTGRESQL_UPGRADES } from '../upgrades.ts'
import { POSTGRESQL } from '../words.ts'
import { createListening, type Listening } from './listen.ts'

/** Connections of one process. Each transaction has its own, and PostgreSQL makes those that end together durable together. */
const MAX_CONNECTIONS = 16
const CONNECT_MS = 5_000
/** A statement takes milliseconds; one that does not is of a database that is ill. */
const STATEMENT_MS = 30_000
/** How often a transaction is begun anew that another one made impossible. */
const MAX_ATTEMPTS = 8

const INT8 = 20
const ADVISORY_LOCK_OF_SCHEMA = 0x636f756e

/** An open database. */
export interface Postgresql {
  readonly db: Kysely<Tables>
  /** Runs `work` in a transaction of its own; begun anew where another one came between. */
  commit<Result>(work: (tx: Transaction<Tables>) => Promise<Result>): Promise<Result>
  /** Calls `listener` with each word on `channel`, and without one after the connection was away, when words may have been missed. */
  listen(channel: string, listener: (word?: string) => void): void
  close(): Promise<void>
}

/**
 * A pool of at most `most` connections, none of which is open yet.
 * @param url As in `postgres://user@host/database`, without a password.
 * @throws {AuthorityError}
 */
export function connectPostgresql<Schema>(url: string, most: number, onFault: (error: Error) => void): Kysely<Schema> {
  if (hasPassword(url))
    throw new AuthorityError('ERR_AUTHORITY_OPTION', withoutSecrets(url), 'a password stands in `store`', {
      next: PASSWORD_PLACE,
    })
  const pool = new Pool({
    connectionString: url,
    max: most,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    application_name: 'countersign',
    // Numbers of ours are below 2^53.
    types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : types.getTypeParser(oid, format)) },
  })
  // A connection that waited in the pool ended: the next question opens another.
  pool.on('error', onFault)
  // One that is at work tells whoever waits for its answer; without a listener it would end the process as well.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
}

/**
 * Connects, and makes or checks the schema.
 * @param url As in `postgres://user@host/database`, without a password.
 * @param beforeCommit For tests: called when the schema is there, and not durable yet.
 * @throws {AuthorityError}
 */
export async function openPostgresql(
  url: string,
  onFault: (error: Error) => void,
  parts: readonly StorePart[] = [],
  beforeCommit: () => void = () => undefined,
): Promise<Postgresql> {
  const where = withoutSecrets(url)
  const db = connectPostgresql<Tables>(url, MAX_CONNECTIONS, onFault)
  const listening = new Set<Listening>()
  const opened: Postgresql = {
    db,
    commit: committing(db, where),
    listen: (channel, listener) => void listening.add(createListening(url, { channel, listener, onFault })),
    async close() {
      await Promise.all([...listening].map((each) => each.close()))
      await db.destroy()
    },
  }
  try {
    await db.transaction().execute(async (tx) => {
      await migrate(tx, where)
      await migrateParts(tx, where, parts)
      beforeCommit()
    })
    return opened
  } catch (cause) {
    await db.destroy()
    throw postgresqlError(where, cause)
  }
}

async function migrate(tx: Transaction<Tables>, where: string): Promise<void> {
  // Of authorities that start together, one makes it.
  await sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK_OF_SCHEMA})`.execute(tx)
  await sql`CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`.execute(tx)
  const { rows } = await sql<{ version: number }>`SELECT version FROM schema_version`.execute(tx)
  const found = rows[0]?.version
  if (found === undefined) {
    await sql.raw(SCHEMA.postgresql).execute(tx)
    await sql`INSERT INTO schema_version VALUES (${SCHEMA_VERSION})`.execute(tx)
  } else if (found > SCHEMA_VERSION)
    throw new AuthorityError(
      'ERR_AUTHORITY_STORE_NEWER',
      where,
      `it was written by a newer version (schema ${found}; this program knows ${SCHEMA_VERSION})`,
    )
  else if (found < SCHEMA_VERSION) {
    for (let from = found; from < SCHEMA_VERSION; from++) await sql.raw(POSTGRESQL_UPGRADES[from] ?? '').execute(tx)
    await sql`UPDATE schema_version SET version = ${SCHEMA_VERSION}`.execute(tx)
  }
}

async function migrateParts(tx: Transaction<Tables>, where: string, parts: readonly StorePart[]): Promise<void> {
  if (parts.length === 0) return
  const found = await tx.selectFrom('store_part').selectAll().execute()
  for (const part of parts) {
    const steps = decideUpgrade(part, { found, words: POSTGRESQL, where })
    for (const step of steps) await sql.raw(step).execute(tx)
    if (steps.length === 0) continue
    const { name, version } = part
    await tx
      .insertInto('store_part')
      .values({ name, version })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ version }))
      .execute()
  }
}

function committing(db: Kysely<Tables>, where: string): Postgresql['commit'] {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute(work)
      } catch (cause) {
        if (attempt < MAX_ATTEMPTS && isPassing(cause)) continue
        throw isPostgresqlFault(cause) ? postgresqlError(where, cause) : cause
      }
    }
  }
}

/** PostgreSQL documentation, appendix A: `serialization_failure` and `deadlock_detected`. */
function isPassing(cause: unknown): boolean {
  return cause instanceof DatabaseError && (cause.code === '40001' || cause.code === '40P01')
}

function hasPassword(url: string): boolean {
  try {
    const { password, searchParams } = new URL(url)
    return password !== '' || searchParams.has('password')
  } catch {
    return false
  }
}

/** For errors and logs. */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname, searchParams } = new URL(url)
    // A socket's directory stands among the parameters.
    return `${protocol}//${host || (searchParams.get('host') ?? '')}${pathname}`
  } catch {
    return 'postgres:'
  }
}
