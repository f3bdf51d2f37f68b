// What has had its time is taken away, once in a while, by whichever process comes to it. Each is found by its index.
import type { Ground } from './ground.ts'

const EVERY_MS = 60_000
const DAY_MS = 24 * 3_600_000
/**
 * What counts once, and what was counted, is kept for longer than it counts: a clock that is stepped ahead for a moment must
 * not make it count again when it is back.
 */
const STEPS_MS = 3 * DAY_MS
/** Somebody may ask what was told to whom, and what was open when. */
const REMEMBERED_MS = 30 * DAY_MS

/** Takes it away; answers how many rows that were. */
export async function tidyLogin({ store, clock }: Pick<Ground, 'store' | 'clock'>): Promise<number> {
  const now = clock().epochMilliseconds
  return store.commit(async ({ db }) => {
    const done = [
      await db
        .deleteFrom('login_set_up')
        .where('expires_at', '<', now - DAY_MS)
        .executeTakeFirst(),
      // A set-up is of an invitation, and gone by then.
      await db
        .deleteFrom('login_invitation')
        .where('expires_at', '<', now - REMEMBERED_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_sign_in')
        .where('expires_at', '<', now - DAY_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_waiting')
        .where('expires_at', '<', now - DAY_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_used')
        .where('until', '<', now - STEPS_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_failure')
        .where('last_at', '<', now - STEPS_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_notice')
        .where('created_at', '<', now - REMEMBERED_MS)
        .executeTakeFirst(),
      await db
        .deleteFrom('login_session')
        .where('ends_at', '<', now - REMEMBERED_MS)
        .executeTakeFirst(),
    ]
    return done.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0)
  })
}

/** Takes it away every minute, until it is closed. */
export function keepTidy(ground: Pick<Ground, 'store' | 'clock' | 'log' | 'door'>): { close(): Promise<void> } {
  const { log, door } = ground
  let round: Promise<unknown> | undefined
  const timer = setInterval(() => {
    round ??= tidyLogin(ground)
      .catch((error: unknown) => log('login.failed', { door, path: 'housekeeping', error: String(error) }))
      .finally(() => {
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
