// Locks as the feed carries them: every party that is locked by command, whole, in place of those before.
import type { PartyId } from './identity.ts'
import { type Field, fieldOf, type Json, writeJson } from './json.ts'

/** A party that no door lets in, whatever its certificate and the rules say. */
export interface PartyLock {
  readonly party: PartyId
  /** For the operator, and for whoever is refused. */
  readonly reason?: string
  /** Absent: until it is unlocked. */
  readonly until?: Temporal.Instant
}

/** Most of them at one time. */
export const MAX_LOCKS = 10_000
/** Characters of a reason. */
export const MAX_LOCK_REASON_CHARACTERS = 256

/** Writes them. */
export function writeLocks(locks: readonly PartyLock[]): Json {
  return writeJson(locks)
}

/** Reads them. @throws {ShapeError} naming the field. */
export function readLocks(value: unknown): readonly PartyLock[] {
  return locksField(fieldOf(value))
}

/** Reads them within a message. @throws {ShapeError} */
export function locksField(field: Field): readonly PartyLock[] {
  return field.list(MAX_LOCKS).map((one) => {
    const reason = one.get('reason').optional((f) => f.text(MAX_LOCK_REASON_CHARACTERS))
    const until = one.get('until').optional((f) => f.instant())
    return {
      party: one.get('party').text(256),
      ...(reason !== undefined && { reason }),
      ...(until !== undefined && { until }),
    }
  })
}
