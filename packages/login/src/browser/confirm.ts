// Confirms exactly what stands here, line by line. What you see is what you sign.
import type { Matter } from '../api.ts'
import { callWithin } from './call.ts'
import { sessionDevice } from './device.ts'
import { alarm, bank, busy, element, onClick, onSubmit, say, show, tryCode, whereTo, write } from './dom.ts'
import { readMatter } from './matter.ts'
import { matterLines } from './matter-lines.ts'
import { hasPasskey, openAccount } from './open-account.ts'
import { signByPasskey } from './passkey.ts'
import { showSent } from './sent.ts'
import { offerSms, onSmsAsked } from './sms.ts'

let matter: Matter | undefined

onClick('by-passkey', async () => {
  if (matter === undefined) return
  const device = await sessionDevice()
  const credential = await signByPasskey(await callWithin(device, 'confirm/options', { matter }))
  if (credential === undefined) return alarm(`${say('confirm.nothing')} ${say('sign-in.no-passkey', { bank })}`)
  await callWithin(device, 'confirm', { matter, credential })
  location.replace(whereTo())
})
onSubmit('code-form', async () => {
  const shown = matter
  if (shown === undefined) return
  const device = await sessionDevice()
  const confirmed = await tryCode('code', (code) => callWithin(device, 'confirm', { matter: shown, code }))
  if (confirmed !== undefined) location.replace(whereTo())
})
onClick('send', async () => {
  const shown = matter
  if (shown === undefined) return
  const device = await sessionDevice()
  await showSent('confirm.sent', () => callWithin(device, 'confirm/send', { matter: shown }))
})
onSmsAsked(async () => matter && callWithin(await sessionDevice(), 'confirm/sms', { matter }))
onClick('cancel', () => location.replace(whereTo()))
await busy(element('starting', HTMLElement), async () => {
  matter = readMatter(new URLSearchParams(location.search).get('matter') ?? '')
  if (matter === undefined) {
    show('starting', false)
    return alarm(say('confirm.bad'))
  }
  const account = await openAccount(await sessionDevice())
  show('by-passkey', hasPasskey(account))
  element('by-code', HTMLElement).classList.toggle('main', !hasPasskey(account))
  offerSms(account.sms?.number)
  show('starting', false)
  write('matter-title', matter.title)
  element('lines', HTMLElement).replaceChildren(...matterLines(matter.lines))
  show('matter')
})
