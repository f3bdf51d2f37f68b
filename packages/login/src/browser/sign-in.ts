// Signs in. The bank shows first what only it keeps and only this device opens; then a password may be typed.
import type { AnswerOf } from '../api.ts'
import { callFrom, callWithin, RefusedError, UnreachableError } from './call.ts'
import { currentDevice, freeDevice, publicDevice, publicJwk, useDevice } from './device.ts'
import {
  alarm,
  bank,
  busy,
  element,
  explain,
  fault,
  isRefused,
  label,
  onClick,
  onSubmit,
  say,
  sayAloud,
  show,
  showOnly,
  timeOf,
  tryCode,
  whereTo,
  write,
} from './dom.ts'
import { draw } from './draw.ts'
import { knownHere, stopWaiting } from './new-here.ts'
import { type Octets, same } from './octets.ts'
import { finishLogin, NO_KE3, type Opaque, OpaqueError, openOpaque } from './opaque.ts'
import { AddressError, passkeysWork, signByPasskey } from './passkey.ts'
import { confirmRestored, restoreApp, restorePasskey, showWays } from './restore.ts'
import { openOfDevice, openOfPassword, SealError, sealToDevice } from './seal.ts'
import { showSent } from './sent.ts'
import { hasRunOut, startWorker } from './session.ts'
import { readShown } from './shown.ts'
import { offerSms, onSmsAsked } from './sms.ts'
import { noSteps, step } from './steps.ts'
import { readDevices, readState, type StoredDevice, writeDevice, writeState } from './store.ts'

/** The sign-in that is under way. */
interface Under {
  readonly device: StoredDevice
  readonly begun: AnswerOf<'begin'>
  /** What the device opened: picture and phrase, with their padding. */
  readonly first: Octets | undefined
  account?: string
  /** Secret, of OPAQUE. */
  exportKey?: string
  /** What the password opened. */
  second?: Octets
  /** By what the customer was let in, in words. */
  by?: string
}

const SECTIONS = [
  'starting',
  'who',
  'picture',
  'no-picture',
  'new-device',
  'password-form',
  'code-form',
  'confirm',
  'waiting',
  'restore',
  'done',
]
const password = element('password', HTMLInputElement)
const account = element('account', HTMLInputElement)
const code = element('code', HTMLInputElement)
let under: Under | undefined
let opaque: Opaque | undefined
/** Nobody has signed in at this browser. */
let isNobodys = false

/** What is typed is taken only after the bank has shown itself. */
password.disabled = true

onSubmit('password-form', provePassword)
onSubmit('code-form', proveCode)
onSubmit('recover-form', recover)
onSubmit('restore-form', () => restored(confirmRestored))
onClick('restore-code', showOldCode)
onClick('restore-app', async () => under && restoreApp(restoring(under)))
onClick('restore-passkey', () => restored(restorePasskey))
onClick('by-passkey', provePasskey)
onClick('passkey-first', provePasskey)
onClick('passkey-instead', provePasskey)
onClick('send-code', sendCode)
onSmsAsked(async () => under && callFrom(under.device, 'code/sms', { signIn: under.begun.signIn }))
onClick('not-mine', () => stop(say('sign-in.not-mine-text', { bank })))
onClick('not-you', async () => begin(await freeDevice()))
onClick('again-button', async () => {
  await writeState('waiting', undefined)
  await begin(await currentDevice())
})
// The file of OPAQUE is large: it is asked for when somebody is about to type, not before.
element('password-form', HTMLFormElement).addEventListener('focusin', () => {
  opaque ??= openOpaque()
})
show('passkey-first', passkeysWork)
show('passkey-instead', passkeysWork)
/** The bank is asked for the first time; whoever is quicker than its answer waits for it. */
const starting = busy(element('starting', HTMLElement), async () => {
  if (await goOnWaiting()) return
  // Led here from somewhere within.
  if (location.search !== '') show('ran-out', await hasRunOut())
  const known = await knownHere
  stopWaiting()
  isNobodys = known.length === 0
  if (isNobodys) showNew()
  const current = await currentDevice()
  // Also where the one that is used is of nobody, as after an invitation that led nowhere.
  if (known.some(({ id }) => id !== current.id)) choose(known)
  else await begin(current)
})
await starting

/**
 * Where nobody has signed in, the bank cannot have a picture for this device: a name may be typed while it is asked, and the
 * password, as ever, once it has answered.
 */
function showNew(): void {
  for (const each of SECTIONS) show(each, each === 'new-device' || each === 'password-form')
  show('by-passkey', false)
}

/** Somebody comes back to a recovery that was begun here. Answers whether it still waits, or is over. */
async function goOnWaiting(): Promise<boolean> {
  const waiting = await readState('waiting')
  const device = (await readDevices()).find(({ id }) => id === waiting?.device)
  if (waiting === undefined || device === undefined) return false
  const { signIn } = waiting
  await useDevice(device.id)
  try {
    const answer = await callFrom(device, 'wait', { signIn })
    const begun = { signIn, known: false, opaque: { server: '' } }
    const { account: name } = waiting
    under = {
      device,
      begun,
      first: undefined,
      by: say('steps.recovered'),
      ...(name !== undefined && { account: name }),
    }
    await goOn(under, answer)
    return true
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    // A lock, or rules that let nobody in now, may be others tomorrow.
    if (!error.problem.code.startsWith('ERR_POLICY_')) await writeState('waiting', undefined)
    alarm(explain(error))
    return false
  }
}

/** One browser, several accounts: each has its own keys, and its own picture. */
function choose(devices: readonly StoredDevice[]): void {
  const buttons = element('who-buttons', HTMLElement)
  const add = (text: string, take: () => Promise<StoredDevice>) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = text
    button.addEventListener('click', () => void busy(button, async () => begin(await take())))
    buttons.append(button)
  }
  for (const device of [...devices].sort((a, b) => (a.account ?? '').localeCompare(b.account ?? ''))) {
    add(device.account ?? '', async () => {
      await useDevice(device.id)
      return device
    })
  }
  add(say('sign-in.somebody-else'), freeDevice)
  showOnly('who', SECTIONS)
}

/** Steps 1 to 3: asks, and shows what comes. */
async function begin(device: StoredDevice): Promise<void> {
  under = undefined
  opaque?.close()
  opaque = undefined
  password.value = ''
  password.disabled = true
  show('start-again', false)
  noSteps()
  step(1, 'now')
  if (isNobodys) showNew()
  else showOnly('starting', SECTIONS)
  const begun = await callFrom(device, 'begin', { device: await publicDevice(device) })
  step(1, 'proved', say(begun.known ? 'steps.device-key' : 'steps.new-key'))
  const first = await openFirst(device, begun)
  if (first === 'stopped') return
  under = { device, begun, first, ...(begun.account !== undefined && { account: begun.account }) }
  await showBank(under)
}

async function openFirst(device: StoredDevice, begun: AnswerOf<'begin'>): Promise<Octets | undefined | 'stopped'> {
  const { known, account: name, ofDevice } = begun
  if (!known || name === undefined || ofDevice === undefined) return undefined
  try {
    const first = await openOfDevice(ofDevice, device.agreement, { account: name, device: device.id })
    await draw(readShown(first), 'canvas', 'phrase')
    return first
  } catch (error) {
    if (!(error instanceof SealError || error instanceof RangeError)) throw error
    step(2, 'refused', say('steps.does-not-open'))
    stop(say('sign-in.does-not-open'))
    return 'stopped'
  }
}

async function showBank({ begun, first, device }: Under): Promise<void> {
  const { known, account: name } = begun
  show('starting', false)
  show('picture', first !== undefined)
  show('no-picture', known && first === undefined)
  show('new-device', !known)
  show('by-passkey', passkeysWork && known)
  account.value = name ?? account.value
  account.readOnly = name !== undefined
  show('switch', name !== undefined)
  show('password-form')
  password.disabled = false
  if (name !== undefined) {
    write('not-you', say('sign-in.not-you', { account: name }))
    if (device.account !== name) await writeDevice({ ...device, account: name })
  }
  if (first !== undefined) {
    step(2, 'proved', say('steps.copy'))
    step(3, 'now', say('steps.look'))
    element('picture-title', HTMLElement).focus()
    sayAloud(`${say('sign-in.your-picture')}: ${element('phrase', HTMLElement).textContent}`)
    return
  }
  step(2, 'waiting', say(known ? 'steps.no-picture-yet' : 'steps.no-copy'))
}

/** Steps 2 to 4: OPAQUE, and the second copy beside the first. */
async function provePassword(): Promise<void> {
  await starting
  const current = under
  if (current === undefined) return
  const name = account.value.trim()
  if (name === '') return fault('account', say('fault.account'))
  if (password.value === '') return fault('password', say('fault.password'))
  show('checking')
  sayAloud(say('sign-in.checking'))
  try {
    opaque ??= openOpaque()
    const { signIn } = current.begun
    const start = await opaque.startLogin(password.value)
    const { response } = await callFrom(current.device, 'password', { signIn, account: name, start })
    const identifiers = { client: name, server: current.begun.opaque.server }
    const finished = await finishLogin(opaque, response, identifiers)
    if (finished === undefined) {
      // Of a device that is known, the bank records what it is told of, and says under which reference.
      if (current.begun.known) await callFrom(current.device, 'finish', { signIn, finish: NO_KE3 })
      throw new OpaqueError('the password or the server is another')
    }
    current.account = name
    current.exportKey = finished.exportKey
    if (current.first === undefined) step(2, 'proved', say('steps.record'))
    step(3, 'now', say('steps.fits'))
    await goOn(current, await callFrom(current.device, 'finish', { signIn, finish: finished.message }))
  } catch (error) {
    await failed(current, error, 'password')
  } finally {
    show('checking', false)
  }
}

/** Step 4: the one-time password. */
async function proveCode(): Promise<void> {
  const current = under
  if (current === undefined) return
  const { signIn } = current.begun
  try {
    const answer = await tryCode('code', (digits) => callFrom(current.device, 'code', { signIn, code: digits }))
    if (answer === undefined) return
    current.by ??= say('steps.code')
    await goOn(current, answer)
  } catch (error) {
    await failed(current, error, 'code')
  }
}

async function provePasskey(): Promise<void> {
  await starting
  const current = under
  if (current === undefined) return
  const { signIn } = current.begun
  try {
    const credential = await signByPasskey(await callFrom(current.device, 'passkey/options', { signIn }))
    if (credential === undefined) return alarm(say('sign-in.no-passkey', { bank }))
    const answer = await callFrom(current.device, 'passkey', { signIn, credential })
    step(3, 'proved', say('steps.by-address'))
    current.by = say('steps.passkey')
    // Whose device this is from now on: a later page asks for their picture at once.
    current.account = answer.account
    await goOn(current, answer)
  } catch (error) {
    await failed(current, error, undefined)
  }
}

async function recover(): Promise<void> {
  const current = under
  if (current === undefined) return
  const recovery = element('recovery', HTMLInputElement).value.trim()
  if (recovery.length < 6) return fault('recovery', say('fault.recovery'))
  try {
    const answer = await callFrom(current.device, 'recover', { signIn: current.begun.signIn, code: recovery })
    current.by = say('steps.recovered')
    await goOn(current, answer)
  } catch (error) {
    if (!isRefused(error, 'ERR_PERSON_CREDENTIALS')) return failed(current, error, undefined)
    fault('recovery', explain(error))
  }
}

/** At the end of a recovery: a code of the app of before. The other ways stay above it, for whoever has lost it after all. */
function showOldCode(): void {
  show('restore-form', false)
  show('no-app', false)
  show('code-form')
  element('code', HTMLInputElement).focus()
}

/** At the end of a recovery: what was lost is made anew, and lets in. */
async function restored(way: typeof confirmRestored | typeof restorePasskey): Promise<void> {
  const current = under
  if (current === undefined) return
  const answer = await way(restoring(current))
  if (answer === undefined) return
  current.by = say('steps.restored')
  await goOn(current, answer)
}

function restoring({ device, begun }: Under) {
  return { device, signIn: begun.signIn }
}

async function sendCode(): Promise<void> {
  if (under === undefined) return
  const { device, begun } = under
  await showSent('sign-in.sent', () => callFrom(device, 'code/send', { signIn: begun.signIn }))
}

/** What an answer of any step says of the next. */
interface Answer {
  readonly next: AnswerOf<'finish'>['next']
  readonly ofPassword?: string
  readonly number?: string
  readonly sms?: string
  readonly until?: string
  readonly ways?: AnswerOf<'wait'>['ways']
}

async function goOn(current: Under, answer: Answer): Promise<void> {
  if (!(await openSecond(current, answer))) return
  switch (answer.next) {
    case 'code':
      label('code', 'sign-in.code')
      show('send-code')
      offerSms(answer.sms)
      show('no-app', current.first !== undefined)
      showOnly('code-form', SECTIONS, 'code')
      return
    case 'confirm':
    case 'recover':
      write('number', answer.number ?? '')
      showOnly('confirm', SECTIONS, 'confirm-title')
      return waitFor(current, 2000)
    case 'wait':
      await writeState('waiting', {
        signIn: current.begun.signIn,
        device: current.device.id,
        ...(current.account !== undefined && { account: current.account }),
      })
      show('start-again')
      write('waiting-until', answer.until === undefined ? '' : say('sign-in.wait', { until: timeOf(answer.until) }))
      showOnly('waiting', SECTIONS, 'waiting-title')
      return waitFor(current, 15_000)
    case 'restore':
      show('start-again')
      showWays(answer.ways)
      showOnly('restore', SECTIONS, 'restore-title')
      show('send-code', false)
      offerSms(undefined)
      return
    case 'done':
      return finish(current)
    case 'password':
      return begin(current.device)
  }
}

/** Step 3: what the password opens is what the device opened. Answers whether it goes on. */
async function openSecond(current: Under, { ofPassword, next }: Answer): Promise<boolean> {
  const { first, exportKey } = current
  if (exportKey === undefined || current.second !== undefined) return true
  if (ofPassword === undefined) {
    // A known device gets its second copy with the answer to KE3. An answer without one did not come from there.
    if (first === undefined || next !== 'code') return true
    stopDiffers()
    return false
  }
  try {
    const second = await openOfPassword(ofPassword, exportKey)
    if (first !== undefined && !same(first, second)) throw new SealError('another picture')
    await draw(readShown(second), 'canvas-again', 'phrase-again')
    current.second = second
  } catch (error) {
    if (!(error instanceof SealError || error instanceof RangeError)) throw error
    stopDiffers()
    return false
  }
  show('again')
  step(3, 'proved', say(first === undefined ? 'steps.fits' : 'steps.matches'))
  step(4, 'now', say('steps.password'))
  return true
}

/** Asks again and again while this is what the page waits for. */
async function waitFor(current: Under, everyMilliseconds: number): Promise<void> {
  const confirming = everyMilliseconds < 5000
  void (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, everyMilliseconds))
      // Begun anew, or gone on by another way.
      if (under !== current || element(confirming ? 'confirm' : 'waiting', HTMLElement).hidden) return
      try {
        const answer = await callFrom(current.device, 'wait', { signIn: current.begun.signIn })
        if (answer.next === (confirming ? 'confirm' : 'wait')) continue
        if (confirming && answer.next === 'code') current.by = say('steps.confirmed')
        return await goOn(current, answer)
      } catch (error) {
        // A connection that fails for a moment is not an answer.
        if (error instanceof UnreachableError) continue
        return await failed(current, error, undefined)
      }
    }
  })()
}

/** Steps 5 and 6. */
async function finish(current: Under): Promise<void> {
  const { device, first, second, account: name } = current
  step(4, 'proved', current.by ?? say('steps.code'))
  step(5, 'proved', say('steps.decided', { bank }))
  step(6, 'proved', say('steps.session'))
  showOnly('done', SECTIONS, 'done-title')
  password.value = ''
  code.value = ''
  opaque?.close()
  await writeState('waiting', undefined)
  if (name !== undefined) await writeDevice({ ...device, account: name })
  if (first === undefined && second !== undefined && name !== undefined) {
    const to = await publicJwk(device.agreement)
    await callWithin(device, 'device/keep', {
      ofDevice: await sealToDevice(second, to, { account: name, device: device.id }),
    })
  }
  await startWorker()
  location.replace(whereTo())
}

/** Something was refused: the sign-in begins anew, and what was refused stays to be read. */
async function failed(current: Under, error: unknown, field: 'password' | 'code' | undefined): Promise<void> {
  const text = explain(error)
  if (error instanceof AddressError) return stop(text)
  const wrong = error instanceof OpaqueError || isRefused(error, 'ERR_PERSON_CREDENTIALS')
  const over = wrong || isRefused(error, 'ERR_PERSON_STEP')
  if (over) {
    await begin(current.device)
    if (field === 'password' && wrong && under !== undefined) fault('password', text)
    else alarm(text)
    return
  }
  step(5, 'refused', text)
  show('start-again')
  alarm(text)
}

function stopDiffers(): void {
  step(3, 'refused', say('steps.differs'))
  stop(say('sign-in.differs', { bank }))
}

/** The customer must not go on: nothing can be typed any more. */
function stop(text: string): void {
  under = undefined
  opaque?.close()
  opaque = undefined
  password.value = ''
  password.disabled = true
  showOnly(undefined, SECTIONS)
  alarm(text, say('sign-in.stop-title'))
  show('start-again')
}
