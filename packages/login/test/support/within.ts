// Somebody who has signed in, and what they do in the session.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { FoundPerson, PersonClaims } from '@countersign/mtls'
import type { BodyOf, Matter } from '../../src/api.ts'
import { newPasskey, type TestPasskey } from './authenticator.ts'
import { type Browser, newBrowser } from './browser.ts'
import { type Customer, codeOf, provePassword, setUp, signIn } from './customer.ts'
import { AUTHORITY } from './device.ts'
import { type WholeLogin, wholeLogin } from './whole.ts'

/** What `navigator.credentials` answers, as a call takes it. */
export type Credential = BodyOf<'passkey'>['credential']

/** Somebody at a bank. */
export interface SignedIn {
  readonly door: WholeLogin
  readonly carol: Customer
  readonly browser: Browser
}

/** Sets up and signs in. */
export async function signedIn(t: TestContext, sms?: Parameters<typeof wholeLogin>[2]): Promise<SignedIn> {
  const door = await wholeLogin(t, undefined, sms)
  const carol = await setUp(door, 'carol', { email: 'carol@mail.example' })
  await signIn(door, carol)
  // A code counts once: the next is another.
  door.time.pass({ seconds: 30 })
  return { door, carol, browser: carol.browser }
}

/** The session is there still, and what was shown is fresh no more. */
export async function growOld({ door, browser }: SignedIn): Promise<void> {
  door.time.pass({ minutes: 5 })
  await browser.ask('renew', {})
}

/** Shows a code of the app. */
export function stepUp({ door, carol, browser }: SignedIn): Promise<object> {
  return browser.ask('step-up', { code: codeOf(carol.totpSecret, door.time.now()) })
}

/** The password of now, proved as a page does it: a sign-in that stops at the code. */
export async function passwordOfNow({ browser, carol }: Pick<SignedIn, 'browser' | 'carol'>) {
  const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
  const proved = await provePassword(browser, id, carol)
  assert.ok(proved)
  await browser.ask('finish', { signIn: id, finish: proved.finish })
  return { signIn: id, exportKey: proved.exportKey }
}

/** A number of nobody's. @see Bundesnetzagentur, numbers for film and television */
export const NUMBER = '+491520123456'

/** Enrols it: the first code goes there. */
export async function withNumber(
  { door, browser }: Pick<SignedIn, 'door' | 'browser'>,
  number = NUMBER,
): Promise<void> {
  await browser.ask('sms/add', { number })
  await browser.ask('sms/confirm', { code: door.gateway!.code() })
}

/** Adds a passkey. */
export async function withPasskey(browser: Browser): Promise<TestPasskey> {
  const passkey = newPasskey()
  const credential = passkey.create(await browser.ask('passkey/add/options', {})) as Credential
  await browser.ask('passkey/add', { credential, name: 'Key ring' })
  return passkey
}

/** A browser that nobody knows, up to where it waits for a yes. */
export async function atNewDevice(
  { door, carol }: SignedIn,
  options: { readonly password?: string; readonly name?: string } = {},
): Promise<{ readonly other: Browser; readonly id: string; readonly number: string | undefined }> {
  const { password = carol.password, name = 'Firefox on Android' } = options
  const other = await newBrowser(door, { name, address: '198.51.100.9' })
  const { signIn: id, known } = await other.ask('begin', { device: other.device.keys })
  assert.equal(known, false)
  const proved = await provePassword(other, id, { account: carol.account, password })
  const finish = proved?.finish ?? Buffer.alloc(64, 1).toString('base64url')
  const { number } = await other.ask('finish', { signIn: id, finish })
  return { other, id, number }
}

/** What the door finds of a page load of this browser. */
export function load(door: WholeLogin, { cookie }: Browser): Promise<FoundPerson> {
  return door.login.find({
    method: 'GET',
    authority: AUTHORITY,
    target: '/accounts',
    cookie,
    proof: undefined,
    origin: undefined,
    isUpgrade: false,
    certificateSha256: undefined,
  })
}

/** What a service would read. */
export async function claimsOf(door: WholeLogin, browser: Browser): Promise<PersonClaims> {
  const found = await load(door, browser)
  assert.equal(found.kind, 'person')
  return (found as Extract<FoundPerson, { readonly kind: 'person' }>).claims
}

/** The kinds of notices that wait to be sent. */
export function noticesOf({ store }: WholeLogin): readonly string[] {
  return store.database
    .prepare('SELECT kind FROM login_notice ORDER BY created_at, kind')
    .all()
    .map(({ kind }) => String(kind))
}

/** A transfer, as a bank asks for it. */
export const TRANSFER: Matter = {
  title: 'Transfer',
  lines: [
    ['To', 'Dave Doe, DE89 3704 0044 0532 0130 00'],
    ['Amount', '120.00 EUR'],
  ],
  nonce: 'c29tZXRoaW5nIG5ldw',
}
