// Sessions that a client may resume, each with the certificates it was made under.
import type { Certificate } from '@countersign/x509'
import type { ResumptionStore } from '../model.ts'
import { LeastRecentlyUsed } from '../trust/least-recently-used.ts'

// A session is about 2 kB, with its certificates about 5.
const MAX_SESSIONS = 256

/** Makes a store of sessions in memory; each is given out once, so that two connections cannot be linked by their ticket. @see RFC 9846 Appendix C.4 */
export function createResumptionStore(maxSessions: number = MAX_SESSIONS): ResumptionStore {
  const sessions = new LeastRecentlyUsed<{ session: Buffer; certificates: readonly Certificate[] }>(maxSessions)
  return {
    take(key) {
      const kept = sessions.get(key)
      sessions.delete(key)
      return kept
    },
    put(key, session, certificates) {
      sessions.set(key, { session, certificates })
    },
  }
}
