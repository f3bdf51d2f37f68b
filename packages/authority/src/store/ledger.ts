// What happened: written in the transaction of the act that it is about, numbered when that is done. Acts are entries of the
// ledger too, and have a second number there.
import { type Kysely, sql } from 'kysely'
import { octetsOf } from './row.ts'
import type { Tables } from './tables.ts'

/** One entry as it is kept. */
export interface StoredEntry {
  readonly id: number
  readonly octets: Uint8Array
  /** In the ledger, from 0; absent while it waits, and where it is no act. */
  readonly position?: number
}

/** One thing that happened, in the order of all. */
export interface StoredHappening extends StoredEntry {
  /** From 1. */
  readonly number: number
}

/** Questions about entries; writes belong into a transaction. */
export interface LedgerEntries {
  /** Adds an entry; answers its row. Its number comes later: transactions end in another order than they began. */
  add(entry: Uint8Array): Promise<number>
  /** Adds what is told to those who follow, and is no act: it is not in the ledger. */
  addNotice(octets: Uint8Array): Promise<void>
  /** Whether any entry has no number yet. */
  isWaiting(): Promise<boolean>
  /** How many have no number yet. */
  waiting(): Promise<number>
  /** Gives numbers to at most `limit` entries, without a gap, in the order in which they were added. */
  number(limit: number): Promise<void>
  /** At most `limit` entries of the ledger from number `first` on, in their order. */
  from(first: number, limit: number): Promise<readonly Uint8Array[]>
  /** Those of the ledger that are in these rows, in the order of the rows. */
  byIds(ids: readonly number[]): Promise<readonly StoredEntry[]>
  /** At most `limit` of all that happened after number `after`, in their order. */
  happenedAfter(after: number, limit: number): Promise<readonly StoredHappening[]>
  /** The number of what happened last; 0 for nothing. */
  newest(): Promise<number>
}

/** The least number before the next, where there may have been others: a setting that a restore leaves. */
export const HAPPENED_FROM_SETTING = 'ledger.number-from'

/** @param alone Makes the rest of the transaction wait for others that give numbers. */
export function createLedgerEntries(db: Kysely<Tables>, alone: (key: string) => Promise<void>): LedgerEntries {
  const last = async (column: 'position' | 'number') => {
    const query = db.selectFrom('ledger_entry').select(column).where(column, 'is not', null)
    return (await query.orderBy(column, 'desc').limit(1).executeTakeFirst())?.[column] ?? undefined
  }
  const newest = async () => {
    const from = db.selectFrom('setting').select('value').where('key', '=', HAPPENED_FROM_SETTING)
    return Math.max((await last('number')) ?? 0, Number((await from.executeTakeFirst())?.value ?? 0))
  }
  return {
    async add(octets) {
      return (await db.insertInto('ledger_entry').values({ octets }).returning('id').executeTakeFirstOrThrow()).id
    },
    async addNotice(octets) {
      await db.insertInto('ledger_entry').values({ octets, in_tree: 0 }).execute()
    },
    async isWaiting() {
      const query = db.selectFrom('ledger_entry').select('id').where('number', 'is', null).limit(1)
      return (await query.executeTakeFirst()) !== undefined
    },
    async waiting() {
      const query = db.selectFrom('ledger_entry').select(({ fn }) => fn.countAll<number>().as('count'))
      return (await query.where('number', 'is', null).executeTakeFirstOrThrow()).count
    },
    async number(limit) {
      await alone('ledger')
      const number = (await newest()) + 1
      const position = ((await last('position')) ?? -1) + 1
      await sql`
        UPDATE ledger_entry SET number = numbered.number, position = numbered.position
        FROM (
          SELECT id, ${number} + row_number() OVER (ORDER BY id) - 1 AS number,
            CASE in_tree WHEN 1 THEN ${position} + sum(in_tree) OVER (ORDER BY id) - 1 END AS position
          FROM ledger_entry WHERE number IS NULL ORDER BY id LIMIT ${limit}
        ) AS numbered
        WHERE ledger_entry.id = numbered.id`.execute(db)
    },
    async from(first, limit) {
      const query = db.selectFrom('ledger_entry').select('octets').where('position', '>=', first)
      return (await query.orderBy('position').limit(limit).execute()).map(({ octets }) => octetsOf(octets))
    },
    async byIds(ids) {
      if (ids.length === 0) return []
      const query = db.selectFrom('ledger_entry').select(['id', 'octets', 'position'])
      return (await query.where('id', 'in', ids).where('in_tree', '=', 1).orderBy('id').execute()).map(entryOf)
    },
    async happenedAfter(after, limit) {
      const query = db.selectFrom('ledger_entry').select(['id', 'octets', 'position', 'number'])
      const rows = await query.where('number', '>', after).orderBy('number').limit(limit).execute()
      return rows.map((row) => ({ ...entryOf(row), number: row.number ?? 0 }))
    },
    newest,
  }
}

function entryOf({ id, octets, position }: { id: number; octets: Uint8Array; position: number | null }): StoredEntry {
  return { id, octets: octetsOf(octets), ...(position !== null && { position }) }
}
