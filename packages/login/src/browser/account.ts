// The account: what a customer sees and changes in an open session, and what waits for a yes.
import type { AnswerOf } from '../api.ts'
import { callWithin, UnreachableError } from './call.ts'
import { confirmApp, newApp } from './change-app.ts'
import { changePassword } from './change-password.ts'
import { changePicture } from './change-picture.ts'
import { publicDevice, sessionDevice } from './device.ts'
import {
  alarm,
  bank,
  busy,
  element,
  explain,
  onClick,
  onSubmit,
  say,
  sayAloud,
  show,
  timeOf,
  whereTo,
  write,
} from './dom.ts'
import { withFresh } from './fresh.ts'
import { matterLines } from './matter-lines.ts'
import { hasPasskey, openAccount } from './open-account.ts'
import { makePasskey, passkeysWork } from './passkey.ts'
import { listCodes } from './recovery-codes.ts'
import { isOld, renew, signOut, startWorker } from './session.ts'
import { isWord } from './words.ts'

type Account = AnswerOf<'account'>
type Waiting = Account['waiting'][number]
/** With what the passkey is called that opened it. */
type SeenSession = Omit<Account['sessions'][number], 'passkey'> & { readonly by: string | undefined }

const POLL_MILLISECONDS = 3000
/** Times that the server tells are shown as this device shows them. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const device = await sessionDevice()
let account: Account | undefined
/** By their order: the last time that the account was asked for, and the one that stands on the page. */
let [asked, drawn] = [0, 0]

onClick('add-passkey', addPasskey)
onClick('end-others', endOthers)
onClick('recovery-new', newRecoveryCodes)
onClick('sign-out', async () => {
  await signOut()
  location.replace('/login/')
})
onSubmit('password-form', async () => {
  if (await changePassword(device, account?.account ?? '', canUsePasskey)) tell(say('account.password-changed'))
})
onSubmit('picture-form', async () => {
  if (await changePicture(device, canUsePasskey)) tell(say('account.picture-changed'))
})
onClick('app-new', async () => newApp(device, canUsePasskey))
onSubmit('app-form', async () => {
  if (await confirmApp(device)) tell(say('account.app-changed'))
})
element('phone', HTMLInputElement).addEventListener('change', ({ target }) => {
  const box = target as HTMLInputElement
  void busy(box, async () => {
    await callWithin(device, 'device/phone', { isPhone: box.checked })
    await refresh()
  })
})
show('add-passkey', passkeysWork)
element('on', HTMLAnchorElement).href = whereTo()
/** Where there is something of it on the page. */
const numbers = document.getElementById('sms-form') === null ? undefined : await import('./sms-number.ts')
numbers?.openNumber({ device, canUsePasskey, tell, refresh })
await busy(element('starting', HTMLElement), async () => {
  await refresh()
  await startWorker()
  void follow()
})

function canUsePasskey(): boolean {
  return account !== undefined && hasPasskey(account)
}

/** Asks anew, as long as somebody may be looking; a connection that fails for a moment is tried again. */
async function follow(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
    if (document.hidden) {
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }))
    }
    try {
      await refresh()
    } catch (error) {
      if (error instanceof UnreachableError) continue
      // The session has ended, and why is said; nothing of it stays to be read or pressed.
      show('open', false)
      return alarm(explain(error))
    }
  }
}

async function refresh(): Promise<void> {
  if (await isOld()) await renew()
  const own = ++asked
  const told = await openAccount(device)
  // Asked before something was done, and answered after what was asked later: it is as it was.
  if (own < drawn) return
  drawn = own
  account = told
  draw(account)
}

function draw(account: Account): void {
  const { name, account: login, until, proofs, devices, sessions, passkeys, recoveryLeft, waiting } = account
  show('starting', false)
  show('open')
  write('greeting', say('account.greeting', { name }))
  const by = proofs.map(({ kind }) => wordOr(`proof.${kind}`, kind)).join(', ')
  write('signed-in', say('account.signed-in', { proofs: by, until: timeOf(until) }))
  element('account', HTMLInputElement).value = login
  drawWaiting(waiting)
  redraw('devices', devices, (each) => drawDevice(each))
  const here = devices.find(({ isThis }) => isThis)
  element('phone', HTMLInputElement).checked = here?.isPhone === true
  const nameOf = (passkey: string) => passkeys.find((each) => each.passkey === passkey)?.name
  const seen = sessions.map(({ passkey, ...each }) => ({ ...each, by: passkey && nameOf(passkey) }))
  redraw('sessions', seen, (each) => drawSession(each))
  show('end-others', sessions.length > 1)
  redraw('passkeys', passkeys, (each) => drawPasskey(each))
  show('passkeys', passkeys.length > 0)
  show('no-passkeys', passkeys.length === 0)
  if (account.sms !== undefined) numbers?.drawNumber(account.sms)
  write('recovery-left', say('account.recovery-left', { left: recoveryLeft }))
}

/** Draws only what has changed: a screen reader and the focus stay where they are. */
function redraw<Item>(id: string, items: readonly Item[], drawOne: (item: Item) => readonly HTMLElement[]): void {
  const list = element(id, HTMLElement)
  const drawn = JSON.stringify(items)
  if (list.dataset['drawn'] === drawn) return
  list.dataset['drawn'] = drawn
  list.replaceChildren(
    ...items.map((item) => {
      const row = document.createElement('li')
      row.append(...drawOne(item))
      return row
    }),
  )
}

function drawDevice({ device: id, name, addedAt, how, isThis, isPhone }: Account['devices'][number]): HTMLElement[] {
  const marks = [isThis && say('account.this'), isPhone && say('account.phone')].filter((mark) => mark !== false)
  const title = marks.length === 0 ? name : `${name} (${marks.join(', ')})`
  const row = [texts(title, say('account.added', { at: timeOf(addedAt), how: wordOr(`how.${how}`, how) }))]
  if (isThis) return row
  const remove = button(say('account.remove'), 'danger', async () => {
    if (!window.confirm(say('account.remove-sure', { name }))) return
    const removed = await withFresh(canUsePasskey, async () => callWithin(device, 'device/remove', { device: id }))
    if (removed !== undefined) tell(say('account.removed', { name }))
    await refresh()
  })
  remove.setAttribute('aria-label', `${say('account.remove')}: ${name}`)
  return [...row, remove]
}

function drawSession({ session, device: name, openedAt, isThis, by }: SeenSession): HTMLElement[] {
  const at = timeOf(openedAt)
  const since = by === undefined ? say('account.session', { at }) : say('account.session-passkey', { at, passkey: by })
  const row = [texts(isThis ? `${name} (${say('account.this')})` : name, since)]
  if (isThis) return row
  const end = button(say('account.end'), 'danger', async () => {
    const ended = await withFresh(canUsePasskey, async () => callWithin(device, 'session/end', { session }))
    if (ended !== undefined) tell(say('account.ended', { name }))
    await refresh()
  })
  end.setAttribute('aria-label', `${say('account.end')}: ${name}`)
  return [...row, end]
}

function drawPasskey({ passkey, name, addedAt }: Account['passkeys'][number]): HTMLElement[] {
  const remove = button(say('account.remove'), 'danger', async () => {
    const isOwn = account?.sessions.some((each) => each.isThis && each.passkey === passkey) === true
    const sure = isOwn ? 'account.remove-own-passkey-sure' : 'account.remove-passkey-sure'
    if (!window.confirm(say(sure, { name }))) return
    const removed = await withFresh(canUsePasskey, async () => callWithin(device, 'passkey/remove', { passkey }))
    if (removed !== undefined && isOwn) return location.replace('/login/')
    if (removed !== undefined) tell(say('account.removed', { name }))
    await refresh()
  })
  remove.setAttribute('aria-label', `${say('account.remove')}: ${name}`)
  return [texts(name, timeOf(addedAt)), remove]
}

async function endOthers(): Promise<void> {
  const ended = await withFresh(canUsePasskey, async () => callWithin(device, 'session/end', {}))
  if (ended !== undefined) tell(say('account.ended-others'))
  await refresh()
}

function drawWaiting(waiting: readonly Waiting[]): void {
  const box = element('waits', HTMLElement)
  const drawn = JSON.stringify(waiting)
  show('nothing-waits', waiting.length === 0)
  if (box.dataset['drawn'] === drawn) return
  const before = new Set([...box.children].map(({ id }) => id))
  box.dataset['drawn'] = drawn
  box.replaceChildren(...waiting.map(drawOne))
  const fresh = waiting.find((each) => !before.has(`w-${each.waiting}`))
  if (fresh !== undefined) sayAloud(`${say('account.new-waits')} ${say(`account.waits-${fresh.kind}`, { bank })}`)
}

function drawOne({ waiting, kind, number, text, code, until }: Waiting): HTMLElement {
  const box = document.createElement('section')
  box.id = `w-${waiting}`
  box.className = kind === 'recovery' || kind === 'invitation' ? 'waits alarming' : 'waits'
  box.append(
    paragraph('h3', say(`account.waits-${kind}`, { bank })),
    paragraph('p', say(`account.waits-${kind}-hint`, { bank, until: timeOf(until) })),
  )
  const lines = document.createElement('dl')
  lines.className = 'matter'
  lines.append(...matterLines(text.map(([name, value]) => [name, INSTANT.test(value) ? timeOf(value) : value])))
  if (text.length > 0) box.append(lines)
  if (kind !== 'recovery' && kind !== 'invitation')
    box.append(paragraph('span', say('account.number'), 'faint'), paragraph('p', number, 'number'))
  if (code !== undefined) {
    box.append(paragraph('span', say('account.code'), 'faint'), paragraph('p', code, 'number shown-code'))
  }
  const answer = (yes: boolean) => async () => {
    await withFresh(canUsePasskey, async () => callWithin(device, 'waiting/answer', { waiting, yes }))
    await refresh()
  }
  const buttons = document.createElement('div')
  buttons.className = 'buttons'
  if (kind === 'device') buttons.append(button(say('account.yes'), 'main', answer(true)))
  buttons.append(button(say('account.no'), 'danger', answer(false)))
  box.append(buttons, paragraph('p', say('account.until', { until: timeOf(until) }), 'faint'))
  return box
}

async function addPasskey(): Promise<void> {
  const credential = await withFresh(canUsePasskey, async () =>
    makePasskey(await callWithin(device, 'passkey/add/options', {})),
  )
  if (credential === undefined) return tell(say('account.no-passkey-made'))
  const name = say('account.passkey-name', { device: (await publicDevice(device)).name })
  await withFresh(canUsePasskey, async () => callWithin(device, 'passkey/add', { credential, name }))
  tell(say('account.passkey-added'))
  await refresh()
}

async function newRecoveryCodes(): Promise<void> {
  const answer = await withFresh(canUsePasskey, async () => callWithin(device, 'recovery/new', {}))
  if (answer === undefined) return
  listCodes(answer.recovery)
  show('recovery-shown')
  await refresh()
}

/** The server's word in the customer's language, where there is one. */
function wordOr(word: string, otherwise: string): string {
  return isWord(word) ? say(word) : otherwise
}

function tell(text: string): void {
  const box = element('notice', HTMLElement)
  box.textContent = text
  box.hidden = false
  box.focus()
}

function texts(title: string, below: string): HTMLElement {
  const box = document.createElement('div')
  box.append(paragraph('div', title), paragraph('div', below, 'faint'))
  return box
}

function paragraph(kind: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(kind)
  made.textContent = text
  made.className = className
  return made
}

function button(text: string, className: string, work: () => Promise<void>): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.textContent = text
  made.className = className
  made.addEventListener('click', () => void busy(made, work))
  return made
}
