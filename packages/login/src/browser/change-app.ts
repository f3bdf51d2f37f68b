// Another app for codes: its key is shown, and counts when its first code was right.
import { callWithin } from './call.ts'
import { element, show, tryCode, write } from './dom.ts'
import { withFresh } from './fresh.ts'
import { showKey } from './qr.ts'
import type { StoredDevice } from './store.ts'

/** What comes back with the code. */
let pending: string | undefined

/** Shows the key of a new app. */
export async function newApp(device: StoredDevice, withPasskey: () => boolean): Promise<void> {
  const answer = await withFresh(withPasskey, async () => callWithin(device, 'totp/new', {}))
  if (answer === undefined) return
  pending = answer.pending
  showKey(answer.totp)
  show('app-form')
  element('app-code', HTMLInputElement).focus()
}

/** Answers whether the new app counts. */
export async function confirmApp(device: StoredDevice): Promise<boolean> {
  const shown = pending
  if (shown === undefined) return false
  const confirmed = await tryCode('app-code', (code) => callWithin(device, 'totp/confirm', { pending: shown, code }))
  if (confirmed === undefined) return false
  pending = undefined
  element('app-code', HTMLInputElement).value = ''
  write('secret', '')
  show('app-form', false)
  return true
}
