// Another app for one-time codes, in an open session.
import type { Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import { keepApp, makePendingApp, openPendingApp } from '../otp/pending-app.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { tryCode } from '../session/show-more.ts'

/** The calls. @see ASVS 5.0 6.5.6 */
export function appCalls(ground: SessionGround): Pick<Calls, 'totp/new' | 'totp/confirm'> {
  return {
    async 'totp/new'(_, asked) {
      const { account, id } = sessionOf(asked)
      requireFresh(asked)
      return makePendingApp(ground, { account, of: id, now: asked.now })
    },

    async 'totp/confirm'({ pending, code }, asked) {
      const { account, device, id } = sessionOf(asked)
      const { now } = asked
      const totp = openPendingApp(ground, pending, { account, of: id, now })
      await tryCode(ground, asked, async (tx) => {
        if (!(await keepApp(ground, tx, { totp, code, account, now }))) return false
        await actOnDevice(ground, tx, { account, device, act: 'app changed', now })
        return true
      })
      return {}
    },
  }
}
