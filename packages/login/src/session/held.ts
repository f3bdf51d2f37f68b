// The sessions that this process holds: each in the door's index, followed, with what hangs on it.
import type { People, PersonSession } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { proofsOf, readProofs, readRecord } from './row.ts'

/** A session that is held. */
export interface Held {
  readonly session: PersonSession
  /** Calls `end`, once, when it ends. Answers how to leave. */
  follow(end: (cause: RefusalCode) => void): () => void
}

/** What of a row makes it. */
export interface HeldRow {
  readonly id: string
  readonly account: string
  readonly proofs: string
  readonly meeting: string
}

/** A session that was let in. */
export interface Admitted {
  readonly session: PersonSession
  readonly release: () => void
}

/** All that one process holds. */
export interface HeldSessions {
  /** Begins to hold one that is about to be met: `end` is what its meeting is given. */
  begin(id: string, proofs: string): { readonly end: (cause: RefusalCode) => void; hold(admitted: Admitted): Held }
  /** Finds it, or asks the policy anew by its row: it is of another process, or has shown more since. */
  of(
    row: HeldRow,
  ):
    | { readonly ok: true; readonly held: Held }
    | { readonly ok: false; readonly meeting: Meeting; readonly code: RefusalCode }
  /** Ends what hangs on a session whose row has ended. */
  end(id: string, cause: RefusalCode): void
  /** Those that something hangs on, or all. */
  ids(which: 'followed' | 'all'): readonly string[]
  close(): void
}

/** One answer of the policy. Where a session has shown more, what hangs on the answer of before stays with that. */
interface Stand {
  readonly proofs: string
  readonly followers: Set<(cause: RefusalCode) => void>
  admitted: Admitted | undefined
}

/** The answers of one session; the last is what new requests get. */
interface Entry {
  current: Stand
  readonly before: Set<Stand>
}

/** So many are kept in memory. Of more, one that nothing hangs on is asked for anew when it comes again. */
const MOST_HELD = 100_000

/** @param onCut Told when the policy, a lock or an operator ends a session: its row is to end too. */
export function createHeldSessions(people: People, onCut: (id: string, cause: RefusalCode) => void): HeldSessions {
  const entries = new Map<string, Entry>()

  const endAll = (id: string, cause: RefusalCode): void => {
    const entry = entries.get(id)
    entries.delete(id)
    for (const stand of entry === undefined ? [] : [entry.current, ...entry.before]) finish(stand, cause)
  }
  const place = (id: string, stand: Stand): void => {
    const before = new Set<Stand>()
    const entry = entries.get(id)
    for (const one of entry === undefined ? [] : [entry.current, ...entry.before]) {
      if (one.followers.size > 0) before.add(one)
      else leave(one)
    }
    // Last in the order of the map: the first that nothing hangs on is what there is least need of.
    entries.delete(id)
    entries.set(id, { current: stand, before })
    if (entries.size > MOST_HELD) makeRoom(entries)
  }
  const begin: HeldSessions['begin'] = (id, proofs) => {
    const stand: Stand = { proofs, followers: new Set(), admitted: undefined }
    let endedBy: RefusalCode | undefined
    return {
      end(cause) {
        endedBy = cause
        const entry = entries.get(id)
        if (entry !== undefined && entry.current !== stand) {
          // What it has shown since may be enough: only what hangs on this answer ends.
          entry.before.delete(stand)
          finish(stand, cause)
          return
        }
        endAll(id, cause)
        finish(stand, cause)
        onCut(id, cause)
      },
      hold(admitted) {
        stand.admitted = admitted
        if (endedBy === undefined) place(id, stand)
        else leave(stand)
        return heldOf(stand, admitted.session, () => entries.get(id))
      },
    }
  }

  return {
    begin,
    of({ id, account, proofs, meeting }) {
      const current = entries.get(id)?.current
      if (current?.admitted && current.proofs === proofs)
        return { ok: true, held: heldOf(current, current.admitted.session, () => entries.get(id)) }
      const beginning = begin(id, proofs)
      const met = people.resume(readRecord(meeting), proofsOf(account, readProofs(proofs)), beginning.end)
      if (met.ok) return { ok: true, held: beginning.hold(met) }
      return { ok: false, meeting: met.meeting, code: met.meeting.outcome.refusal.code }
    },
    end: endAll,
    ids: (which) => [...entries].filter(([, entry]) => which === 'all' || isFollowed(entry)).map(([id]) => id),
    close() {
      for (const id of [...entries.keys()]) endAll(id, 'ERR_DOOR_DRAINING')
    },
  }
}

function heldOf(stand: Stand, session: PersonSession, entryOf: () => Entry | undefined): Held {
  return {
    session,
    follow(end) {
      if (stand.admitted === undefined) {
        end(session.cutBy ?? 'ERR_SESSION_OVER')
        return () => undefined
      }
      // A function of its own: the same one may be handed in twice.
      const follower = (cause: RefusalCode) => end(cause)
      stand.followers.add(follower)
      return () => {
        stand.followers.delete(follower)
        if (stand.followers.size === 0 && entryOf()?.before.delete(stand)) leave(stand)
      }
    },
  }
}

function finish(stand: Stand, cause: RefusalCode): void {
  leave(stand)
  const followers = [...stand.followers]
  stand.followers.clear()
  for (const end of followers) end(cause)
}

function leave(stand: Stand): void {
  stand.admitted?.release()
  stand.admitted = undefined
}

function isFollowed({ current, before }: Entry): boolean {
  return current.followers.size > 0 || before.size > 0
}

function makeRoom(entries: Map<string, Entry>): void {
  for (const [id, entry] of entries) {
    if (isFollowed(entry)) continue
    entries.delete(id)
    leave(entry.current)
    return
  }
}
