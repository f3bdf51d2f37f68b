// Another app for codes: its key is shown, and counts when its first code was right.
import { callWithin } from './call.ts'
import { element, explain, fault, isRefused, say, show, write } from './dom.ts'
import { withFresh } from './fresh.ts'
import { drawQr } from './qr.ts'
import type { StoredDevice } from './store.ts'

/** What comes back with the code. */
let pending: string | undefined

/** Shows the key of a new app. */
export async function newApp(device: StoredDevice, withPasskey: () => boolean): Promise<void> {
  const answer = await withFresh(withPasskey, async () => callWithin(device, 'totp/new', {}))
  if (answer === undefined) return
  pending = answer.pending
  drawQr(answer.totp.qr, 'qr')
  write('secret', answer.totp.secret.replaceAll(/(.{4})(?=.)/g, '$1 '))
  show('app-form')
  element('app-code', HTMLInputElement).focus()
}

/** Answers whether the new app counts. */
export async function confirmApp(device: StoredDevice): Promise<boolean> {
  const field = element('app-code', HTMLInputElement)
  const code = field.value.replaceAll(/\s/g, '')
  if (pending === undefined || !/^\d{6,8}$/.test(code)) {
    fault('app-code', say('set-up.first-code'))
    return false
  }
  try {
    await callWithin(device, 'totp/confirm', { pending, code })
  } catch (error) {
    if (!isRefused(error, 'ERR_PERSON_CREDENTIALS')) throw error
    fault('app-code', explain(error))
    return false
  }
  pending = undefined
  field.value = ''
  write('secret', '')
  show('app-form', false)
  return true
}
