// What the secret of a cookie is worth: pure, by the session's row and the time.
import { timingSafeEqual } from 'node:crypto'
import type { RefusalCode } from '@countersign/protocol'
import type { LoginSessionTable } from '../store/tables.ts'

/** Page loads ride on a cookie for so long; then the device proves itself anew. */
export const COOKIE_MINUTES = 5
/** What was on its way while the cookie changed still counts. */
export const GRACE_SECONDS = 30
/** Nobody was here for so long: the session is over. @see ASVS 5.0 7.3.1 */
export const IDLE_MINUTES = 60
/** However busy it is. @see ASVS 5.0 7.3.2 */
export const SESSION_HOURS = 8

/** Two processes of one login need not have the very same time. */
const AHEAD_SECONDS = 10
/** A clock that was stepped back by more makes nothing last longer: what was open ends, and people sign in anew. */
const BACK_MINUTES = 5

/** The columns that this rests on. */
export type Rotation = Pick<
  LoginSessionTable,
  'secret' | 'previous' | 'rotated_at' | 'seen_at' | 'ends_at' | 'certificate'
>

/**
 * `current`: it is the last that was made. `before`: it is the one before, whose time is not over.
 * `late`: the one before, but nobody has ever used the next, which may have been lost on its way. `stolen`: neither.
 */
export type SecretStanding = 'current' | 'before' | 'late' | 'stolen'

/** What a secret is, by its SHA-256. Whoever has the id of a session had its cookie: with another secret, it is one of before. */
export function standingOf(row: Rotation, secretSha256: Uint8Array, now: Temporal.Instant): SecretStanding {
  if (timingSafeEqual(secretSha256, row.secret)) return 'current'
  if (row.previous === null || !timingSafeEqual(secretSha256, row.previous)) return 'stolen'
  const since = now.epochMilliseconds - (row.seen_at ?? row.rotated_at)
  if (Math.abs(since) < GRACE_SECONDS * 1000) return 'before'
  return row.seen_at === null ? 'late' : 'stolen'
}

/**
 * Why it is over: its eight hours, or an hour without a renewal, have passed, or nobody can say whether they have, since the
 * clock is before the last renewal. Undefined while it is not.
 */
export function overBy(
  row: Rotation,
  now: Temporal.Instant,
): Extract<RefusalCode, 'ERR_SESSION_OVER' | 'ERR_SESSION_IDLE'> | undefined {
  const at = now.epochMilliseconds
  if (at >= row.ends_at || at < row.rotated_at - BACK_MINUTES * 60_000) return 'ERR_SESSION_OVER'
  // Where a certificate stands for the proofs, nobody renews anything.
  return row.certificate === null && at >= row.rotated_at + IDLE_MINUTES * 60_000 ? 'ERR_SESSION_IDLE' : undefined
}

/** Whether a page load needs a fresh proof of the device first. */
export function isStale(row: Rotation, now: Temporal.Instant): boolean {
  const since = now.epochMilliseconds - row.rotated_at
  return since >= COOKIE_MINUTES * 60_000 || since < -AHEAD_SECONDS * 1000
}
