// When it is tried again, and when no more. @see RFC 5321 §4.5.4.1

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** "two attempts in the first hour the message is in the queue, and then back off to one every two or three hours" */
const EARLY_MS = 30 * MINUTE_MS
const EARLY_ATTEMPTS = 2
/** The longest that anything waits. */
export const LONGEST_WAIT_MS: number = 3 * HOUR_MS
/** After it the sender is told that it is late; most servers do so after four hours. */
const TOLD_MS = 4 * HOUR_MS
/** "the give-up time generally needs to be at least 4-5 days" */
const GIVE_UP_MS = 120 * HOUR_MS
/** A clock that jumped ahead is no reason to give up: about a day of attempts was made. */
const LEAST_ATTEMPTS = 8

/** @param attempts How many were made, the last one included. */
export function nextAttemptAt(attempts: number, now: Temporal.Instant): Temporal.Instant {
  return now.add({ milliseconds: attempts <= EARLY_ATTEMPTS ? EARLY_MS : LONGEST_WAIT_MS })
}

/** Whether a message that came `at` is given up. */
export function isGivenUp(at: Temporal.Instant, attempts: number, now: Temporal.Instant): boolean {
  return attempts >= LEAST_ATTEMPTS && now.epochMilliseconds - at.epochMilliseconds >= GIVE_UP_MS
}

/** Whether the sender of a message that came `at` is told that it is late: a clock that jumped ahead is no reason. */
export function isTold(at: Temporal.Instant, attempts: number, now: Temporal.Instant): boolean {
  return attempts > EARLY_ATTEMPTS + 1 && now.epochMilliseconds - at.epochMilliseconds >= TOLD_MS
}
