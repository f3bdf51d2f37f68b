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
  if (now.epochMilliseconds < (row.seen_at ?? row.rotated_at) + GRACE_SECONDS * 1000) return 'before'
  return row.seen_at === null ? 'late' : 'stolen'
}

/** Why it is over: its eight hours, or an hour without a renewal, have passed. Undefined while it is not. */
export function overBy(
  row: Rotation,
  now: Temporal.Instant,
): Extract<RefusalCode, 'ERR_SESSION_OVER' | 'ERR_SESSION_IDLE'> | undefined {
  const at = now.epochMilliseconds
  if (at >= row.ends_at) return 'ERR_SESSION_OVER'
  // Where a certificate stands for the proofs, nobody renews anything.
  return row.certificate === null && at >= row.rotated_at + IDLE_MINUTES * 60_000 ? 'ERR_SESSION_IDLE' : undefined
}

/** Whether a page load needs a fresh proof of the device first. */
export function isStale(row: Rotation, now: Temporal.Instant): boolean {
  return now.epochMilliseconds >= row.rotated_at + COOKIE_MINUTES * 60_000
}
