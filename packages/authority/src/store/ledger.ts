// Entries of the ledger: written in the transaction of the act that they are about, numbered when it is done.
import { type Kysely, sql } from 'kysely'
import { octetsOf } from './row.ts'
import type { Tables } from './tables.ts'

/** Questions about entries; writes belong into a transaction. */
export interface LedgerEntries {
  /** Adds an entry. Its number comes later: transactions end in another order than they began. */
  add(entry: Uint8Array): Promise<void>
  /** Whether any entry has no number yet. */
  isWaiting(): Promise<boolean>
  /** Gives numbers to at most `limit` entries, without a gap, in the order in which they were added. */
  number(limit: number): Promise<void>
  /** At most `limit` entries from number `first` on, in their order. */
  from(first: number, limit: number): Promise<readonly Uint8Array[]>
}

/** @param alone Makes the rest of the transaction wait for others that give numbers. */
export function createLedgerEntries(db: Kysely<Tables>, alone: (key: string) => Promise<void>): LedgerEntries {
  return {
    async add(octets) {
      await db.insertInto('ledger_entry').values({ octets }).execute()
    },
    async isWaiting() {
      const query = db.selectFrom('ledger_entry').select('id').where('position', 'is', null).limit(1)
      return (await query.executeTakeFirst()) !== undefined
    },
    async number(limit) {
      await alone('ledger')
      const query = db.selectFrom('ledger_entry').select('position').where('position', 'is not', null)
      const newest = await query.orderBy('position', 'desc').limit(1).executeTakeFirst()
      const next = (newest?.position ?? -1) + 1
      await sql`
        UPDATE ledger_entry SET position = numbered.position
        FROM (
          SELECT id, ${next} + row_number() OVER (ORDER BY id) - 1 AS position
          FROM ledger_entry WHERE position IS NULL ORDER BY id LIMIT ${limit}
        ) AS numbered
        WHERE ledger_entry.id = numbered.id`.execute(db)
    },
    async from(first, limit) {
      const query = db.selectFrom('ledger_entry').select('octets').where('position', '>=', first)
      return (await query.orderBy('position').limit(limit).execute()).map(({ octets }) => octetsOf(octets))
    },
  }
}
