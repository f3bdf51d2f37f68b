// Times as people say them.

const UNITS = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
  ['year', 31_556_952],
] as const

/** As in "in 11 days", "3 minutes ago", "now". */
export function relativeTime(at: Temporal.Instant, now: Temporal.Instant): string {
  const seconds = (at.epochMilliseconds - now.epochMilliseconds) / 1000
  const length = spanOf(Math.abs(seconds))
  if (length === undefined) return 'now'
  return seconds > 0 ? `in ${length}` : `${length} ago`
}

/** In whole units of the largest that fits twice, so that "47 hours" is not "1 day"; undefined under half a second. */
function spanOf(seconds: number): string | undefined {
  if (seconds < 0.5) return undefined
  const [name, unit] = UNITS.findLast(([, size]) => seconds >= 2 * size) ?? UNITS[0]
  const count = Math.max(1, Math.round(seconds / unit))
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
