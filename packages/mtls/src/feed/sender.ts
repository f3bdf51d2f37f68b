// What waits goes to the authority as fast as it keeps it, and not all at once: ten thousand records of strangers who claim
// many names are more than a connection may hold, and more than a turn of the loop.
import type { MeetingQueue, Waiting } from './queue.ts'

/** Sent, and not yet kept. */
const MOST_UNDER_WAY = 1_000
/** Sent, and not yet read. */
const MOST_UNREAD_OCTETS = 1_048_576

/**
 * Makes the function that sends what may be sent now, for one connection. To be called at its beginning, and whenever
 * something was added or kept.
 * @param unread How many octets wait for the other side to read.
 */
export function createSender(queue: MeetingQueue, send: (one: Waiting) => void, unread: () => number): () => void {
  let sent = 0
  return () => {
    for (;;) {
      const [next] = queue.after(sent, 1)
      if (next === undefined) return
      const oldest = queue.newest - queue.size + 1
      const underWay = Math.max(0, sent - oldest + 1)
      // Where something is under way, its word calls this again.
      if (underWay >= MOST_UNDER_WAY || (underWay > 0 && unread() > MOST_UNREAD_OCTETS)) return
      sent = next.id
      send(next)
    }
  }
}
