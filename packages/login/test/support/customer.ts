// A customer in a test: OPAQUE's own client, copies sealed by jose, and an app for codes.
import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { client, ready } from '@serenity-kit/opaque'
import { CompactEncrypt, importJWK } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { SEALED_PLAIN_OCTETS } from '../../src/sealed.ts'
import { invite } from '../../src/setup/invitations.ts'
import { type AskedDoor, type Browser, newBrowser } from './browser.ts'
import { HOST, type TestDevice } from './device.ts'

/** Quick: what a password is stretched with is the page's matter, and no test is about it. */
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

/** Somebody with an account. */
export interface Customer {
  readonly account: string
  readonly password: string
  /** Base32. */
  readonly totpSecret: string
  readonly recovery: readonly string[]
  /** The browser of the set-up. */
  readonly browser: Browser
}

/** A picture and a phrase as pages make them. */
export function pictureOf(phrase: string): Uint8Array {
  const plain = new Uint8Array(SEALED_PLAIN_OCTETS)
  plain.set(new TextEncoder().encode(phrase), 3)
  return plain
}

/** Sealed to what the password gives. */
export async function sealToPassword(plain: Uint8Array, exportKey: string): Promise<string> {
  const key = hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32)
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(key))
}

/** Sealed to a device. */
export async function sealToDevice(plain: Uint8Array, account: string, { id, keys }: TestDevice): Promise<string> {
  return new CompactEncrypt(plain)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .setKeyManagementParameters({ apu: Buffer.from(account), apv: Buffer.from(id) })
    .encrypt(await importJWK({ ...keys.agreement }, 'ECDH-ES'))
}

/** Invites somebody; answers the token. */
export async function invited(door: AskedDoor, account: string, email?: string): Promise<string> {
  const expiresAt = door.time.now().add({ hours: 24 })
  const made = await invite(door.ground, { account, expiresAt, ...(email !== undefined && { email }) })
  assert.ok(made.ok)
  return made.token
}

/** What an app shows now. */
export function codeOf(totpSecret: string, now: Temporal.Instant): string {
  return new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate({ timestamp: now.epochMilliseconds })
}

/** OPAQUE's registration, up to the record. */
export async function register(
  password: string,
  account: string,
  respond: (request: string) => Promise<{ readonly response: string }>,
): Promise<{ readonly record: string; readonly exportKey: string }> {
  await ready
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { response } = await respond(registrationRequest)
  const { registrationRecord: record, exportKey } = client.finishRegistration({
    password,
    clientRegistrationState,
    registrationResponse: response,
    identifiers: { client: account, server: HOST },
    keyStretching,
  })
  return { record, exportKey }
}

interface SetUpOptions {
  readonly password?: string
  readonly browser?: Browser
  readonly email?: string
  /** Of an invitation that is there. */
  readonly token?: string
}

/** All of a set-up. */
export async function setUp(
  door: AskedDoor,
  account = 'carol',
  { password = 'a blue horse', browser, email, token }: SetUpOptions = {},
): Promise<Customer> {
  const own = browser ?? (await newBrowser(door))
  const { keys } = own.device
  const begun = await own.ask('set-up/begin', {
    invitation: token ?? (await invited(door, account, email)),
    device: keys,
  })
  const { setUp: id } = begun
  assert.equal(begun.account, account)
  const { record, exportKey } = await register(password, account, (request) =>
    own.ask('set-up/password', { setUp: id, request }),
  )
  const plain = pictureOf('the horse is blue')
  const { totp } = await own.ask('set-up/record', {
    setUp: id,
    name: 'Carol',
    record,
    ofPassword: await sealToPassword(plain, exportKey),
    ofDevice: await sealToDevice(plain, account, own.device),
  })
  const code = codeOf(totp.secret, door.time.now())
  const { recovery } = await own.ask('set-up/code', { setUp: id, code })
  await own.ask('set-up/done', { setUp: id })
  // The code of set-up counted: the next one is another.
  door.time.pass({ seconds: 30 })
  return { account, password, totpSecret: totp.secret, recovery, browser: own }
}

/** KE1 to KE3: undefined where KE2 does not open, which says that the password is wrong. */
export async function provePassword(
  browser: Browser,
  signIn: string,
  { account, password }: { readonly account: string; readonly password: string },
): Promise<{ readonly finish: string; readonly exportKey: string } | undefined> {
  await ready
  const { clientLoginState, startLoginRequest: start } = client.startLogin({ password })
  const { response } = await browser.ask('password', { signIn, account, start })
  const done = client.finishLogin({
    password,
    clientLoginState,
    loginResponse: response,
    identifiers: { client: account, server: HOST },
    keyStretching,
  })
  return done && { finish: done.finishLoginRequest, exportKey: done.exportKey }
}

/** What a page sends where KE2 does not open: no KE3 that anybody could take for one. */
export const NO_FINISH: string = Buffer.alloc(64, 1).toString('base64url')

/** All of a sign-in at a device that is known. */
export async function signIn(door: AskedDoor, customer: Customer, browser = customer.browser): Promise<void> {
  const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
  const proved = await provePassword(browser, id, customer)
  assert.ok(proved)
  assert.equal((await browser.ask('finish', { signIn: id, finish: proved.finish })).next, 'code')
  const code = codeOf(customer.totpSecret, door.time.now())
  assert.deepEqual(await browser.ask('code', { signIn: id, code }), { next: 'done' })
}
