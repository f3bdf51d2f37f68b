// The open sessions of one door: found by any of their keys, cut in slices that let the door go on.
import type { Cut, DoorName, RefusalCode } from '@countersign/protocol'
import type { Session, SessionIndex, SessionKey } from '../model.ts'
import { inSlices } from './slices.ts'

/** So many are stopped within a turn. To stop one costs a fiftieth of its cut. */
const FEW = 64

/** Starts an empty index. */
export function createSessionIndex(door: DoorName): SessionIndex {
  const sessions = new Set<Session>()
  const byKey = new Map<SessionKey, Set<Session>>()

  const remove = (session: Session) => {
    if (!sessions.delete(session)) return
    for (const key of session.keys) {
      const found = byKey.get(key)
      found?.delete(session)
      if (found?.size === 0) byKey.delete(key)
    }
  }

  return {
    get size() {
      return sessions.size
    },
    add(session) {
      sessions.add(session)
      for (const key of session.keys) {
        const found = byKey.get(key)
        if (found) found.add(session)
        else byKey.set(key, new Set([session]))
      }
    },
    remove,
    list: () => [...sessions],
    find: (key) => [...(byKey.get(key) ?? [])],
    async cut(keys, cause) {
      const found = new Set(keys.flatMap((key) => [...(byKey.get(key) ?? [])]))
      // First of all: between one cut and the next, other doors have their turn.
      if (found.size > FEW) await inSlices(found, (session) => stop(session, cause))
      else for (const session of found) stop(session, cause)
      return cutAll(found, door, (session) => {
        remove(session)
        return session.cut(cause)
      })
    },
  }
}

/** One that cannot be stopped is cut like the others, if later than it could have been. */
function stop(session: Session, cause: RefusalCode): void {
  try {
    session.stop(cause)
  } catch {
    // Of whatever is wrong with it, its cut tells: that follows in any case.
  }
}

/** Cuts each session although another may fail. @throws {AggregateError} after the last, when any could not be cut. */
async function cutAll(
  sessions: Iterable<Session>,
  door: DoorName,
  cut: (session: Session) => ReturnType<Session['cut']>,
): Promise<readonly Cut[]> {
  const started: Promise<Cut>[] = []
  await inSlices(sessions, (session) => void started.push(cutOne(session, door, cut)))
  const settled = await Promise.allSettled(started)
  const failed = settled.filter((result) => result.status === 'rejected')
  if (failed.length > 0)
    throw new AggregateError(
      failed.map(({ reason }): unknown => reason),
      `${failed.length} of ${settled.length} sessions could not be cut`,
    )
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

// Asynchronous so that what `cut` throws is a rejection; the cut itself still begins at once.
async function cutOne(
  session: Session,
  door: DoorName,
  cut: (session: Session) => ReturnType<Session['cut']>,
): Promise<Cut> {
  const { lastOctetAt } = await cut(session)
  const { reference, caller } = session.meeting
  return {
    door,
    session: session.id,
    reference,
    ...(caller.party !== undefined && { party: caller.party }),
    lastOctetAt,
  }
}
