// No known device is left: a recovery code after the password, and a time in which whoever it is not can say no.

import type { Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { keepRecoveryCodes, makeRecoveryCodes, recoveryCodeHash, spendRecoveryCode } from '../otp/recovery-codes.ts'
import { makeNumber } from '../otp/telephone.ts'
import { PersonRefusal } from '../refusal.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SignInGround } from '../signin/model.ts'
import { recordRefused } from '../signin/record.ts'
import { moveSignIn, ownSignIn } from '../signin/rows.ts'
import { addWaiting } from '../waiting/add.ts'
import { endRecoveries } from './end.ts'

const HOUR_MS = 3_600_000
/** After its time a recovery waits so long for whoever began it to come back. */
const COMES_BACK_HOURS = 72

/** What recovery rests on. */
export interface RecoveryGround extends SignInGround {
  /** The waiting time; need not be whole. */
  readonly recoveryHours: number
}

/** The calls. */
export function recoveryCalls(ground: RecoveryGround): Pick<Calls, 'recover' | 'recovery/new'> {
  const { store, secret, door, recoveryHours } = ground
  return {
    async recover({ signIn, code }, asked) {
      const { now, address } = asked
      const row = await ownSignIn(ground, signIn, asked)
      const { account, step, passwordAt, device } = row.state
      if (step !== 'confirm' || account === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
      // The same work whatever the password was, and whether or not anybody has the name.
      const hash = recoveryCodeHash(secret, account, code)
      const ready = now.add({ milliseconds: Math.round(recoveryHours * HOUR_MS) })
      const until = ready.add({ hours: COMES_BACK_HOURS })
      return recordRefused(ground, row, asked, async () => {
        const isBegun = await store.commit(async (tx) => {
          const tried = await moveSignIn(ground, tx, row, { type: 'tried' }, asked)
          // A code is not spent on a password that was wrong.
          if (passwordAt === undefined || !(await spendRecoveryCode(tx, account, hash, now))) return false
          await moveSignIn(ground, tx, tried, { type: 'recovering' }, { ...asked, until })
          const called = device?.name ?? 'a device'
          const lines = [
            ['Device', called],
            ['Network address', address],
            ['Gets in at', ready.toString()],
          ] as const
          await tx.db.deleteFrom('login_waiting').where('sign_in', '=', signIn).execute()
          const number = row.state.number ?? makeNumber()
          await addWaiting(tx, { account, kind: 'recovery', number, lines, of: signIn, now, until, ready })
          await tx.record({ at: now, account, door, act: 'recovery begun', evidence: `device ${row.device}` })
          const facts = { device: called, address, until: ready.round('minute').toString() }
          await writeNotice(ground, tx, { account, kind: 'recovery begun', facts, now })
          return true
        })
        if (!isBegun) throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the recovery code is wrong' })
        return { next: 'wait', until: ready.toString() }
      })
    },

    async 'recovery/new'(_, asked) {
      const { account, device } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      const recovery = makeRecoveryCodes()
      const hashes = recovery.flatMap((code) => recoveryCodeHash(secret, account, code) ?? [])
      await store.commit(async (tx) => {
        await keepRecoveryCodes(tx, account, hashes)
        await endByCodesOfBefore(ground, tx, account, now)
        await actOnDevice(ground, tx, { account, device, act: 'recovery codes made', now })
      })
      return { recovery: [...recovery] }
    },
  }
}

/** Who makes new ones may know that those of before are in other hands: what was begun by one of them lets nobody in. */
async function endByCodesOfBefore(
  ground: RecoveryGround,
  tx: LoginTransaction,
  account: string,
  now: Temporal.Instant,
): Promise<void> {
  await tx.db
    .deleteFrom('login_sign_in')
    .where('account', '=', account)
    .where('step', 'in', ['wait', 'restore'])
    .execute()
  await endRecoveries(ground, tx, { account }, 'the recovery codes were made anew', now)
}
