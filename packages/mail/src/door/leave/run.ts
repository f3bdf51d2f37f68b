// Sends what is due for as long as the door stands.
import { QueueError } from '../queue/model.ts'
import { type LeaveOptions, leaveOnce } from './leave.ts'

/** Leaving, under way. */
export interface Leaving {
  /** Something is due now. */
  poke(): void
  /** Ends it; an attempt under way is waited for. */
  close(): Promise<void>
}

/** What an operator asks for by command is seen as soon. */
const LOOK_MS = 2_000
/** After the next hop was away, or the queue could not be written. */
const PAUSE_MS = 60_000

/** Starts it. */
export function runLeaving(options: LeaveOptions): Leaving {
  const { log, door } = options
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let isPoked = false
  let isClosed = false
  let pausedUntil = 0
  let isBroken = false

  const turn = async () => {
    try {
      const isThere = await leaveOnce(options)
      if (isBroken) log('mail.queue-works', { door })
      isBroken = false
      if (!isThere) pausedUntil = performance.now() + PAUSE_MS
    } catch (error) {
      pausedUntil = performance.now() + PAUSE_MS
      // Told once, until it works again.
      if (!isBroken)
        log('mail.queue-failed', { door, cause: error instanceof QueueError ? error.message : String(error) })
      isBroken = true
    }
  }
  const begin = () => {
    if (isClosed || underWay || performance.now() < pausedUntil) return
    isPoked = false
    underWay = turn().finally(() => {
      underWay = undefined
      if (isPoked) begin()
    })
  }
  timer = setInterval(begin, LOOK_MS).unref()
  begin()
  return {
    poke() {
      isPoked = true
      begin()
    },
    async close() {
      isClosed = true
      clearInterval(timer)
      await underWay
    },
  }
}
