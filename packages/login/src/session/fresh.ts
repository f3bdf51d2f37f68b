// What is sensitive asks that whoever is there has proved themselves just now. @see ASVS 5.0 7.5.1, 7.5.3
import type { Asked, OpenPersonSession } from '../asked.ts'
import { PersonRefusal } from '../refusal.ts'
import { readProofs, type ShownProof } from './row.ts'

/** How old a passkey or a code may be. */
export const FRESH_MINUTES = 5

/** The session of a call whose proof is `session`. */
export function sessionOf({ session }: Pick<Asked, 'session'>): OpenPersonSession {
  if (session === undefined) throw new PersonRefusal('ERR_PERSON_NOT_SIGNED_IN')
  return session
}

/** @throws {PersonRefusal} `ERR_PERSON_FRESH` where this session has shown neither passkey nor code of late. */
export function requireFresh(asked: Pick<Asked, 'session' | 'now'>): void {
  const shown = readProofs(sessionOf(asked).row.proofs)
  if (!shown.some((proof) => isFresh(proof, asked.now))) throw new PersonRefusal('ERR_PERSON_FRESH')
}

function isFresh({ kind, at }: ShownProof, now: Temporal.Instant): boolean {
  if (kind !== 'passkey' && kind !== 'totp') return false
  // Nor one from the future: a clock was set back since.
  return Math.abs(now.epochMilliseconds - at.epochMilliseconds) < FRESH_MINUTES * 60_000
}
