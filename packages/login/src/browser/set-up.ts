// Opens an account from an invitation. Password, picture and phrase are taken in here, and leave this page only sealed.
import type { AnswerOf } from '../api.ts'
import { callFrom } from './call.ts'
import { choosePicture } from './choose-picture.ts'
import { freeDevice, newDevice, publicDevice, publicJwk } from './device.ts'
import {
  alarm,
  bank,
  busy,
  element,
  fault,
  isRefused,
  onClick,
  onSubmit,
  say,
  show,
  showOnly,
  tryCode,
  write,
} from './dom.ts'
import { openOpaque } from './opaque.ts'
import { checkPassword } from './password.ts'
import { showKey } from './qr.ts'
import { listCodes } from './recovery-codes.ts'
import { sealToDevice, sealToPassword } from './seal.ts'
import { type StoredDevice, writeDevice } from './store.ts'

const SECTIONS = ['starting', 'begin-form', 'password-form', 'picture-form', 'code-form', 'recovery-form', 'done']
const PARTS = ['begin', 'password', 'picture', 'code', 'recovery'] as const
const input = (id: string) => element(id, HTMLInputElement)

let device: StoredDevice
let begun: AnswerOf<'set-up/begin'> | undefined
/** Secret, until it has been proved to the server that it is known here. */
let chosenPassword = ''
const chosen = choosePicture()
let recovery: readonly string[] = []

onSubmit('begin-form', async () => {
  if (input('name').value.trim() === '') return fault('name', say('fault.name'))
  goTo('password', 'password')
})
onSubmit('password-form', takePassword)
onSubmit('picture-form', sendRecord)
onSubmit('code-form', sendCode)
onSubmit('recovery-form', finish)
onClick('print', () => window.print())
onClick('copy', async () => {
  await navigator.clipboard.writeText(recovery.join('\n'))
  write('said', say('set-up.copied'))
})
// Another invitation is opened in the same tab: that changes only the fragment, which loads nothing.
addEventListener('hashchange', () => location.reload())
await busy(element('starting', HTMLElement), start)

function goTo(part: (typeof PARTS)[number], focus: string): void {
  showOnly(`${part}-form`, SECTIONS, focus)
  for (const each of PARTS) {
    if (each === part) element(`at-${each}`, HTMLElement).setAttribute('aria-current', 'step')
    else element(`at-${each}`, HTMLElement).removeAttribute('aria-current')
  }
}

async function start(): Promise<void> {
  // In the fragment: it is sent to nobody, and stands in no log.
  const invitation = location.hash.slice(1)
  if (!/^[\w-]{20,43}$/.test(invitation)) {
    show('starting', false)
    return alarm(say('set-up.no-invitation'))
  }
  try {
    await begin(invitation)
  } catch (error) {
    show('starting', false)
    throw error
  }
}

async function begin(invitation: string): Promise<void> {
  // The keys of another account stay its own.
  device = await freeDevice()
  const ask = async () => callFrom(device, 'set-up/begin', { invitation, device: await publicDevice(device) })
  try {
    begun = await ask()
  } catch (error) {
    // Of an account that this browser does not remember: new keys, then.
    if (!isRefused(error, 'ERR_PERSON_REQUEST')) throw error
    device = await newDevice()
    begun = await ask()
  }
  const { account, email } = begun
  write('invited', say('set-up.invited', { bank, account }))
  if (email !== undefined && document.getElementById('email') !== null) {
    write('email', say('set-up.email', { email }))
    show('email')
  }
  input('account').value = account
  goTo('begin', 'name')
}

async function takePassword(): Promise<void> {
  const given = input('password').value
  const wrong = await checkPassword(given, [begun?.account ?? '', bank, location.hostname])
  if (wrong !== undefined) return fault('password', wrong)
  chosenPassword = given
  goTo('picture', 'picture-why')
}

async function sendRecord(): Promise<void> {
  if (begun === undefined) return
  const shown = chosen(chosenPassword)
  if (shown === undefined) return
  show('sealing')
  const opaque = openOpaque()
  try {
    const { setUp, account } = begun
    const request = await opaque.startRegistration(chosenPassword)
    const { response } = await callFrom(device, 'set-up/password', { setUp, request })
    const identifiers = { client: account, server: begun.opaque.server }
    const { message: record, exportKey } = await opaque.finishRegistration(response, identifiers)
    const { totp } = await callFrom(device, 'set-up/record', {
      setUp,
      name: input('name').value.trim(),
      record,
      ofPassword: await sealToPassword(shown, exportKey),
      ofDevice: await sealToDevice(shown, await publicJwk(device.agreement), { account, device: device.id }),
    })
    chosenPassword = ''
    input('password').value = ''
    showKey(totp)
    element('open-app', HTMLAnchorElement).href = totp.uri
    goTo('code', 'code')
  } finally {
    opaque.close()
    show('sealing', false)
  }
}

async function sendCode(): Promise<void> {
  if (begun === undefined) return
  const { setUp } = begun
  const answer = await tryCode('code', (code) => callFrom(device, 'set-up/code', { setUp, code }))
  if (answer === undefined) return
  recovery = answer.recovery
  listCodes(recovery)
  goTo('recovery', 'kept')
}

async function finish(): Promise<void> {
  if (begun === undefined) return
  if (!input('kept').checked) return fault('kept', say('set-up.kept-missing'))
  await callFrom(device, 'set-up/done', { setUp: begun.setUp })
  await writeDevice({ ...device, account: begun.account })
  // Asks the browser not to clear the keys when space gets short; it may say no.
  await navigator.storage.persist()
  recovery = []
  element('codes', HTMLElement).replaceChildren()
  history.replaceState(undefined, '', location.pathname)
  showOnly('done', SECTIONS, 'done-title')
}
