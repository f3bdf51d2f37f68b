// How often somebody may do what costs us something.

/** So many at once, and so many a second for ever. */
export interface Allowed {
  readonly burst: number
  readonly perSecond: number
}

/** Starts full. Answers how to spend one: false where none is left. @param clock In milliseconds, never back. */
export function createAllowance(
  { burst, perSecond }: Allowed,
  clock: () => number = () => performance.now(),
): () => boolean {
  let left = burst
  let at = clock()
  return () => {
    const now = clock()
    left = Math.min(burst, left + ((now - at) / 1_000) * perSecond)
    at = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
