// Carol with all that somebody may have: two devices that are known, with a session each, a telephone, passkeys, and what waits.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { AnswerOf } from '../../src/api.ts'
import { canonicalMatter } from '../../src/confirm/matter.ts'
import { type ChallengeUse, makeChallenge } from '../../src/passkey/challenge.ts'
import { athOf } from '../../src/session/dpop.ts'
import { newPasskey, type TestPasskey } from './authenticator.ts'
import { type Browser, newBrowser } from './browser.ts'
import { codeOf, pictureOf, register, sealToDevice, sealToPassword } from './customer.ts'
import { type Fields, sessionIdOf, type TappedDoor, tap } from './every-call.ts'
import {
  atNewDevice,
  type Credential,
  NUMBER,
  passwordOfNow,
  type SignedIn,
  signedIn,
  TRANSFER,
  withNumber,
  withPasskey,
} from './within.ts'

const PLAIN = pictureOf('another horse is green')

/** Carol, at her laptop. */
export interface CarolsHome extends SignedIn {
  readonly door: TappedDoor
  /** Of the laptop. */
  readonly passkey: TestPasskey
  /** Known, signed in, and it shows codes. */
  readonly phone: Browser
}

/** Opens it. */
export async function carolsHome(t: TestContext): Promise<CarolsHome> {
  const home = await signedIn(t)
  const passkey = await withPasskey(home.browser)
  await withNumber(home)
  // Another one is on its way.
  await home.browser.ask('sms/add', { number: NUMBER })
  const door = tap(home.door)
  const phone = await newBrowser(door, { name: 'Firefox on Android' })
  const { signIn: id } = await phone.ask('begin', { device: phone.device.keys })
  const credential = signed({ door, passkey }, 'sign in', id) as Credential
  await phone.ask('passkey', { signIn: id, credential })
  await phone.ask('device/phone', { isPhone: true })
  return { ...home, door, passkey, phone }
}

/** What a passkey signs for a challenge of this use. @param bound What it is bound to: a sign-in, or a session. */
export function signed(
  { door, passkey }: Pick<CarolsHome, 'door' | 'passkey'>,
  use: ChallengeUse,
  bound: string,
): object {
  const challenge = Buffer.from(makeChallenge(door.secret, use, bound, door.time.now())).toString('base64url')
  return use === 'add passkey' ? newPasskey().create({ challenge }) : passkey.get({ challenge })
}

/** What a page sends to change the password, on a device that is known; the password of now is proved. */
export async function newPassword({ door, carol }: CarolsHome, browser: Browser) {
  const { signIn, exportKey } = await passwordOfNow({ browser, carol })
  let request = ''
  const { record, exportKey: newKey } = await register('a green horse', 'carol', async (message) => {
    request = message
    return { response: door.ground.opaque.register('carol', message) }
  })
  return { signIn, exportKey, request, record, ofPassword: await sealToPassword(PLAIN, newKey) }
}

/** What would be right for each call of the session of the laptop. @param app What `totp/new` has answered. */
export async function fieldsWithin(home: CarolsHome, app: AnswerOf<'totp/new'>): Promise<Fields> {
  const { door, browser, carol, phone, passkey } = home
  const session = sessionIdOf(browser)
  const { signIn, exportKey, request, record, ofPassword } = await newPassword(home, browser)
  await atNewDevice(home)
  const asked = (await browser.ask('account', {})).waiting.find(({ kind }) => kind === 'device')
  assert.ok(asked)
  const now = door.time.now()
  return {
    ...{ matter: TRANSFER, signIn, request, record, name: 'Key ring', yes: true, isPhone: true },
    ...{ waiting: asked.waiting, device: phone.device.id, session: athOf(sessionIdOf(phone)), passkey: passkey.id },
    ofDevice: await sealToDevice(PLAIN, 'carol', browser.device),
    ofPassword: await sealToPassword(PLAIN, exportKey),
    'password/changed ofPassword': ofPassword,
    ...{ code: codeOf(carol.totpSecret, now), pending: app.pending, 'totp/confirm code': codeOf(app.totp.secret, now) },
    ...{ number: NUMBER, 'sms/confirm code': door.gateway?.code() },
    'step-up credential': signed(home, 'step up', session),
    'passkey/add credential': signed(home, 'add passkey', session),
    'confirm credential': signed(home, 'confirm', `${canonicalMatter(TRANSFER).text}${session}`),
    'begin device': browser.device.keys,
    'set-up/begin device': browser.device.keys,
  }
}
