// What has had its time is taken away, once in a while, by whichever process comes to it. Each is found by its index.
import { sql } from 'kysely'
import type { Ground } from './ground.ts'
import { endUnanswered, type LateGround, recordUnproved } from './signin/late.ts'
import type { Tables } from './store/tables.ts'

const EVERY_MS = 60_000
const DAY_MS = 24 * 3_600_000
/**
 * What counts once, and what was counted, is kept for longer than it counts: a clock that is stepped ahead for a moment must
 * not make it count again when it is back.
 */
const STEPS_MS = 3 * DAY_MS
/** Somebody may ask what was told to whom, and what was open when. */
const REMEMBERED_MS = 30 * DAY_MS

/** By which column of each table a row has had its time, and how long it stays after that. */
const OLD = [
  // Before the invitations that they are of.
  ['login_set_up', 'expires_at', DAY_MS],
  ['login_invitation', 'expires_at', REMEMBERED_MS],
  ['login_sign_in', 'expires_at', DAY_MS],
  ['login_waiting', 'expires_at', DAY_MS],
  ['login_sms_code', 'expires_at', DAY_MS],
  ['login_used', 'until', STEPS_MS],
  ['login_failure', 'last_at', STEPS_MS],
  ['login_notice', 'created_at', REMEMBERED_MS],
  ['login_session', 'ends_at', REMEMBERED_MS],
] as const satisfies readonly (readonly [table: keyof Tables, column: string, keptMs: number])[]

/** Takes it away; answers how many rows that were. */
export async function tidyLogin({ store, clock }: Pick<Ground, 'store' | 'clock'>): Promise<number> {
  const now = clock().epochMilliseconds
  return store.commit(async ({ db }) => {
    let count = 0
    for (const [table, column, keptMs] of OLD) {
      const { numDeletedRows } = await db
        .deleteFrom(table)
        .where(sql.ref(column), '<', now - keptMs)
        .executeTakeFirstOrThrow()
      count += Number(numDeletedRows)
    }
    return count
  })
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
  const keepHouse = async () => {
    // Neither keeps the other from its work.
    for (const work of [endLate, () => tidyLogin(ground)])
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
