// Refusals that are told to the authority in the background, few at a time.
import type { Meeting } from '@countersign/protocol'
import type { Clock, Log } from '../model.ts'
import { type Enrolled, reportRefusal } from './authority.ts'

/** Tells refusals without making anybody wait. */
export interface Reporter {
  report(meeting: Meeting): void
  /** Answers when everything that was reported has been told, or could not be. */
  settled(): Promise<void>
}

// An impostor that is met again and again is told of often enough.
const MAX_UNDER_WAY = 4
const TIMEOUT_MS = 5_000

/** Makes the reporter of one identity. `report.failed` and `report.skipped` are logged. */
export function createReporter(identity: Enrolled, clock: Clock, log: Log = () => undefined): Reporter {
  const underWay = new Set<Promise<void>>()
  return {
    report(meeting) {
      const { reference } = meeting
      if (underWay.size >= MAX_UNDER_WAY) return log('report.skipped', { reference })
      const telling = reportRefusal(identity, meeting, { clock, timeoutMs: TIMEOUT_MS }).then(
        () => log('report.told', { reference }),
        (error: unknown) => log('report.failed', { reference, cause: String(error) }),
      )
      underWay.add(telling)
      void telling.then(() => underWay.delete(telling))
    },
    settled: async () => void (await Promise.all(underWay)),
  }
}
