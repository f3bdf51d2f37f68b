// The end of a recovery where the bank asks for more than a password: a new app for codes, or a new passkey.
import type { AnswerOf } from '../api.ts'
import { callFrom } from './call.ts'
import { publicDevice } from './device.ts'
import { alarm, bank, element, say, show, tryCode, write } from './dom.ts'
import { makePasskey, passkeysWork, signByPasskey } from './passkey.ts'
import { showKey } from './qr.ts'
import type { StoredDevice } from './store.ts'

/** What a new app, or a passkey, leads to. */
export type Restored = AnswerOf<'restore/app/confirm'>
/** A sign-in that is at the end of a recovery. */
export interface Restoring {
  readonly device: StoredDevice
  readonly signIn: string
}

/** What comes back with the first code. */
let pending: string | undefined

/** Shows what would do. */
export function showWays(ways: AnswerOf<'wait'>['ways'] = []): void {
  const [byCode, byPasskey] = [ways.includes('totp'), ways.includes('passkey') && passkeysWork]
  show('restore-code', byCode)
  show('restore-app', byCode)
  show('restore-passkey', byPasskey)
  show('restore-form', false)
  if (!byCode && !byPasskey) alarm(say('sign-in.restore-elsewhere', { bank }))
}

/** Shows the key of a new app. */
export async function restoreApp({ device, signIn }: Restoring): Promise<void> {
  const answer = await callFrom(device, 'restore/app', { signIn })
  pending = answer.pending
  showKey(answer.totp)
  show('code-form', false)
  show('restore-form')
  element('app-code', HTMLInputElement).focus()
}

/** Its first code. Undefined where that is not right, which is told at its field. */
export async function confirmRestored({ device, signIn }: Restoring): Promise<Restored | undefined> {
  const shown = pending
  if (shown === undefined) return undefined
  const answer = await tryCode('app-code', (code) =>
    callFrom(device, 'restore/app/confirm', { signIn, pending: shown, code }),
  )
  if (answer === undefined) return undefined
  pending = undefined
  write('secret', '')
  return answer
}

/** Makes a passkey, and shows that somebody has it. Undefined where the customer turned away. */
export async function restorePasskey({ device, signIn }: Restoring): Promise<AnswerOf<'passkey'> | undefined> {
  const made = await makePasskey(await callFrom(device, 'restore/passkey/options', { signIn }))
  if (made !== undefined) {
    const name = say('account.passkey-name', { device: (await publicDevice(device)).name })
    await callFrom(device, 'restore/passkey', { signIn, credential: made, name })
  }
  // Also where there is one: a passkey of before is as good.
  const credential = await signByPasskey(await callFrom(device, 'passkey/options', { signIn }))
  return credential && callFrom(device, 'passkey', { signIn, credential })
}
