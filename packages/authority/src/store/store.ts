// All that the authority must not forget: in one file, or in PostgreSQL.
import { randomUUID } from 'node:crypto'
import { backup, type DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { Log } from '@countersign/mtls'
import { Kysely, sql } from 'kysely'
import type { Failpoint } from '../failpoints.ts'
import { type AnswerStore, createAnswerStore } from './answers.ts'
import { type CertificateStore, createCertificateStore } from './certificates.ts'
import { createExpiryStore, type ExpiryStore } from './expiry.ts'
import { createInvitationStore, type InvitationStore } from './invitations.ts'
import { createIssuerStore, type IssuerStore } from './issuers.ts'
import { createKeyStore, type KeyStore } from './keys.ts'
import { createLedgerEntries, type LedgerEntries } from './ledger.ts'
import { openDatabase } from './open.ts'
import { createPartyStore, type PartyStore } from './parties.ts'
import { checkParts, type StorePart } from './parts.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'
import { createGroupCommit } from './sqlite/commit.ts'
import { sqliteDialect } from './sqlite/dialect.ts'
import { createStatusStore, type StatusStore } from './status.ts'
import type { Tables } from './tables.ts'
import { SQLITE_UPGRADES } from './upgrades.ts'
import { createWatchStore, type WatchStore } from './watch.ts'

/** In the data directory, where the store is not elsewhere. */
export const STORE_FILE = 'store.db'

/** What can be asked and, within a transaction, written. */
export interface Repositories {
  readonly answers: AnswerStore
  readonly certificates: CertificateStore
  readonly invitations: InvitationStore
  readonly issuers: IssuerStore
  readonly parties: PartyStore
  readonly status: StatusStore
  readonly ledger: LedgerEntries
  readonly watch: WatchStore
  readonly keys: KeyStore
  readonly expiry: ExpiryStore
  setting(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** The tables of a part that the store was opened with. @throws {TypeError} where it was not. */
  part<PartTables>(name: string): Kysely<PartTables>
}

/** A transaction: what it does is seen by others when it is durable, all of it or nothing. */
export interface StoreTransaction extends Repositories {
  /** Until its end no other transaction passes this with the same key, at any authority on this store. */
  alone(key: string): Promise<void>
}

/** Outside of a transaction one asks, and sees what is committed. */
export interface Store extends Repositories {
  /**
   * Runs `work` in a transaction and resolves to its result once that is durable; undone when it throws. It may run more
   * than once, where another one came between: it changes nothing but the store, and never waits for another `commit`.
   * @throws {AuthorityError} (rejects) when the transaction could not be made durable.
   */
  commit<Result>(work: (tx: StoreTransaction) => Promise<Result>): Promise<Result>
  /**
   * Calls `listener` after another authority on this store has added an event, or may have. Absent where the
   * store is this process's alone.
   */
  readonly onElsewhere?: (listener: () => void) => void
  /** Copies all of it, as it is at one moment, to a new file, while it goes on. Absent where it is not a file. */
  readonly copyTo?: (file: string) => Promise<void>
  /** After what waits is durable. */
  close(): Promise<void>
}

/**
 * Opens the store at `place`, the path of a file, for this process alone; or `postgres://…`, for several.
 * @param parts Of other programs, made and led on with it.
 * @throws {AuthorityError} (rejects)
 */
export async function openStore(
  place: string,
  log: Log,
  failpoint: Failpoint = () => undefined,
  parts: readonly StorePart[] = [],
): Promise<Store> {
  checkParts(parts)
  const beforeCommit = () => failpoint('schema.before-commit')
  const store = isPostgresql(place)
    ? await openPostgresqlStore(place, log, parts, beforeCommit)
    : openSqliteStore(place, parts, beforeCommit)
  failpoint('schema.after-commit')
  return store
}

async function openPostgresqlStore(
  place: string,
  log: Log,
  parts: readonly StorePart[],
  beforeCommit: () => void,
): Promise<Store> {
  const { openPostgresql } = await import('./postgresql/open.ts')
  const { db, commit, listen, close } = await openPostgresql(
    place,
    (error) => log('store.failed', { cause: error.message }),
    parts,
    beforeCommit,
  )
  const node = randomUUID()
  const names = namesOf(parts)
  // PostgreSQL documentation, "Advisory Lock Functions": held to the end of the transaction.
  const lock = async (tx: Kysely<Tables>, key: string) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx)
  }
  return {
    ...repositoriesOf(db, { alone: outside, node, names }),
    commit: (work) =>
      commit((tx) => work(telling(tx, transactionOf(tx, { alone: (key) => lock(tx, key), node, names }), node))),
    onElsewhere: (listener) =>
      listen(CHANNEL, (word) => {
        if (word !== node) listener()
      }),
    close,
  }
}

/** Of 4 KiB, copied in one go beside the event loop. */
const PAGES_AT_ONCE = 4_096

const CHANNEL = 'countersign'

/** Tells other authorities of each event, when it is committed. */
function telling(tx: Kysely<Tables>, transaction: StoreTransaction, node: string): StoreTransaction {
  const { status } = transaction
  return {
    ...transaction,
    status: {
      ...status,
      async addEvent(kind, at) {
        const sequence = await status.addEvent(kind, at)
        await sql`SELECT pg_notify(${CHANNEL}, ${node})`.execute(tx)
        return sequence
      },
    },
  }
}

/** Whether a store's place is a database of PostgreSQL. */
export function isPostgresql(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place)
}

/** Opens or makes the file of a store, for this process alone. @throws {AuthorityError} */
export function openStoreFile(path: string, parts: readonly StorePart[] = [], beforeCommit?: () => void): DatabaseSync {
  const kind = {
    version: SCHEMA_VERSION,
    schema: SCHEMA.sqlite,
    upgrades: SQLITE_UPGRADES,
    parts,
    synchronous: 'FULL',
  } as const
  return openDatabase(path, kind, beforeCommit)
}

function openSqliteStore(path: string, parts: readonly StorePart[], beforeCommit: () => void): Store {
  const database = openStoreFile(path, parts, beforeCommit)
  const names = namesOf(parts)
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) })
  const commit = createGroupCommit(database, db, path)
  // Of one batch, all have the same connection.
  const transactions = new WeakMap<Kysely<Tables>, StoreTransaction>()
  return {
    ...repositoriesOf(db, { alone: outside, node: null, names }),
    commit: (work) =>
      commit((connection) => {
        // One transaction after the other: each is alone.
        const tx =
          transactions.get(connection) ?? transactionOf(connection, { alone: async () => undefined, node: null, names })
        transactions.set(connection, tx)
        return work(tx)
      }),
    async copyTo(file) {
      // Whoever else asks waits: within a transaction, what is not committed would be copied, too.
      await db.connection().execute(() => backup(database, file, { rate: PAGES_AT_ONCE }))
    },
    async close() {
      await setImmediate()
      await db.destroy()
      if (database.isOpen) database.close()
    },
  }
}

/** What repositories are made for. */
interface Around extends Pick<StoreTransaction, 'alone'> {
  readonly node: string | null
  /** Of the parts that there are. */
  readonly names: ReadonlySet<string>
}

function namesOf(parts: readonly StorePart[]): ReadonlySet<string> {
  return new Set(parts.map(({ name }) => name))
}

function transactionOf(tx: Kysely<Tables>, around: Around): StoreTransaction {
  return { ...repositoriesOf(tx, around), alone: around.alone }
}

/** Outside of a transaction nothing is written. */
async function outside(): Promise<void> {
  throw new TypeError('what is written belongs into a transaction')
}

function repositoriesOf(db: Kysely<Tables>, { alone, node, names }: Around): Repositories {
  return {
    answers: createAnswerStore(db),
    certificates: createCertificateStore(db),
    invitations: createInvitationStore(db),
    issuers: createIssuerStore(db),
    parties: createPartyStore(db),
    status: createStatusStore(db, alone, node),
    watch: createWatchStore(db),
    keys: createKeyStore(db),
    expiry: createExpiryStore(db),
    ledger: createLedgerEntries(db, alone),
    async setting(key) {
      return (await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst())?.value
    },
    async set(key, value) {
      await db
        .insertInto('setting')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute()
    },
    part<PartTables>(name: string) {
      if (!names.has(name)) throw new TypeError(`the store was opened without the part ${name}`)
      // The same connection; its tables are others, which the types cannot know.
      return db as unknown as Kysely<PartTables>
    },
  }
}
