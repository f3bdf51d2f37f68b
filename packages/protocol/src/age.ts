// Times as people say them; the exact ones stand in `--json`.

/** Name, seconds, and from how many on: `400 days` says more than one year. */
const UNITS = [
  ['year', 31_557_600, 2],
  ['day', 86_400, 1],
  ['hour', 3_600, 1],
  ['minute', 60, 1],
] as const
/** What was given for ten minutes is not called nine a moment later: as much of a unit may be over already. */
const BEGUN = 1 / 50

/** Says a length of time in its largest whole unit, as in `11 days`, `3 minutes`, `2 s`. Negative lengths count as none. */
export function formatLength(seconds: number): string {
  return lengthOf(seconds, 0)
}

/** Says when `at` is or was, seen from `now`, as in `in 11 days`, `3 minutes ago` or `just now`. */
export function formatWhen(at: Temporal.Instant, now: Temporal.Instant): string {
  const seconds = (at.epochMilliseconds - now.epochMilliseconds) / 1000
  if (seconds > 0) return `in ${lengthOf(seconds, BEGUN)}`
  return seconds > -1 ? 'just now' : `${formatLength(-seconds)} ago`
}

/** Says how much of a validity is left: `11 days left`, `expired 2 hours ago` or `valid in 3 minutes`. */
export function formatValidity(notBefore: Temporal.Instant, notAfter: Temporal.Instant, now: Temporal.Instant): string {
  if (Temporal.Instant.compare(now, notBefore) < 0) return `valid ${formatWhen(notBefore, now)}`
  if (Temporal.Instant.compare(now, notAfter) > 0) return `expired ${formatWhen(notAfter, now)}`
  return `${lengthOf((notAfter.epochMilliseconds - now.epochMilliseconds) / 1000, BEGUN)} left`
}

/** @param begun How much of the last unit may be missing, as a part of one. */
function lengthOf(seconds: number, begun: number): string {
  for (const [unit, size, least] of UNITS) {
    const count = Math.floor(seconds / size + begun)
    if (count >= least) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return `${Math.max(0, begun > 0 ? Math.ceil(seconds) : Math.floor(seconds))} s`
}
