// Sessions that a client may resume, each with the certificates it was made under.
import type { ResumptionStore } from '../model.ts'
import { LeastRecentlyUsed } from '../trust/least-recently-used.ts'

// A session is about 2 kB, with its certificates about 5.
const MAX_KEYS = 256
// A server gives two with a full handshake; Node's gives none with a resumed one.
const MAX_SESSIONS_PER_KEY = 4

type Kept = NonNullable<ReturnType<ResumptionStore['take']>>

/**
 * Makes a store of sessions in memory. Each is given out once: a ticket that comes twice would tell whoever watches that
 * both connections are one party's.
 * @see RFC 9846 Appendix C.4
 */
export function createResumptionStore(maxKeys: number = MAX_KEYS): ResumptionStore {
  const sessions = new LeastRecentlyUsed<readonly Kept[]>(maxKeys)
  return {
    take(key) {
      const kept = sessions.get(key)
      if (kept === undefined) return undefined
      if (kept.length > 1) sessions.set(key, kept.slice(0, -1))
      else sessions.delete(key)
      return kept.at(-1)
    },
    put(key, session, certificates) {
      const kept = sessions.get(key) ?? []
      sessions.set(key, [...kept, { session, certificates }].slice(-MAX_SESSIONS_PER_KEY))
    },
  }
}
