// What you see is what you sign: a passkey signs exactly the matter, a code counts for it alone.
import type { Calls } from '../asked.ts'
import { showOnTelephone, spendTelephoneCode } from '../otp/telephone.ts'
import { requestOptions } from '../passkey/calls.ts'
import { checkPasskey, spendPasskey } from '../passkey/check.ts'
import { sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { addConfirmed, tryCode } from '../session/show-more.ts'
import { spendAppCode } from '../session/step-up.ts'
import { spendSmsCode } from '../sms/code.ts'
import { canonicalMatter, matterIn } from './matter.ts'

/** The calls. */
export function confirmCalls(ground: SessionGround): Pick<Calls, 'confirm/options' | 'confirm' | 'confirm/send'> {
  const { store } = ground
  return {
    async 'confirm/options'({ matter }, asked) {
      const { text } = canonicalMatter(matter)
      const { id } = sessionOf(asked)
      return requestOptions(ground, { use: 'confirm', bound: `${text}${id}`, now: asked.now })
    },

    async confirm(body, asked) {
      const { id, account } = sessionOf(asked)
      const { origin, now } = asked
      const { text, sha256 } = canonicalMatter(body.matter)
      if ('credential' in body) {
        const { credential } = body
        const bound = `${text}${id}`
        const checked = await checkPasskey(ground, { credential, use: 'confirm', bound, origin, now, account })
        await store.commit(async (tx) => {
          await spendPasskey(tx, checked)
          await addConfirmed(tx, asked, { sha256, by: 'passkey', at: now, passkey: checked.passkey })
        })
        return {}
      }
      const { code } = body
      await tryCode(ground, asked, async (tx) => {
        const shown = { account, kind: 'matter', of: matterIn(id, sha256), typed: code, now } as const
        const sent = { account, use: 'matter', of: matterIn(id, sha256) } as const
        const by = (await spendTelephoneCode(ground, tx, shown))
          ? 'telephone'
          : (await spendAppCode(ground, tx, code, asked))
            ? 'totp'
            : ground.sms && (await spendSmsCode(ground, tx, sent, { typed: code, now })) && 'sms'
        if (by === undefined || by === false) return false
        await addConfirmed(tx, asked, { sha256, by, at: now })
        return true
      })
      return {}
    },

    async 'confirm/send'({ matter }, asked) {
      const { id, account } = sessionOf(asked)
      const { sha256, lines } = canonicalMatter(matter)
      const { now } = asked
      const about = { account, kind: 'matter', of: matterIn(id, sha256), lines, now } as const
      return { number: await store.commit((tx) => showOnTelephone(ground, tx, about)) }
    },
  }
}
