// How many messages a caller may leave here in a minute.

/** Counts by caller. Bounded: who has not come for a minute is forgotten. */
export interface Rate {
  /** Counts one more, and answers whether it may be. */
  mayHave(caller: string, perMinute: number, now: Temporal.Instant): boolean
}

const MINUTE_MS = 60_000
/** Above it those of past minutes are looked for. */
const MANY = 10_000

/** A minute begins with a caller's first message. */
export function createRate(): Rate {
  const windows = new Map<string, { readonly since: number; count: number }>()
  const isPast = (since: number, ms: number) => ms - since >= MINUTE_MS || ms < since
  return {
    mayHave(caller, perMinute, { epochMilliseconds: ms }) {
      const known = windows.get(caller)
      if (known && !isPast(known.since, ms)) {
        if (known.count >= perMinute) return false
        known.count++
        return true
      }
      if (windows.size >= MANY) for (const [one, { since }] of windows) if (isPast(since, ms)) windows.delete(one)
      windows.set(caller, { since: ms, count: 1 })
      return true
    },
  }
}
