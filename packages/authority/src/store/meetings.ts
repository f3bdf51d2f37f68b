// The memory of meetings: what `countersign why` reads. It is bounded, and not durable to the last row:
// after a crash or a loss of power the meetings of the last moments may be missing, and nothing else is.
import type { Log } from '@countersign/mtls'
import { type Meeting, type Reference, writeBriefMeeting } from '@countersign/protocol'
import { type Generated, Kysely, sql } from 'kysely'
import { postgresqlError } from './fault.ts'
import { openDatabase } from './open.ts'
import { connectPostgresql, withoutSecrets } from './postgresql/open.ts'
import { sqliteDialect } from './sqlite/dialect.ts'
import { isPostgresql } from './store.ts'

interface Tables {
  readonly meeting: {
    readonly id: Generated<number>
    readonly reference: string
    readonly door: string
    readonly seen_by: string
    readonly at: number
    readonly address: string
    readonly accepted: number
    readonly json: string
  }
}

/** Versions 1 and 2 lack columns, and have nothing that must be kept. */
const SCHEMA = `
DROP TABLE IF EXISTS meeting;
CREATE TABLE meeting (
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL,
  door TEXT NOT NULL,
  seen_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The caller's, port and all: who repeats another's hello has another one. Empty where it is not known.
  address TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (reference, door, seen_by, at, address)
) STRICT;
CREATE INDEX meeting_accepted ON meeting (accepted, id);
`

/** The same, for all authorities on a database. It is in no move and no backup: nothing in it must be kept. */
const SHARED_SCHEMA = `
CREATE TABLE IF NOT EXISTS meeting (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference TEXT COLLATE "C" NOT NULL,
  door TEXT COLLATE "C" NOT NULL,
  seen_by TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  accepted BIGINT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (reference, door, seen_by, at, address)
);
CREATE INDEX IF NOT EXISTS meeting_accepted ON meeting (accepted, id);
`
/**
 * Rows kept of those that were accepted, and as many of those that were not: a stranger can be refused as often as he
 * likes, and shall not wash away who was let in. The oldest go first.
 */
const MAX_ROWS = 50_000
/** One has about 3,000; who claims more shall not fill the disk: those that were refused have 1 GB at most, whatever is claimed. */
const MAX_JSON_CHARACTERS = 8_192
/** Of each side's records with one reference. */
const MAX_SHOWN = 20
/** How long a meeting waits for others, so that many are written together. */
const BATCH_MILLISECONDS = 100
/** Written at once when so many wait. */
const BATCH_ROWS = 500
/** Beyond this the oldest that wait are lost: a database that hangs must not fill the memory. */
const MAX_WAITING = 10_000
/** Of its own, so that nothing that must be kept waits for this. */
const CONNECTIONS = 2

export interface MeetingStore {
  /**
   * Keeps `meeting` in place of one with the same reference, door, side, time and address.
   * @param onSettled Told, in the order of the records, whether it is kept: from then on the end of this process does not lose it.
   */
  record(meeting: Meeting, onSettled?: (isKept: boolean) => void): void
  /**
   * Each as JSON text, newest first: a reference of 40 bits may name more than one. Of more than 20 the oldest: anyone can
   * repeat a hello that he saw, and nobody the one that is still to come, so that no repetition hides the meeting itself.
   * Of callers' and callees' records 20 each: what a caller reports, it may report before the door has.
   */
  byReference(reference: Reference): Promise<readonly string[]>
  close(): Promise<void>
}

/**
 * Opens the memory of meetings at `place`: the path of a file, or `postgres://…`, for all authorities there.
 * @throws {AuthorityError} (rejects)
 */
export async function openMeetings(place: string, log: Log, maxRows: number = MAX_ROWS): Promise<MeetingStore> {
  const { db, alone, close } = isPostgresql(place) ? await openShared(place, log) : openFile(place)
  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()

  const write = async (batch: readonly Waiting[]): Promise<void> => {
    let isKept = false
    try {
      await db.transaction().execute(async (tx) => {
        await alone(tx)
        await insert(tx, batch)
        for (const accepted of [0, 1]) await forget(tx, accepted, maxRows)
      })
      isKept = true
    } catch (cause) {
      // A full disk must not end the doors: what is lost here is memory of meetings, and the log says so.
      log('meetings.lost', { count: batch.length, cause: cause instanceof Error ? cause.message : String(cause) })
    }
    for (const { onSettled } of batch) onSettled?.(isKept)
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    last = last.then(async () => {
      const batch = waiting
      waiting = []
      if (batch.length > 0) await write(batch)
    })
    return last
  }

  return {
    record(meeting, onSettled) {
      waiting.push({ meeting, onSettled })
      if (waiting.length > MAX_WAITING) {
        log('meetings.lost', { count: 1, cause: 'too many wait to be written' })
        waiting.shift()?.onSettled?.(false)
      }
      if (waiting.length === BATCH_ROWS) void flush()
      else timer ??= setTimeout(flush, BATCH_MILLISECONDS).unref()
    },
    async byReference(reference) {
      await flush()
      const query = db.selectFrom('meeting').select(['id', 'json']).where('reference', '=', reference)
      const oldest = (side: string) => query.where('seen_by', '=', side).orderBy('id').limit(MAX_SHOWN).execute()
      const found = [...(await oldest('caller')), ...(await oldest('callee'))]
      return found.toSorted((one, other) => other.id - one.id).map(({ json }) => json)
    },
    async close() {
      await flush()
      await close()
    },
  }
}

interface Waiting {
  readonly meeting: Meeting
  readonly onSettled: ((isKept: boolean) => void) | undefined
}

interface Opened {
  readonly db: Kysely<Tables>
  /** Makes the rest of the transaction wait for those of other authorities. */
  readonly alone: (tx: Kysely<Tables>) => Promise<void>
  readonly close: () => Promise<void>
}

function openFile(path: string): Opened {
  const nextWhenMalformed = 'delete it; the memory of past meetings goes with it, and nothing else'
  const database = openDatabase(path, { version: 3, schema: SCHEMA, synchronous: 'NORMAL', nextWhenMalformed })
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) })
  const close = async () => {
    await db.destroy()
    database.close()
  }
  return { db, alone: async () => undefined, close }
}

async function openShared(url: string, log: Log): Promise<Opened> {
  const db = connectPostgresql<Tables>(url, CONNECTIONS, (error) => log('store.failed', { cause: error.message }))
  const alone = async (tx: Kysely<Tables>) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('meetings', 0))`.execute(tx)
  }
  try {
    await db.transaction().execute(async (tx) => {
      await alone(tx)
      await sql.raw(SHARED_SCHEMA).execute(tx)
    })
  } catch (cause) {
    await db.destroy()
    throw postgresqlError(withoutSecrets(url), cause)
  }
  return { db, alone, close: () => db.destroy() }
}

/** One told again takes the place of the first telling; of one batch, the last. */
async function insert(tx: Kysely<Tables>, batch: readonly Waiting[]): Promise<void> {
  const rows = new Map(
    batch.map(({ meeting: m }) => {
      const unique = [m.reference, m.door, m.seenBy, m.at.epochMilliseconds, m.address ?? ''] as const
      const [reference, door, seen_by, at, address] = unique
      const accepted = m.outcome.ok ? 1 : 0
      return [
        JSON.stringify(unique),
        { reference, door, seen_by, at, address, accepted, json: writeBriefMeeting(m, MAX_JSON_CHARACTERS) },
      ]
    }),
  )
  const all = [...rows.values()]
  for (let i = 0; i < all.length; i += BATCH_ROWS)
    await tx
      .insertInto('meeting')
      .values(all.slice(i, i + BATCH_ROWS))
      .onConflict((conflict) =>
        conflict
          .columns(['reference', 'door', 'seen_by', 'at', 'address'])
          .doUpdateSet(({ ref }) => ({ accepted: ref('excluded.accepted'), json: ref('excluded.json') })),
      )
      .execute()
}

async function forget(tx: Kysely<Tables>, accepted: number, maxRows: number): Promise<void> {
  const kept = tx.selectFrom('meeting').select('id').where('accepted', '=', accepted)
  const oldest = await kept.orderBy('id', 'desc').limit(1).offset(maxRows).executeTakeFirst()
  if (oldest !== undefined)
    await tx.deleteFrom('meeting').where('accepted', '=', accepted).where('id', '<=', oldest.id).execute()
}
