// A number that codes go to, and the codes. There where the operator has a gateway, and unknown otherwise.
// NIST SP 800-63B §5.1.3.3, §5.2.10: a restricted authenticator. @see docs/doors/login.md
import type { Calls } from '../asked.ts'
import { canonicalMatter, matterIn } from '../confirm/matter.ts'
import { actOnDevice } from '../device/act-on.ts'
import { PersonRefusal } from '../refusal.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { tryCode } from '../session/show-more.ts'
import { ownSignIn } from '../signin/rows.ts'
import { sealNumber, sendSmsCode, spendSmsCode } from './code.ts'
import type { Sms } from './gateway.ts'
import { isSmsEnough } from './offer.ts'
import { wordsOfMatter } from './text.ts'

/** Those that are there with a gateway alone. */
export type SmsCall = 'sms/add' | 'sms/confirm' | 'sms/remove' | 'code/sms' | 'confirm/sms'

/** The calls. */
export function smsCalls(ground: SessionGround & { readonly sms: Sms }): Pick<Calls, SmsCall> {
  const { store, secret, opaque } = ground
  return {
    async 'sms/add'({ number }, asked) {
      const { account, id } = sessionOf(asked)
      // Neither is a code by SMS: this way does not lead to itself. @see NIST SP 800-63B §6.1.2
      requireFresh(asked)
      const what = ['codes for your account are to come to this number.'] as const
      await sendSmsCode(ground, { account, use: 'number', of: id }, { what, number, now: asked.now })
      return {}
    },

    async 'sms/confirm'({ code }, asked) {
      const { account, device, id } = sessionOf(asked)
      const { now } = asked
      await tryCode(ground, asked, async (tx) => {
        const purpose = { account, use: 'number', of: id } as const
        const spent = await spendSmsCode(ground, tx, purpose, { typed: code, now })
        if (spent === false || spent.number === undefined) return false
        const kept = { number: sealNumber(secret, account, spent.number), added_at: now.epochMilliseconds }
        await tx.db
          .insertInto('login_sms')
          .values({ account, ...kept })
          .onConflict((row) => row.column('account').doUpdateSet(kept))
          .execute()
        await actOnDevice(ground, tx, { account, device, act: 'number added', now })
        return true
      })
      return {}
    },

    async 'sms/remove'(_, asked) {
      const { account, device } = sessionOf(asked)
      requireFresh(asked)
      await store.commit(async (tx) => {
        await tx.db.deleteFrom('login_sms_code').where('account', '=', account).execute()
        const { numDeletedRows } = await tx.db
          .deleteFrom('login_sms')
          .where('account', '=', account)
          .executeTakeFirstOrThrow()
        if (numDeletedRows > 0n)
          await actOnDevice(ground, tx, { account, device, act: 'number removed', now: asked.now })
      })
      return {}
    },

    async 'code/sms'({ signIn }, asked) {
      const { account, step, isKnown, passwordAt } = (await ownSignIn(ground, signIn, asked)).state
      // A device that nobody knows gets in by what is better than this, or not at all.
      if (step !== 'code' || !isKnown || account === undefined || passwordAt === undefined)
        throw new PersonRefusal('ERR_PERSON_STEP')
      if (!isSmsEnough(ground, { account, passwordAt: Temporal.Instant.from(passwordAt), now: asked.now }))
        throw new PersonRefusal('ERR_PERSON_STEP', { note: 'the rules ask for more than a code by SMS' })
      const where = `at ${opaque.identity} on a device that you have used before, from the address ${asked.address}`
      const what = [`somebody signs in ${where}.`] as const
      const purpose = { account, use: 'sign-in', of: signIn } as const
      return { number: await sendSmsCode(ground, purpose, { what, now: asked.now }) }
    },

    async 'confirm/sms'({ matter }, asked) {
      const { account, id } = sessionOf(asked)
      const { sha256 } = canonicalMatter(matter)
      const what = wordsOfMatter(matter)
      const purpose = { account, use: 'matter', of: matterIn(id, sha256) } as const
      return { number: await sendSmsCode(ground, purpose, { what, now: asked.now }) }
    },
  }
}
