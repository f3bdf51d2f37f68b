// Challenges for passkeys: each says what it is for, so that the server keeps none of them and no answer serves another purpose.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { DoorSecret } from '../secret.ts'
import { makeNonce, nonceEnds } from '../session/nonce.ts'

/** What is signed for. What each is bound to is the sign-in, or the session; of `confirm` the matter comes before it. */
export type ChallengeUse = 'sign in' | 'add passkey' | 'step up' | 'confirm'

/** As long as a person has to find a finger, or a key. @see WebAuthn 3 §5.5 (timeout) */
export const CHALLENGE_SECONDS = 300
const NONCE_OCTETS = 22
/** Two of one moment are two. */
const RANDOM_OCTETS = 8
const HASH_OCTETS = 32

/**
 * A nonce of the server's (30 octets), and SHA-256 over `countersign <use> v1` ‖ what it is bound to ‖ that nonce: whoever
 * knows what was signed for can tell by the challenge alone that it was.
 */
export function makeChallenge(secret: DoorSecret, use: ChallengeUse, bound: string, now: Temporal.Instant): Uint8Array {
  const time = Buffer.from(makeNonce(secret.key('challenge nonce'), now), 'base64url')
  const nonce = Buffer.concat([time, randomBytes(RANDOM_OCTETS)])
  return new Uint8Array(Buffer.concat([nonce, hashOf(use, bound, nonce)]))
}

/** When a challenge of ours for this stops being good; undefined where it is not, or is for something else. */
export function challengeEnds(
  secret: DoorSecret,
  use: ChallengeUse,
  bound: string,
  challenge: string,
  now: Temporal.Instant,
): Temporal.Instant | undefined {
  const octets = Buffer.from(challenge, 'base64url')
  if (octets.length !== NONCE_OCTETS + RANDOM_OCTETS + HASH_OCTETS) return undefined
  const nonce = octets.subarray(0, -HASH_OCTETS)
  if (!timingSafeEqual(octets.subarray(-HASH_OCTETS), hashOf(use, bound, nonce))) return undefined
  const time = nonce.subarray(0, NONCE_OCTETS).toString('base64url')
  return nonceEnds(secret.key('challenge nonce'), time, now, CHALLENGE_SECONDS)
}

function hashOf(use: ChallengeUse, bound: string, nonce: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`countersign ${use} v1${bound}`), nonce]), 'buffer')
}
