// What was answered to requests that had a key, for those who ask again.
import { type Kysely, sql } from 'kysely'
import { instantOf, octetsOf } from './row.ts'
import type { Tables } from './tables.ts'

/** By whom a request was made, and under which key. */
export interface AnswerName {
  readonly caller: string
  /** 32 octets; the key itself is not kept. */
  readonly keySha256: Uint8Array
}

/** What was answered. */
export interface StoredAnswer {
  /** 32 octets. */
  readonly requestSha256: Uint8Array
  readonly at: Temporal.Instant
  readonly status: number
  /** Encrypted. */
  readonly body: Uint8Array
  /** False while the act is durable and its whole answer is not known yet. */
  readonly isWhole: boolean
}

/** Questions about answers; writes belong into a transaction. */
export interface AnswerStore {
  /** Keeps an answer. False where one is there already: of rivals, one gets true. */
  add(name: AnswerName, answer: StoredAnswer): Promise<boolean>
  byName(name: AnswerName): Promise<StoredAnswer | undefined>
  /** Puts the whole answer in the place of what was known when the act became durable. */
  complete(name: AnswerName, whole: Pick<StoredAnswer, 'status' | 'body'>): Promise<void>
  /** Erases at most `limit` that are older than `before`. */
  eraseBefore(before: Temporal.Instant, limit: number): Promise<void>
  /** Of each caller that has more than `most`, erases the oldest. */
  eraseBeyond(most: number): Promise<void>
}

export function createAnswerStore(db: Kysely<Tables>): AnswerStore {
  return {
    async add({ caller, keySha256 }, { requestSha256, at, status, body, isWhole }) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('answer')
        .values({
          caller,
          key_sha256: keySha256,
          request_sha256: requestSha256,
          at: at.epochMilliseconds,
          status,
          body,
          is_whole: isWhole ? 1 : 0,
        })
        .onConflict((conflict) => conflict.columns(['caller', 'key_sha256']).doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
    async byName({ caller, keySha256 }) {
      const query = db.selectFrom('answer').selectAll().where('caller', '=', caller).where('key_sha256', '=', keySha256)
      const row = await query.executeTakeFirst()
      return (
        row && {
          requestSha256: octetsOf(row.request_sha256),
          at: instantOf(row.at),
          status: row.status,
          body: octetsOf(row.body),
          isWhole: row.is_whole === 1,
        }
      )
    },
    async complete({ caller, keySha256 }, { status, body }) {
      await db
        .updateTable('answer')
        .set({ status, body, is_whole: 1 })
        .where('caller', '=', caller)
        .where('key_sha256', '=', keySha256)
        .execute()
    },
    async eraseBefore(before, limit) {
      const old = db.selectFrom('answer').select(['caller', 'key_sha256']).where('at', '<', before.epochMilliseconds)
      await sql`
        DELETE FROM answer WHERE (caller, key_sha256) IN (${old.orderBy('at').limit(limit)})`.execute(db)
    },
    async eraseBeyond(most) {
      await sql`
        DELETE FROM answer WHERE (caller, key_sha256) IN (
          SELECT caller, key_sha256 FROM (
            SELECT caller, key_sha256, row_number() OVER (PARTITION BY caller ORDER BY at DESC, key_sha256) AS place
            FROM answer WHERE caller IN (SELECT caller FROM answer GROUP BY caller HAVING count(*) > ${most})
          ) AS placed WHERE place > ${most})`.execute(db)
    },
  }
}
