// When open sessions must be looked at again: one timer, by a clock that may step.
import type { Clock } from '../model.ts'

/** When each of many things is due. */
export interface Deadlines<Item extends object> {
  /** Sets when `item` is due, instead of what was set before. */
  set(item: Item, at: Temporal.Instant): void
  delete(item: Item): void
}

/** Whom {@link createDeadlines} tells. */
export interface DeadlineListener<Item> {
  /** These were due, and are forgotten. */
  readonly onDue: (items: readonly Item[]) => void
  /** The clock went back: what was decided for later times does not hold for earlier ones. */
  readonly onStepBack: () => void
}

const LOOK_MS = 60_000

/**
 * Keeps deadlines, found by the minute that they fall in. It looks at the clock when the next is due and at least once a
 * minute, so that a clock that is set forward is followed within a minute. The timer keeps no process alive.
 */
export function createDeadlines<Item extends object>(
  clock: Clock,
  { onDue, onStepBack }: DeadlineListener<Item>,
): Deadlines<Item> {
  const minutes = new Map<number, Map<Item, number>>()
  const times = new Map<Item, number>()
  let timer: NodeJS.Timeout | undefined
  let wakesAt = Number.POSITIVE_INFINITY
  let lookedAt = 0

  const forget = (item: Item): void => {
    const time = times.get(item)
    if (time === undefined) return
    times.delete(item)
    const minute = minutes.get(minuteOf(time))
    minute?.delete(item)
    if (minute?.size === 0) minutes.delete(minuteOf(time))
  }
  const sleep = (now: number, nearest: number): void => {
    clearTimeout(timer)
    // A moment is over one millisecond later.
    wakesAt = Math.min(now + LOOK_MS, nearest + 1)
    timer = setTimeout(look, Math.max(wakesAt - now, 1)).unref()
  }
  const look = (): void => {
    const now = clock().epochMilliseconds
    const steppedBack = now < lookedAt
    lookedAt = now
    const due: Item[] = []
    let nearest = Number.POSITIVE_INFINITY
    for (const [minute, items] of minutes) {
      if (minute > minuteOf(now + LOOK_MS)) continue
      for (const [item, time] of items) {
        if (time < now) due.push(item)
        else nearest = Math.min(nearest, time)
      }
    }
    for (const item of due) forget(item)
    timer = undefined
    if (times.size > 0) sleep(now, nearest)
    if (steppedBack) onStepBack()
    if (due.length > 0) onDue(due)
  }

  return {
    set(item, at) {
      forget(item)
      const time = at.epochMilliseconds
      times.set(item, time)
      const minute = minutes.get(minuteOf(time))
      if (minute) minute.set(item, time)
      else minutes.set(minuteOf(time), new Map([[item, time]]))
      if (timer !== undefined && time + 1 >= wakesAt) return
      const now = clock().epochMilliseconds
      if (timer === undefined) lookedAt = now
      sleep(now, time)
    },
    delete(item) {
      forget(item)
      if (times.size > 0) return
      clearTimeout(timer)
      timer = undefined
    },
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / LOOK_MS)
}
