// The secret of an app that shows no code yet: nobody's before its first code was right, and in no row until then. The page brings
// it back, encrypted, for whom it was made alone.
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { LoginSecretError } from '../secret.ts'
import { spendOnce } from '../store/once.ts'
import { makeTotpSecret, spendTotp, totpForApp } from './totp.ts'

/** Finding the telephone, and letting the app read the picture. */
const LASTS = { minutes: 15 } as const
const form = z.strictObject({ totp: z.base64url(), until: z.int() })

/** For whom it is, and when. */
export interface PendingApp {
  readonly account: string
  /** The session, or the sign-in, that it comes back in. */
  readonly of: string
  readonly now: Temporal.Instant
}

/** What is shown of a new app, and what comes back with its first code. Secret. */
export function makePendingApp(
  { secret, opaque }: Pick<Ground, 'secret' | 'opaque'>,
  { account, of, now }: PendingApp,
): { readonly totp: ReturnType<typeof totpForApp>; readonly pending: string } {
  const totp = makeTotpSecret()
  const kept = { totp: Buffer.from(totp).toString('base64url'), until: now.add(LASTS).epochMilliseconds }
  const sealed = secret.seal('totp pending', of, new TextEncoder().encode(JSON.stringify(kept)))
  return {
    totp: totpForApp(totp, { issuer: opaque.identity, account }),
    pending: Buffer.from(sealed).toString('base64url'),
  }
}

/** Its secret. @throws {PersonRefusal} `ERR_PERSON_STEP` where it is of somebody else, or over. */
export function openPendingApp(
  { secret }: Pick<Ground, 'secret'>,
  pending: string,
  { of, now }: PendingApp,
): Uint8Array {
  const sealed = Buffer.from(pending, 'base64url')
  const { totp, until } = form.parse(
    JSON.parse(new TextDecoder().decode(opened(() => secret.open('totp pending', of, sealed)))),
  )
  if (now.epochMilliseconds >= until) throw over('it took too long')
  return new Uint8Array(Buffer.from(totp, 'base64url'))
}

/** Takes it for the app of the account where the code is its first. Answers whether it is. @throws {PersonRefusal} (rejects) where it came twice. */
export async function keepApp(
  { secret }: Pick<Ground, 'secret'>,
  tx: LoginTransaction,
  { totp, code, account, now }: Omit<PendingApp, 'of'> & { readonly totp: Uint8Array; readonly code: string },
): Promise<boolean> {
  if (!(await spendTotp(tx, account, { secret: totp, code, now }))) return false
  // Once: what is here twice would bring an app back that another has replaced.
  if (!(await spendOnce(tx, 'totp pending', hash('sha256', totp), now.add(LASTS)))) throw over('it was used')
  await tx.db
    .updateTable('login_account')
    .set({ totp_secret: secret.seal('totp secret', account, totp) })
    .where('account', '=', account)
    .execute()
  return true
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
