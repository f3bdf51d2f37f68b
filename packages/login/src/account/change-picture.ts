// Another picture and phrase, in an open session: the page has sealed both copies anew, one under the password of now.
import type { Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import { requirePassword, spendPassword } from '../password/proved.ts'
import { badRequest } from '../refusal.ts'
import { isSealedToDevice, isSealedToPassword } from '../sealed.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'

/** The call. */
export function pictureCalls(ground: SessionGround): Pick<Calls, 'picture/change'> {
  const { store } = ground
  return {
    async 'picture/change'({ signIn, ofPassword, ofDevice }, asked) {
      const { account, device } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      const proved = await requirePassword(ground, signIn, asked)
      if (!isSealedToPassword(ofPassword) || !isSealedToDevice(ofDevice, account, device))
        throw badRequest('it is not sealed as it should be')
      await store.commit(async (tx) => {
        await spendPassword(tx, proved)
        await tx.db
          .updateTable('login_account')
          .set({ of_password: ofPassword })
          .where('account', '=', account)
          .execute()
        // A device with the picture of before would say that another bank answers. It makes its copy at its next sign-in.
        await tx.db.updateTable('login_device').set({ of_device: null }).where('account', '=', account).execute()
        await tx.db
          .updateTable('login_device')
          .set({ of_device: ofDevice })
          .where('device', '=', device)
          .where('account', '=', account)
          .execute()
        await actOnDevice(ground, tx, { account, device, act: 'picture changed', now })
      })
      return {}
    },
  }
}
