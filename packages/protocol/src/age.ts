// Times as people say them; the exact ones stand in `--json`.

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** Says a length of time in its largest whole unit, as in `11 days`, `3 minutes`, `2 s`. Negative lengths count as none. */
export function formatLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  for (const [unit, size] of UNITS) {
    const count = Math.floor(whole / size)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return `${whole} s`
}

/** Says when `at` is or was, seen from `now`, as in `in 11 days` or `3 minutes ago`. */
export function formatWhen(at: Temporal.Instant, now: Temporal.Instant): string {
  const seconds = (at.epochMilliseconds - now.epochMilliseconds) / 1000
  return seconds > 0 ? `in ${formatLength(seconds)}` : `${formatLength(-seconds)} ago`
}

/** Says how much of a validity is left: `11 days left`, `expired 2 hours ago` or `valid in 3 minutes`. */
export function formatValidity(notBefore: Temporal.Instant, notAfter: Temporal.Instant, now: Temporal.Instant): string {
  if (Temporal.Instant.compare(now, notBefore) < 0) return `valid ${formatWhen(notBefore, now)}`
  if (Temporal.Instant.compare(now, notAfter) > 0) return `expired ${formatWhen(notAfter, now)}`
  return `${formatLength((notAfter.epochMilliseconds - now.epochMilliseconds) / 1000)} left`
}
