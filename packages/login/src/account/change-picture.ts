// Another picture and phrase, in an open session: the page has sealed both copies anew, one under the password of now.
import type { Calls } from '../asked.ts'
import { writeNotice } from '../notify/notices.ts'
import { requirePassword, spendPassword } from '../password/proved.ts'
import { PersonRefusal } from '../refusal.ts'
import { isSealedToDevice, isSealedToPassword } from '../sealed.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'

/** The call. */
export function pictureCalls(ground: SessionGround): Pick<Calls, 'picture/change'> {
  const { store, door } = ground
  return {
    async 'picture/change'({ signIn, ofPassword, ofDevice }, asked) {
      const { account, device } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      const proved = await requirePassword(ground, signIn, asked)
      if (!isSealedToPassword(ofPassword) || !isSealedToDevice(ofDevice, account, device))
        throw new PersonRefusal('ERR_PERSON_REQUEST', { note: 'it is not sealed as it should be', isTold: true })
      await store.commit(async (tx) => {
        await spendPassword(tx, proved)
        await tx.db
          .updateTable('login_account')
          .set({ of_password: ofPassword })
          .where('account', '=', account)
          .execute()
        // A device with the picture of before would say that another bank answers. It makes its copy at its next sign-in.
        await tx.db.updateTable('login_device').set({ of_device: null }).where('account', '=', account).execute()
        const { name } = await tx.db
          .updateTable('login_device')
          .set({ of_device: ofDevice })
          .where('device', '=', device)
          .where('account', '=', account)
          .returning('name')
          .executeTakeFirstOrThrow()
        await tx.record({ at: now, account, door, act: 'picture changed', evidence: `on device ${device}` })
        await writeNotice(ground, tx, { account, kind: 'picture changed', facts: { device: name }, now })
      })
      return {}
    },
  }
}
