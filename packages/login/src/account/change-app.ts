// Another app for one-time codes, in an open session. The new secret is nobody's before its first code was right, and stands in
// no row until then: the page brings it back, encrypted, for this session alone.

import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Asked, Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import { spendOnce } from '../otp/once.ts'
import { makeTotpSecret, spendTotp, totpForApp } from '../otp/totp.ts'
import { PersonRefusal } from '../refusal.ts'
import { LoginSecretError } from '../secret.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { tryCode } from '../session/show-more.ts'

/** Finding the telephone, and letting the app read the picture. */
const LASTS = { minutes: 15 } as const
const pendingForm = z.strictObject({ totp: z.base64url(), until: z.int() })

/** The calls. @see ASVS 5.0 6.5.6 */
export function appCalls(ground: SessionGround): Pick<Calls, 'totp/new' | 'totp/confirm'> {
  const { secret, opaque } = ground
  return {
    async 'totp/new'(_, asked) {
      const { account, id } = sessionOf(asked)
      requireFresh(asked)
      const totp = makeTotpSecret()
      const until = asked.now.add(LASTS).epochMilliseconds
      const pending = { totp: Buffer.from(totp).toString('base64url'), until }
      const sealed = secret.seal('totp pending', id, new TextEncoder().encode(JSON.stringify(pending)))
      return {
        totp: totpForApp(totp, { issuer: opaque.identity, account }),
        pending: Buffer.from(sealed).toString('base64url'),
      }
    },

    async 'totp/confirm'({ pending, code }, asked) {
      const { account, device } = sessionOf(asked)
      const { now } = asked
      const totp = openPending(ground, pending, asked)
      await tryCode(ground, asked, async (tx) => {
        if (!(await spendTotp(tx, account, { secret: totp, code, now }))) return false
        // Once: what is here twice would bring an app back that another has replaced.
        if (!(await spendOnce(tx, 'totp pending', hash('sha256', totp), now.add(LASTS)))) throw over('it was used')
        await tx.db
          .updateTable('login_account')
          .set({ totp_secret: secret.seal('totp secret', account, totp) })
          .where('account', '=', account)
          .execute()
        await actOnDevice(ground, tx, { account, device, act: 'app changed', now })
        return true
      })
      return {}
    },
  }
}

/** @throws {PersonRefusal} `ERR_PERSON_STEP` where it is of another session, or over. */
function openPending({ secret }: SessionGround, pending: string, asked: Asked): Uint8Array {
  const { id } = sessionOf(asked)
  const sealed = Buffer.from(pending, 'base64url')
  const { totp, until } = pendingForm.parse(
    JSON.parse(new TextDecoder().decode(opened(() => secret.open('totp pending', id, sealed)))),
  )
  if (asked.now.epochMilliseconds >= until) throw over('it took too long')
  return new Uint8Array(Buffer.from(totp, 'base64url'))
}

function opened(open: () => Uint8Array): Uint8Array {
  try {
    return open()
  } catch (cause) {
    if (cause instanceof LoginSecretError) throw over('it is of another session')
    throw cause
  }
}

const over = (note: string) => new PersonRefusal('ERR_PERSON_STEP', { note })
