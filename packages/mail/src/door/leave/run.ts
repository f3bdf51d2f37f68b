// Sends what is due for as long as the door stands.
import { QueueError } from '../queue/model.ts'
import { awayHop, HopDownError } from './hop.ts'
import { type LeaveOptions, leaveOnce } from './leave.ts'

/** Leaving, under way. */
export interface Leaving {
  /** Something is due now. */
  poke(): void
  /** Ends it; an attempt under way is waited for. */
  close(): Promise<void>
}

/** What an operator asks for by command is seen as soon. */
const LOOK_MS = 1_000
/** After the next hop was away, or the queue could not be written: at first, then twice as long each time. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** Starts it. */
export function runLeaving(options: LeaveOptions): Leaving {
  const { log, door } = options
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let isPoked = false
  let isClosed = false
  let pausedUntil = 0
  let pauseMs = 0
  let hasBegun = false
  let isAway = false
  let isBroken = false

  const turn = async () => {
    let isPaused = false
    try {
      // Whoever starts the door again, perhaps with another next hop, does not wait for the time of the last attempt.
      if (!hasBegun) options.queue.wake(options.clock())
      hasBegun = true
      isAway = !(await leaveWhereItIs(options, isAway))
      // More than one turn takes, or the report of something that was given up within it.
      if (!isAway && options.queue.due(options.clock()).length > 0) isPoked = true
      if (isBroken) log('mail.queue-works', { door })
      isBroken = false
      isPaused = isAway
    } catch (error) {
      isPaused = true
      // Told once, until it works again.
      if (!isBroken)
        log('mail.queue-failed', { door, cause: error instanceof QueueError ? error.message : String(error) })
      isBroken = true
    }
    pauseMs = isPaused ? Math.min(Math.max(FIRST_PAUSE_MS, pauseMs * 2), LONGEST_PAUSE_MS) : 0
    pausedUntil = performance.now() + pauseMs
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

/** What waits for a next hop that was away is due when that is there again. @returns whether it is */
async function leaveWhereItIs(options: LeaveOptions, wasAway: boolean): Promise<boolean> {
  const { queue, hop, clock } = options
  if (!wasAway) return leaveOnce(options)
  try {
    await hop.open()
  } catch (error) {
    if (!(error instanceof HopDownError)) throw error
    await leaveOnce({ ...options, hop: awayHop(error) })
    return false
  }
  queue.wake(clock())
  return leaveOnce(options)
}
