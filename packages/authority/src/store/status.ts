// Events in their order, and the revocation lists that were signed.
import { expiringAt } from '@countersign/mtls'
import { type Kysely, sql } from 'kysely'
import { instantOf, octetsOf, oneOf } from './row.ts'
import type { Row, Tables } from './tables.ts'

export interface StoredCrl {
  /** The row of the issuer's certificate. */
  readonly issuer: number
  readonly number: number
  readonly der: Uint8Array
  readonly thisUpdate: Temporal.Instant
  readonly nextUpdate: Temporal.Instant
  /** Sequence of the newest status event that it knows; 0 for none. */
  readonly covers: number
}

/** What an event is about. Of `status` each counts; of the others a newer one says all that an older one did. */
const EVENT_KINDS = ['status', 'crl', 'policy', 'trust', 'lock'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

export interface StoredEvent {
  readonly sequence: number
  readonly at: Temporal.Instant
  readonly kind: EventKind
  /** Another authority on this store has added it. */
  readonly isElsewhere: boolean
}

/** Questions about status; writes belong into a transaction. */
export interface StatusStore {
  /** Appends an event; answers its sequence, greater than every one before, also after a crash. */
  addEvent(kind: EventKind, at: Temporal.Instant): Promise<number>
  /** Sequence of the newest status event; 0 for none. */
  newestStatus(): Promise<number>
  /** Sequence of the newest event of any kind; 0 for none. */
  newest(): Promise<number>
  /** At most `limit` events after `after`, in their order. */
  eventsAfter(after: number, limit: number): Promise<readonly StoredEvent[]>
  /** Keeps `crl` and forgets the older ones of its issuer but the last. */
  addCrl(crl: StoredCrl): Promise<void>
  newestCrl(issuer: number): Promise<StoredCrl | undefined>
}

/**
 * @param alone Makes the rest of the transaction wait for others that add an event: they are seen in their order.
 * @param node Names this authority among several; absent where it is the only one.
 */
export function createStatusStore(
  db: Kysely<Tables>,
  alone: (key: string) => Promise<void>,
  node: string | null,
): StatusStore {
  const newestOf = async (kind?: EventKind): Promise<number> => {
    let query = db.selectFrom('event').select('sequence').orderBy('sequence', 'desc').limit(1)
    // As a word of the statement: the index is of these alone.
    if (kind !== undefined) query = query.where('kind', '=', sql.lit(kind))
    return (await query.executeTakeFirst())?.sequence ?? 0
  }
  return {
    async addEvent(kind, at) {
      await alone('event')
      const row = { kind, at: at.epochMilliseconds, node }
      return (await db.insertInto('event').values(row).returning('sequence').executeTakeFirstOrThrow()).sequence
    },
    newestStatus: () => newestOf('status'),
    newest: () => newestOf(),
    async eventsAfter(after, limit) {
      const query = db.selectFrom('event').selectAll().where('sequence', '>', after).orderBy('sequence').limit(limit)
      return (await query.execute()).map(({ sequence, at, kind, node: by }) => ({
        sequence,
        at: instantOf(at),
        kind: oneOf(kind, EVENT_KINDS),
        isElsewhere: by !== node,
      }))
    },
    async addCrl({ issuer, number, der, thisUpdate, nextUpdate, covers }) {
      await db
        .insertInto('crl')
        .values({
          issuer,
          number,
          der,
          this_update: thisUpdate.epochMilliseconds,
          next_update: nextUpdate.epochMilliseconds,
          covers,
          warn_at: expiringAt({ notBefore: thisUpdate, notAfter: nextUpdate })[0].epochMilliseconds,
        })
        .execute()
      await db
        .updateTable('crl')
        .set({ warn_at: null })
        .where('issuer', '=', issuer)
        .where('number', '<', number)
        .execute()
      await db
        .deleteFrom('crl')
        .where('issuer', '=', issuer)
        .where('number', '<', number - 1)
        .execute()
    },
    async newestCrl(issuer) {
      const query = db.selectFrom('crl').selectAll().where('issuer', '=', issuer).orderBy('number', 'desc').limit(1)
      const row = await query.executeTakeFirst()
      return row === undefined ? undefined : readCrlRow(row)
    },
  }
}

function readCrlRow(row: Row<'crl'>): StoredCrl {
  return {
    issuer: row.issuer,
    number: row.number,
    der: octetsOf(row.der),
    thisUpdate: instantOf(row.this_update),
    nextUpdate: instantOf(row.next_update),
    covers: row.covers,
  }
}
