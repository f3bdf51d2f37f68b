// When a certificate is renewed and a list is fetched: pure, from what they say of themselves.
import type { CertificateList, Validity } from '@countersign/x509'

const RENEW_AFTER = 2 / 3
const RENEW_SPREAD = 1 / 12
const FETCH_AFTER = 1 / 2
const FETCH_SPREAD = 1 / 4
const FIRST_RETRY_MS = 30_000
const LAST_RETRY_MS = 3_600_000

/**
 * After two thirds of the lifetime and up to a twelfth of it later.
 * @param spread From 0 to 1: which part of the twelfth.
 */
export function renewalDue({ notBefore, notAfter }: Validity, spread: number): Temporal.Instant {
  return within(notBefore, notAfter, RENEW_AFTER + spread * RENEW_SPREAD)
}

/** Nobody has renewed in time: three quarters are over, or nine tenths. */
const EXPIRING_AFTER = [3 / 4, 9 / 10] as const

/** How urgent it has become that somebody renews: 0 while there is time, 1 in the last quarter, 2 in the last tenth. */
export function urgency(validity: Validity, now: Temporal.Instant): number {
  return expiringAt(validity).filter((moment) => Temporal.Instant.compare(now, moment) >= 0).length
}

/** When a certificate that nobody has renewed is first told of, and when again: whoever renews has done so before. */
export function expiringAt({ notBefore, notAfter }: Validity): readonly [Temporal.Instant, Temporal.Instant] {
  const [first, last] = EXPIRING_AFTER
  return [within(notBefore, notAfter, first), within(notBefore, notAfter, last)]
}

/** Between a half and three quarters of the time that the first list to run out is good for. A list that never runs out is never due. */
export function statusDue(crls: readonly CertificateList[], spread: number): Temporal.Instant {
  const dues = crls.flatMap(({ thisUpdate, nextUpdate }) =>
    nextUpdate ? [within(thisUpdate, nextUpdate, FETCH_AFTER + spread * FETCH_SPREAD)] : [],
  )
  return dues.sort(Temporal.Instant.compare)[0] ?? NEVER
}
const NEVER = Temporal.Instant.from('9999-12-31T23:59:59Z')

/**
 * How long to wait after the `failures`-th failure in a row: half a minute, twice as long each time, an hour at most;
 * from three quarters to five quarters of it.
 * @param spread From 0 to 1.
 */
export function retryAfterMs(failures: number, spread: number): number {
  const whole = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS)
  return Math.round(whole * (0.75 + spread / 2))
}

function within(from: Temporal.Instant, to: Temporal.Instant, part: number): Temporal.Instant {
  const length = to.epochMilliseconds - from.epochMilliseconds
  return Temporal.Instant.fromEpochMilliseconds(Math.round(from.epochMilliseconds + length * part))
}
