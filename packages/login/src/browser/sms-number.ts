// The number for codes by SMS: it counts when a first code has come back from it. Loaded where the operator has a gateway.
import type { AnswerOf } from '../api.ts'
import { callWithin } from './call.ts'
import { element, fault, onClick, onSubmit, say, show, timeOf, tryCode, write } from './dom.ts'
import { withFresh } from './fresh.ts'
import type { StoredDevice } from './store.ts'

/** Of the page around it. */
export interface AccountPage {
  readonly device: StoredDevice
  readonly canUsePasskey: () => boolean
  /** Says what has been done. */
  readonly tell: (text: string) => void
  /** Reads the account anew. */
  readonly refresh: () => Promise<void>
}

/** As in `+44 7700 900123`, with whatever people write between digits. @see ITU-T E.123 */
const BETWEEN = /[\s()./\u2010-\u2013-]/g
const NUMBER = /^\+[1-9]\d{6,14}$/

/** What the page does when its buttons are pressed. */
export function openNumber({ device, canUsePasskey, tell, refresh }: AccountPage): void {
  const to = element('sms-to', HTMLInputElement)
  const code = element('sms-code', HTMLInputElement)

  onSubmit('sms-form', async () => {
    const number = to.value.replaceAll(BETWEEN, '')
    if (!NUMBER.test(number)) return fault('sms-to', say('sms.number-bad'))
    write('sms-sent', '')
    const sent = await withFresh(canUsePasskey, async () => callWithin(device, 'sms/add', { number }))
    if (sent === undefined) return
    show('sms-code-form')
    write('sms-sent', say('sms.first-sent', { number: to.value.trim() }))
    code.value = ''
    code.focus()
  })

  onSubmit('sms-code-form', async () => {
    const kept = await tryCode('sms-code', (digits) => callWithin(device, 'sms/confirm', { code: digits }))
    if (kept === undefined) return
    to.value = ''
    show('sms-code-form', false)
    element('sms-details', HTMLDetailsElement).open = false
    await refresh()
    tell(say('sms.added'))
  })

  onClick('sms-remove', async () => {
    if (!window.confirm(say('sms.remove-sure'))) return
    const removed = await withFresh(canUsePasskey, async () => callWithin(device, 'sms/remove', {}))
    await refresh()
    if (removed !== undefined) tell(say('sms.removed'))
  })
}

/** Says which it is. */
export function drawNumber({ number, addedAt }: NonNullable<AnswerOf<'account'>['sms']>): void {
  const isSet = number !== undefined && addedAt !== undefined
  write('sms-number', isSet ? say('sms.goes-to', { number, at: timeOf(addedAt) }) : say('sms.none'))
  write('sms-summary', say(isSet ? 'sms.set-other' : 'sms.set'))
  show('sms-enrolled', isSet)
}
