// How many messages may go, by account and by number: each costs somebody money, and a telephone that never rests its owner.
import { sql } from 'kysely'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'

/** Messages of an account, and to a number, whosever account it is of. */
export const SMS_LIMITS = { hour: 5, day: 10 } as const
const HOUR_MS = 3_600_000
const WINDOWS = { hour: HOUR_MS, day: 24 * HOUR_MS } as const

/** To whom, and for whom. */
export interface CountedMessage {
  readonly account: string
  readonly number: string
}

/** Counts a message before it goes. @throws {PersonRefusal} (rejects) `ERR_PERSON_SMS_LIMIT`; nothing is counted where the transaction ends by it. */
export async function countMessage(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  message: CountedMessage,
  now: Temporal.Instant,
): Promise<void> {
  const at = now.epochMilliseconds
  for (const window of ['hour', 'day'] as const) {
    // A clock that was stepped by more than a window, either way, ends it.
    const isOver = sql<boolean>`abs(${at} - login_failure.first_at) >= ${WINDOWS[window]}`
    const rows = await db
      .insertInto('login_failure')
      .values(aboutsOf(secret, window, message).map((about) => ({ about, count: 1, first_at: at, last_at: at })))
      .onConflict((row) =>
        row.column('about').doUpdateSet({
          count: sql<number>`CASE WHEN ${isOver} THEN 1 ELSE login_failure.count + 1 END`,
          first_at: sql<number>`CASE WHEN ${isOver} THEN ${at} ELSE login_failure.first_at END`,
          last_at: at,
        }),
      )
      .returning(['count', 'first_at'])
      .execute()
    const full = rows.find(({ count }) => count > SMS_LIMITS[window])
    if (full === undefined) continue
    const rest = WINDOWS[window] - Math.abs(at - full.first_at)
    throw new PersonRefusal('ERR_PERSON_SMS_LIMIT', { retryAfterSeconds: Math.max(1, Math.ceil(rest / 1_000)) })
  }
}

/** Of a message that did not go. */
export async function giveBackMessage(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  message: CountedMessage,
): Promise<void> {
  const abouts = (['hour', 'day'] as const).flatMap((window) => aboutsOf(secret, window, message))
  await db
    .updateTable('login_failure')
    .set({ count: sql<number>`CASE WHEN count > 1 THEN count - 1 ELSE 0 END` })
    .where('about', 'in', abouts)
    .execute()
}

/** A number stands in no row as it is. */
function aboutsOf(
  secret: Ground['secret'],
  window: keyof typeof WINDOWS,
  { account, number }: CountedMessage,
): readonly string[] {
  return [`sms-${window}:account:${account}`, `sms-${window}:number:${secret.mac('sms limit', number).toHex()}`]
}
