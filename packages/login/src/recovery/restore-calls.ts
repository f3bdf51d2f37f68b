// The end of a recovery where the rules of the door ask for more than a password: a new app for codes, or a new passkey, and
// nothing else. There is no session before the rules are satisfied, and the device is not known before.
//
// Whoever is here has shown two factors, the password and a recovery code, and nobody has said no for all the time.
// @see NIST SP 800-63B §6.1.2.1
import type { Calls } from '../asked.ts'
import { writeNotice } from '../notify/notices.ts'
import { keepApp, makePendingApp, openPendingApp } from '../otp/pending-app.ts'
import { checkNewPasskey, creationOptions, spendMaking } from '../passkey/add.ts'
import { PersonRefusal } from '../refusal.ts'
import type { SignInGround } from '../signin/model.ts'
import { openSignedIn, recordRefused } from '../signin/record.ts'
import { moveSignIn, ownSignIn } from '../signin/rows.ts'
import { ofPasswordOf } from '../store/of-password.ts'
import { type RestoreWay, waysToRestore } from './ways.ts'

type RestoreCalls = Pick<Calls, `restore/${'app' | 'app/confirm' | 'passkey' | 'passkey/options'}`>

/** The calls. */
export function restoreCalls(ground: SignInGround): RestoreCalls {
  const { store, door } = ground
  /** The sign-in, where the rules are satisfied by what is about to be made. */
  const restoring = async (signIn: string, way: RestoreWay, asked: Parameters<RestoreCalls['restore/app']>[1]) => {
    const row = await ownSignIn(ground, signIn, asked)
    const { account, step, device } = row.state
    if (step !== 'restore' || account === undefined || device === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
    if (!waysToRestore(ground, row, asked).includes(way))
      throw new PersonRefusal('ERR_PERSON_STEP', { note: `a ${way} is not what the rules ask for` })
    return { row, account, called: device.name }
  }

  return {
    async 'restore/app'({ signIn }, asked) {
      const { account } = await restoring(signIn, 'totp', asked)
      return makePendingApp(ground, { account, of: signIn, now: asked.now })
    },

    async 'restore/app/confirm'({ signIn, pending, code }, asked) {
      const { now } = asked
      const { row, account, called } = await restoring(signIn, 'totp', asked)
      const totp = openPendingApp(ground, pending, { account, of: signIn, now })
      const tried = await recordRefused(ground, row, asked, () =>
        store.commit((tx) => moveSignIn(ground, tx, row, { type: 'tried' }, asked)),
      )
      await openSignedIn(ground, tried, asked, [{ kind: 'totp', at: now, binding: 'device' }], async (tx) => {
        if (!(await keepApp(ground, tx, { totp, code, account, now }))) throw wrongCode()
        const evidence = `at the end of a recovery, on device ${row.device}`
        await tx.record({ at: now, account, door, act: 'app changed', evidence })
        await writeNotice(ground, tx, { account, kind: 'app changed', facts: { device: called }, now })
        await moveSignIn(ground, tx, tried, { type: 'coded' }, asked)
      })
      return { next: 'done', ...(await ofPasswordOf(store, account)) }
    },

    async 'restore/passkey/options'({ signIn }, asked) {
      const { account } = await restoring(signIn, 'passkey', asked)
      return creationOptions(ground, { account, of: signIn, now: asked.now })
    },

    // It stands in the sign-in alone, and ends with it where a known device says no: that somebody has it is shown by `passkey`,
    // which ends the recovery, and by which the account has it.
    async 'restore/passkey'({ signIn, credential, name }, asked) {
      const { now, origin } = asked
      const { row } = await restoring(signIn, 'passkey', asked)
      const made = await checkNewPasskey(ground, credential, { of: signIn, origin, now })
      await store.commit(async (tx) => {
        await spendMaking(tx, made)
        const { id, counter } = made
        const publicKey = Buffer.from(made.publicKey).toString('base64url')
        await moveSignIn(ground, tx, row, { type: 'equipped', made: { id, name, publicKey, counter } }, asked)
      })
      return {}
    },
  }
}

const wrongCode = () => new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the code is wrong' })
