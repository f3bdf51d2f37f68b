// The calls that are about the session itself.
import type { Calls } from '../asked.ts'
import { badRequest } from '../refusal.ts'
import { clearCookie } from './cookie.ts'
import { athOf } from './dpop.ts'
import { endSessions } from './end-sessions.ts'
import { requireFresh, sessionOf } from './fresh.ts'
import type { SessionGround } from './ground.ts'
import { makeNonce } from './nonce.ts'
import { openSessionsOf } from './open-sessions.ts'

/** The calls. */
export function sessionCalls({
  opened,
  secret,
  store,
  door,
}: SessionGround): Pick<Calls, 'nonce' | 'renew' | 'sign-out' | 'session/end'> {
  return {
    nonce: async (_, { now }) => ({ nonce: makeNonce(secret.key('proof nonce'), now) }),
    renew: async (_, asked) => ({ until: (await opened.renew(sessionOf(asked), asked)).toString() }),
    async 'sign-out'(_, asked) {
      await opened.end(sessionOf(asked).id, 'ERR_PERSON_SIGNED_OUT')
      asked.field('set-cookie', clearCookie())
      // Not its storage: the keys of the device stay. @see ASVS 5.0 14.3.1
      asked.field('clear-site-data', '"cache"')
      return {}
    },

    async 'session/end'({ session }, asked) {
      const { account, id } = sessionOf(asked)
      requireFresh(asked)
      if (session === undefined) {
        const others = { account, except: id }
        const ended = await store.commit((tx) => endSessions(tx, others, 'ERR_PERSON_SIGNED_OUT', asked.now))
        opened.dropped(ended, 'ERR_PERSON_SIGNED_OUT')
        return {}
      }
      const open = await openSessionsOf(store.db, { account, door, now: asked.now })
      const found = open.find((each) => athOf(each.id) === session)
      if (found === undefined) throw badRequest('there is no such session')
      await opened.end(found.id, 'ERR_PERSON_SIGNED_OUT')
      if (found.id === id) asked.field('set-cookie', clearCookie())
      return {}
    },
  }
}
