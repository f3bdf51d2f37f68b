// Locks set by command: each denies at the meeting, before the rules are asked, and ends what is open.
import type { Decision, PartyId, PartyLock } from '@countersign/protocol'
import type { Access, SessionKey } from '../model.ts'
import { partyKey } from '../sessions/session-keys.ts'

/** The parties that are locked, for all doors of one authority. */
export interface Locks {
  /**
   * Puts `locks` in place of those before, unless something newer is in force already. Answers the keys of the sessions
   * that it ends.
   */
  replace(locks: readonly PartyLock[], sequence: bigint): readonly SessionKey[]
  /** The same access, but for those that are locked. */
  over(access: Access): Access
}

/** Begins with nobody locked. */
export function createLocks(): Locks {
  let known: ReadonlyMap<PartyId, PartyLock> = new Map()
  let newest = -1n
  const listeners = new Set<(affected: readonly SessionKey[]) => void>()
  return {
    replace(locks, sequence) {
      if (sequence < newest) return []
      newest = sequence
      known = new Map(locks.map((lock) => [lock.party, lock]))
      const keys = locks.map(partyKey)
      if (keys.length > 0) for (const listener of [...listeners]) listener(keys)
      return keys
    },
    over: (access) => ({
      decide(question) {
        // Whom another authority vouches for has no party here.
        const { party } = question.caller
        const lock = party === undefined ? undefined : known.get(party)
        return lock === undefined || isOver(lock, question.now) ? access.decide(question) : lockedOut(lock)
      },
      onChange(listener) {
        const leave = access.onChange(listener)
        listeners.add(listener)
        return () => {
          leave()
          listeners.delete(listener)
        }
      },
    }),
  }
}

function isOver({ until }: PartyLock, now: Temporal.Instant): boolean {
  return until !== undefined && Temporal.Instant.compare(until, now) <= 0
}

function lockedOut({ reason }: PartyLock): Decision {
  return { ok: false, code: 'ERR_POLICY_LOCKED', lock: reason ?? 'locked by an administrator', missing: [] }
}
