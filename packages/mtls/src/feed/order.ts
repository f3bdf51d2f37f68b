// Whether what the feed says follows what is known: nothing is left out, twice or out of order without being seen.
import type { FeedMessage } from '@countersign/protocol'

/** What is to be done with a message. `repeat`: it is known, and confirmed again. */
export type Order = 'apply' | 'repeat' | { readonly refused: string }

/**
 * Decides on a snapshot or an event.
 * @param last The newest event that is known; undefined for a newcomer.
 */
export function decideOrder(
  last: bigint | undefined,
  message: Extract<FeedMessage, { readonly kind: 'snapshot' | 'event' }>,
): Order {
  if (message.kind === 'snapshot') {
    const { sequence } = message.snapshot
    // An authority that was set back has forgotten revocations that we know.
    if (last !== undefined && sequence < last)
      return { refused: `a snapshot of event ${sequence}, and event ${last} is known here` }
    return 'apply'
  }
  const { previous, event } = message
  if (last === undefined) return { refused: `event ${event.sequence} before a snapshot` }
  if (event.sequence <= last) return 'repeat'
  if (previous !== last)
    return { refused: `event ${event.sequence} follows ${previous}, and ${last} is the newest here` }
  return 'apply'
}
