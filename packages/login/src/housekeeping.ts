// What has had its time is taken away, once in a while, by whichever process comes to it. Each is found by its index.
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Ground } from './ground.ts'
import { endUnanswered, type LateGround, recordUnproved } from './signin/late.ts'
import { PRIMARY_KEYS, type Tables } from './store/tables.ts'

const EVERY_MS = 60_000
/** A round takes away by the earliest time of so many: a clock that is ahead for a moment takes nothing away that counts when it is back. */
const ROUNDS = 10
const DAY_MS = 24 * 3_600_000
/** Two houses of one login need not have the very same time. */
const SOON_MS = 15 * 60_000
/** A step of TOTP counts by the clock alone, which may be stepped back by a day. */
const STEPS_MS = 3 * DAY_MS
/** Somebody may ask what was told to whom, and what was open when. */
const REMEMBERED_MS = 30 * DAY_MS
/** Rows of one transaction: after a flood, others have their turn in between. */
const AT_ONCE = 2_000

/**
 * By which column of each table a row has had its time, how long it stays after that, and which of them that is of. What
 * anybody can make (a proof, a sign-in that was begun) stays for minutes, so that no flood of it fills the store.
 */
const OLD = [
  // Before the invitations that they are of.
  ['login_set_up', 'expires_at', DAY_MS],
  ['login_invitation', 'expires_at', REMEMBERED_MS],
  ['login_sign_in', 'expires_at', SOON_MS, "step IN ('start', 'finish')"],
  ['login_sign_in', 'expires_at', DAY_MS],
  ['login_waiting', 'expires_at', DAY_MS],
  ['login_sms_code', 'expires_at', DAY_MS],
  ['login_used', 'until', SOON_MS, "kind = 'proof'"],
  ['login_used', 'until', SOON_MS, "kind = 'challenge'"],
  ['login_used', 'until', SOON_MS, "kind = 'totp pending'"],
  ['login_used', 'until', STEPS_MS, "kind = 'totp'"],
  // Nothing is counted for longer than a day.
  ['login_failure', 'last_at', DAY_MS + SOON_MS],
  ['login_notice', 'created_at', REMEMBERED_MS],
  ['login_session', 'ends_at', REMEMBERED_MS],
] as const satisfies readonly (readonly [table: keyof Tables, column: string, keptMs: number, only?: string])[]

/** Takes away what had its time at `asOf`; answers how many rows that were. */
export async function tidyLogin(
  { store, clock }: Pick<Ground, 'store' | 'clock'>,
  asOf: Temporal.Instant = clock(),
): Promise<number> {
  let count = 0
  for (const [table, column, keptMs, only = '1 = 1'] of OLD) {
    const key = sql.ref(PRIMARY_KEYS[table].at(-1) ?? '')
    const [of, its] = [sql.table(table), sql.raw(only)]
    const before = asOf.epochMilliseconds - keptMs
    const old = sql`SELECT ${key} FROM ${of} WHERE ${its} AND ${sql.ref(column)} < ${before} LIMIT ${sql.lit(AT_ONCE)}`
    for (let last = AT_ONCE; last === AT_ONCE; count += last) {
      const { numAffectedRows = 0n } = await store.commit(({ db }) =>
        sql`DELETE FROM ${of} WHERE ${its} AND ${key} IN (${old})`.execute(db),
      )
      last = Number(numAffectedRows)
      await setImmediate()
    }
  }
  return count
}

/** Ends what nobody has answered, and takes away what is old, every minute, until it is closed. */
export function keepTidy(ground: LateGround): { close(): Promise<void> } {
  const { log, door, clock } = ground
  /** What went before was looked for in the last round; in the first one, all of it is. */
  let since: Temporal.Instant | undefined
  const endLate = async () => {
    const now = clock()
    await endUnanswered(ground, { since, now })
    await recordUnproved(ground, { since, now })
    // Longer ago than one round: a clock may have been stepped back meanwhile.
    since = now.subtract({ milliseconds: 2 * EVERY_MS })
  }
  /** The times of the last rounds. */
  const seen: Temporal.Instant[] = []
  const tidy = async () => {
    seen.push(clock())
    if (seen.length > ROUNDS) seen.shift()
    const [earliest] = seen.toSorted(Temporal.Instant.compare)
    if (seen.length === ROUNDS) await tidyLogin(ground, earliest)
  }
  const keepHouse = async () => {
    // Neither keeps the other from its work.
    for (const work of [endLate, tidy])
      await work().catch((error: unknown) => log('login.failed', { door, path: 'housekeeping', error: String(error) }))
  }
  let round: Promise<void> | undefined
  const timer = setInterval(() => {
    round ??= keepHouse().finally(() => {
      round = undefined
    })
  }, EVERY_MS).unref()
  return {
    async close() {
      clearInterval(timer)
      await round
    },
  }
}
