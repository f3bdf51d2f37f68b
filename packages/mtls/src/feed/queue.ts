// Meetings that wait for the authority: bounded, in order, and gone only when it has kept them.
import type { Meeting } from '@countersign/protocol'

// About 3 kB each.
const MAX_WAITING = 10_000

/** Meetings with their numbers, the oldest first. */
export interface MeetingQueue {
  readonly size: number
  add(meeting: Meeting): void
  /** Begins a connection: everything that waits is to be sent, with new numbers. */
  restart(): readonly { readonly id: number; readonly meeting: Meeting }[]
  /** The number of the newest. */
  newest(): { readonly id: number; readonly meeting: Meeting } | undefined
  /** Forgets what has been kept, up to `id`. */
  kept(id: number): void
}

/** @param onLost Told how many were dropped, the oldest, because too many wait. */
export function createMeetingQueue(onLost: (count: number) => void, max: number = MAX_WAITING): MeetingQueue {
  let waiting: { id: number; meeting: Meeting }[] = []
  let last = 0
  return {
    get size() {
      return waiting.length
    },
    add(meeting) {
      waiting.push({ id: ++last, meeting })
      if (waiting.length <= max) return
      // A tenth at once, so that each further one does not move them all.
      const dropped = Math.max(1, Math.floor(max / 10))
      waiting = waiting.slice(dropped)
      onLost(dropped)
    },
    restart() {
      waiting = waiting.map(({ meeting }, index) => ({ id: index + 1, meeting }))
      last = waiting.length
      return waiting
    },
    newest: () => waiting.at(-1),
    kept(id) {
      const first = waiting.findIndex((one) => one.id > id)
      waiting = first === -1 ? [] : waiting.slice(first)
    },
  }
}
