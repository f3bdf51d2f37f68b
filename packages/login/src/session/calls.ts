// The calls that are about the session itself.
import type { Calls } from '../asked.ts'
import { clearCookie } from './cookie.ts'
import { sessionOf } from './fresh.ts'
import type { SessionGround } from './ground.ts'
import { makeNonce } from './nonce.ts'

/** The calls. */
export function sessionCalls({ opened, secret }: SessionGround): Pick<Calls, 'nonce' | 'renew' | 'sign-out'> {
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
  }
}
