// What an authority does by itself: every minute by the process's own clock, judged by the clock that it was given,
// so that a clock that steps by a day is noticed within a minute.
import type { Log } from '@countersign/mtls'

const MINUTE_MILLISECONDS = 60_000

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
