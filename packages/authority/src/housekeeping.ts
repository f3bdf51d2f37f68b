// What an authority does by itself: every minute by the process's own clock, judged by the clock that it was given,
// so that a clock that steps by a day is noticed within a minute.
import type { Clock, Log } from '@countersign/mtls'
import { ANSWERS_KEPT } from './api/once.ts'
import type { Failpoint } from './failpoints.ts'
import type { Store } from './store/store.ts'

const MINUTE_MILLISECONDS = 60_000

/** Erased at most in one transaction; the rest follows a minute later. */
const ERASED_AT_ONCE = 1_000

/** Runs `chores` every minute, one run at a time; one that fails is logged and tried again. Answers how to stop. */
export function housekeeping(chores: Readonly<Record<string, () => Promise<void>>>, log: Log): () => void {
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    for (const [name, chore] of Object.entries(chores)) {
      try {
        await chore()
      } catch (error) {
        log('housekeeping.failed', { chore: name, error: String(error) })
      }
    }
    busy = false
  }, MINUTE_MILLISECONDS).unref()
  return () => clearInterval(timer)
}

/** Erases what is needed by nobody any more: keys of invitations, and answers. */
export async function eraseOld({
  store,
  clock,
  failpoint,
}: {
  readonly store: Store
  readonly clock: Clock
  readonly failpoint: Failpoint
}): Promise<void> {
  await store.commit(async ({ invitations, answers }) => {
    // A clock that is ahead by a day erases nothing that is needed when it is set right.
    const dayBefore = clock().subtract({ hours: 24 })
    await invitations.eraseExpired(dayBefore, ERASED_AT_ONCE)
    await answers.eraseBefore(dayBefore.subtract({ hours: ANSWERS_KEPT.hours }), ERASED_AT_ONCE)
    await answers.eraseBeyond(ANSWERS_KEPT.most)
    failpoint('erase.before-commit')
  })
  failpoint('erase.after-commit')
}
