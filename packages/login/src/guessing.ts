// How often somebody may guess, by the name that was typed, whether or not anybody has it.
//
// A guess counts when it is made, before it is known what it was worth: KE2 of OPAQUE lets whoever asked for it test a
// password without telling us. Who turns out to be right gets it back.
import { sql } from 'kysely'
import type { LoginTransaction } from './model.ts'
import { PersonRefusal } from './refusal.ts'

const HOUR_MS = 3_600_000
const WINDOWS = { hour: HOUR_MS, day: 24 * HOUR_MS } as const
type Window = keyof typeof WINDOWS

/** Whether the device is one that the account knows: strangers cannot make an account rest for those. */
export type Guesser = 'known' | 'unknown'

/** So many guesses of an hour are as quick as one likes; then strangers wait for the hour to end, and known devices for minutes. */
export const FREE_PER_HOUR = 10
/** Of all together; NIST SP 800-63B §5.2.2 has a hundred. */
export const ALL_PER_DAY = 100
/** What strangers may use up of that, so that some is left for known devices. */
export const UNKNOWN_PER_DAY = 50
const MINUTE_MS = 60_000

/** What was counted of one kind of device in one window; times are epoch milliseconds. */
export interface Counted {
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}
/** Of an account: as in `counts.known.hour`. */
export type Counts = Readonly<Record<Guesser, Readonly<Record<Window, Counted>>>>

/**
 * Whether one more guess may be made now. Pure.
 * A clock that was stepped by more than a window, either way, ends that window, so that nothing rests for ever.
 */
export function decideGuess(
  counts: Counts,
  who: Guesser,
  now: number,
): { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number } {
  const [hour, day] = [counts[who].hour, counts[who].day]
  const inHour = countIn('hour', hour, now)
  const inDay = countIn('day', counts.known.day, now) + countIn('day', counts.unknown.day, now)
  const rest = (milliseconds: number) =>
    ({ ok: false, retryAfterSeconds: Math.max(1, Math.ceil(milliseconds / 1_000)) }) as const
  const restOf = (window: Window, counted: Counted) => rest(WINDOWS[window] - Math.abs(now - counted.firstAt))

  if (inDay >= ALL_PER_DAY) return restOf('day', day.count > 0 ? day : counts.unknown.day)
  if (who === 'unknown' && countIn('day', day, now) >= UNKNOWN_PER_DAY) return restOf('day', day)
  if (inHour < FREE_PER_HOUR) return { ok: true }
  if (who === 'unknown') return restOf('hour', hour)
  const wait = (inHour - FREE_PER_HOUR + 1) * MINUTE_MS
  const waited = Math.abs(now - hour.lastAt)
  return waited >= wait ? { ok: true } : rest(wait - waited)
}

function countIn(window: Window, { count, firstAt }: Counted, now: number): number {
  return Math.abs(now - firstAt) >= WINDOWS[window] ? 0 : count
}

const KINDS = [
  ['known', 'hour'],
  ['known', 'day'],
  ['unknown', 'hour'],
  ['unknown', 'day'],
] as const
const aboutOf = (who: Guesser, window: Window, account: string) => `${window}:${who}:${account}`

/**
 * Counts a guess. Answers whether it was the last before the account rests for the day.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_RESTING`, and nothing is counted then.
 */
export async function countGuess(
  tx: LoginTransaction,
  account: string,
  who: Guesser,
  now: Temporal.Instant,
): Promise<boolean> {
  const at = now.epochMilliseconds
  const counts = await lockedCounts(tx, account, at)
  const decided = decideGuess(counts, who, at)
  if (!decided.ok) throw new PersonRefusal('ERR_PERSON_RESTING', { retryAfterSeconds: decided.retryAfterSeconds })
  const counted = (['hour', 'day'] as const).map((window) => {
    const { count, firstAt } = counts[who][window]
    const isOver = countIn(window, counts[who][window], at) === 0
    const more = isOver ? { count: 1, first_at: at } : { count: count + 1, first_at: firstAt }
    return { about: aboutOf(who, window, account), ...more, last_at: at }
  })
  await tx.db
    .insertInto('login_failure')
    .values(counted)
    .onConflict((row) =>
      row.column('about').doUpdateSet(({ ref }) => ({
        count: ref('excluded.count'),
        first_at: ref('excluded.first_at'),
        last_at: ref('excluded.last_at'),
      })),
    )
    .execute()
  return countIn('day', counts.known.day, at) + countIn('day', counts.unknown.day, at) === ALL_PER_DAY - 1
}

/** Takes back guesses that turned out to be right. */
export async function giveBackGuesses(
  { db }: LoginTransaction,
  account: string,
  who: Guesser,
  guesses: number,
): Promise<void> {
  const abouts = [aboutOf(who, 'hour', account), aboutOf(who, 'day', account)]
  await db
    .updateTable('login_failure')
    .set({ count: sql<number>`CASE WHEN count > ${guesses} THEN count - ${guesses} ELSE 0 END` })
    .where('about', 'in', abouts)
    .execute()
}

/** After a sign-in that went well: what failed on known devices before it is forgotten. @see NIST SP 800-63B §5.2.2 */
export async function forgetGuesses({ db }: LoginTransaction, account: string): Promise<void> {
  const abouts = [aboutOf('known', 'hour', account), aboutOf('known', 'day', account)]
  await db.deleteFrom('login_failure').where('about', 'in', abouts).execute()
}

/** All counts of an account, in rows that are ours alone to the end of the transaction. */
async function lockedCounts({ db }: LoginTransaction, account: string, now: number): Promise<Counts> {
  const none = { count: 0, first_at: now, last_at: now }
  const rows = await db
    .insertInto('login_failure')
    .values(KINDS.map(([who, window]) => ({ about: aboutOf(who, window, account), ...none })))
    // Changes nothing; but only what is written is locked.
    .onConflict((row) => row.column('about').doUpdateSet(({ ref }) => ({ count: ref('login_failure.count') })))
    .returningAll()
    .execute()
  const counted = (who: Guesser, window: Window): Counted => {
    const row = rows.find(({ about }) => about === aboutOf(who, window, account)) ?? none
    return { count: row.count, firstAt: row.first_at, lastAt: row.last_at }
  }
  const of = (who: Guesser) => ({ hour: counted(who, 'hour'), day: counted(who, 'day') })
  return { known: of('known'), unknown: of('unknown') }
}
