// A fresh proof within a session: a rule like `passkey < 15m` and what is sensitive ask for it.
import type { Asked, Calls } from '../asked.ts'
import type { LoginTransaction } from '../model.ts'
import { spendTotp } from '../otp/totp.ts'
import { requestOptions } from '../passkey/calls.ts'
import { checkPasskey, spendPasskey } from '../passkey/check.ts'
import { sessionOf } from './fresh.ts'
import type { SessionGround } from './ground.ts'
import { addProof, tryCode } from './show-more.ts'

/** The calls. */
export function stepUpCalls(ground: SessionGround): Pick<Calls, 'step-up/options' | 'step-up'> {
  const { store, opened } = ground
  /** Whoever had the cookie from before has shown nothing. @see ASVS 5.0 7.2.4 */
  const anew = async (asked: Asked) => {
    await opened.renew(sessionOf(asked), asked)
    return {}
  }
  return {
    async 'step-up/options'(_, asked) {
      const { id } = sessionOf(asked)
      return requestOptions(ground, { use: 'step up', bound: id, now: asked.now })
    },
    async 'step-up'(body, asked) {
      const { id, account } = sessionOf(asked)
      const { origin, now } = asked
      if ('code' in body) {
        await tryCode(ground, asked, async (tx) => {
          if (!(await spendAppCode(ground, tx, body.code, asked))) return false
          await addProof(tx, asked, { kind: 'totp', at: now, binding: 'device' })
          return true
        })
        return anew(asked)
      }
      const { credential } = body
      const checked = await checkPasskey(ground, { credential, use: 'step up', bound: id, origin, now, account })
      await store.commit(async (tx) => {
        await spendPasskey(tx, checked)
        await addProof(tx, asked, { kind: 'passkey', at: now, binding: 'device', passkey: checked.passkey })
      })
      return anew(asked)
    },
  }
}

/** Whether it is a code of the account's app that nobody has used. */
export async function spendAppCode(
  { secret }: Pick<SessionGround, 'secret'>,
  tx: LoginTransaction,
  code: string,
  asked: Asked,
): Promise<boolean> {
  const { account } = sessionOf(asked)
  const row = await tx.db
    .selectFrom('login_account')
    .select('totp_secret')
    .where('account', '=', account)
    .executeTakeFirst()
  const sealed = row?.totp_secret
  if (sealed == null) return false
  return spendTotp(tx, account, { secret: secret.open('totp secret', account, sealed), code, now: asked.now })
}
