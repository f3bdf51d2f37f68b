// Nonces for proofs: they hold the server's time, so that no clock of a device is asked. @see RFC 9449 §8
import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long a nonce is good for. */
export const NONCE_SECONDS = 120

/** Two processes of one login need not have the very same time. */
const AHEAD_SECONDS = 10
const TIME_OCTETS = 6
const MAC_OCTETS = 16
const NONCE = /^[A-Za-z0-9_-]{30}$/

/**
 * A nonce of now: its time, and a MAC over it that nobody else can make.
 * @param key 32 octets, secret, of the door: every process of one login has the same.
 */
export function makeNonce(key: Uint8Array, now: Temporal.Instant): string {
  const time = Buffer.alloc(TIME_OCTETS)
  time.writeUIntBE(now.epochMilliseconds, 0, TIME_OCTETS)
  return Buffer.concat([time, macOf(key, time)]).toString('base64url')
}

/** When a nonce of ours stops being good, `seconds` after it was made; undefined where it is not ours, or is not good now. */
export function nonceEnds(
  key: Uint8Array,
  nonce: string,
  now: Temporal.Instant,
  seconds: number = NONCE_SECONDS,
): Temporal.Instant | undefined {
  if (!NONCE.test(nonce)) return undefined
  const octets = Buffer.from(nonce, 'base64url')
  const time = octets.subarray(0, TIME_OCTETS)
  if (!timingSafeEqual(octets.subarray(TIME_OCTETS), macOf(key, time))) return undefined
  const made = Temporal.Instant.fromEpochMilliseconds(time.readUIntBE(0, TIME_OCTETS))
  const ends = made.add({ seconds })
  if (Temporal.Instant.compare(ends, now) <= 0) return undefined
  return Temporal.Instant.compare(made, now.add({ seconds: AHEAD_SECONDS })) > 0 ? undefined : ends
}

function macOf(key: Uint8Array, time: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(time).digest().subarray(0, MAC_OCTETS)
}
