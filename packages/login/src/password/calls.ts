// Another password: OPAQUE's registration anew (RFC 9807 §5), in an open session, by somebody who knows the password of now
// and has shown a passkey or a code just now: who has only found an open session, or only the password, locks nobody out.

import type { Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import { endRecoveries } from '../recovery/end.ts'
import { badRequest } from '../refusal.ts'
import { isSealedToPassword } from '../sealed.ts'
import { endSessions } from '../session/end-sessions.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { requirePassword, spendPassword } from './proved.ts'

/** The calls. */
export function passwordCalls(ground: SessionGround): Pick<Calls, 'password/change' | 'password/changed'> {
  const { store, opaque, opened } = ground
  return {
    async 'password/change'({ signIn, request }, asked) {
      const { account } = sessionOf(asked)
      requireFresh(asked)
      await requirePassword(ground, signIn, asked)
      return { response: opaque.register(account, request) }
    },

    async 'password/changed'({ signIn, record, ofPassword }, asked) {
      const { account, id, device } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      const proved = await requirePassword(ground, signIn, asked)
      if (!opaque.isRecord(record) || !isSealedToPassword(ofPassword))
        throw badRequest('this is no record of a registration')
      const ended = await store.commit(async (tx) => {
        await spendPassword(tx, proved)
        await tx.db
          .updateTable('login_account')
          .set({ record, of_password: ofPassword })
          .where('account', '=', account)
          .execute()
        // Who got anywhere by the password of before, gets no further by it: a recovery that waits among them.
        await tx.db.deleteFrom('login_sign_in').where('account', '=', account).execute()
        await endRecoveries(ground, tx, { account }, 'the password was changed', now)
        await tx.db
          .updateTable('login_waiting')
          .set({ state: 'denied', code: null })
          .where('account', '=', account)
          .where('state', '=', 'open')
          // An operator's invitation goes on, and so stays to be seen.
          .where('kind', '!=', 'invitation')
          .execute()
        const others = { account, except: id }
        await actOnDevice(ground, tx, { account, device, act: 'password changed', now })
        return endSessions(tx, others, 'ERR_PERSON_PASSWORD_CHANGED', now)
      })
      opened.dropped(ended, 'ERR_PERSON_PASSWORD_CHANGED')
      return {}
    },
  }
}
