// The devices of an account, as its customer keeps them.
import type { Calls } from '../asked.ts'
import { writeNotice } from '../notify/notices.ts'
import { badRequest } from '../refusal.ts'
import { isSealedToDevice } from '../sealed.ts'
import { clearCookie } from '../session/cookie.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { removeDevice } from './remove.ts'

/** The calls. */
export function deviceCalls(ground: SessionGround): Pick<Calls, 'device/keep' | 'device/remove' | 'device/phone'> {
  const { store, opened, door } = ground
  return {
    async 'device/keep'({ ofDevice }, asked) {
      const { account, device } = sessionOf(asked)
      if (!isSealedToDevice(ofDevice, account, device)) throw badRequest('it is not sealed to this device')
      await store.commit(({ db }) =>
        db
          .updateTable('login_device')
          .set({ of_device: ofDevice })
          .where('device', '=', device)
          .where('account', '=', account)
          .where('removed_at', 'is', null)
          .execute(),
      )
      return {}
    },

    async 'device/remove'({ device }, asked) {
      const { account, device: own } = sessionOf(asked)
      requireFresh(asked)
      const ended = await store.commit((tx) => removeDevice(ground, tx, { account, device, now: asked.now }))
      if (ended === undefined) throw badRequest('there is no such device')
      opened.dropped(ended, 'ERR_PERSON_DEVICE_REMOVED')
      if (device === own) asked.field('set-cookie', clearCookie())
      return {}
    },

    async 'device/phone'({ isPhone }, asked) {
      const { account, device } = sessionOf(asked)
      // Whoever sees the codes of an account confirms in its name.
      if (isPhone) requireFresh(asked)
      await store.commit(async (tx) => {
        const { name } = await tx.db
          .updateTable('login_device')
          .set({ is_phone: isPhone ? 1 : 0 })
          .where('device', '=', device)
          .where('account', '=', account)
          .returning('name')
          .executeTakeFirstOrThrow()
        const facts = { device: name }
        const act = isPhone ? 'telephone' : 'telephone ended'
        await tx.record({ at: asked.now, account, door, act, evidence: `device ${device}` })
        if (isPhone) await writeNotice(ground, tx, { account, kind: 'telephone', facts, now: asked.now })
      })
      return {}
    },
  }
}
