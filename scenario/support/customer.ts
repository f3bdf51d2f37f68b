// A customer over the network, without a browser: OPAQUE's own client, keys of a device, an app for codes, one connection.
import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { type AnswerOf, API, type BodyOf, type CallName } from '@countersign/login'
import { client, ready } from '@serenity-kit/opaque'
import { CompactEncrypt, importJWK } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { type BenchDevice, newDevice } from '../../bench/support/device.ts'
import type { RunningHouse } from './house.ts'

/** Where a bank is. */
export interface BankAddress {
  /** As in `bank.localhost:8444`. */
  readonly authority: string
  /** PEM of the root. */
  readonly trust: string
}

/** An answer as it came. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One device at the network; it may go on at another house, or come from another address. */
export interface Line {
  readonly device: BenchDevice
  /** `name=value`, where a session is open. */
  readonly cookie: string | undefined
  /** @throws {RefusedOverNetwork} (rejects) */
  ask<Name extends CallName>(name: Name, body: BodyOf<Name>): Promise<AnswerOf<Name>>
  /** Whatever is answered; `body` is sent as it is where it is a text. */
  send(name: CallName, body: unknown): Promise<Answer>
  /** A page load with the cookie. */
  load(path: string): Promise<Answer>
  /** From now on asks there. */
  at(bank: BankAddress): void
  close(): void
}

/** A call was refused. */
export class RefusedOverNetwork extends Error {
  override readonly name = 'RefusedOverNetwork'
  readonly status: number
  readonly code: string
  constructor(status: number, body: string) {
    super(`${status}: ${body}`)
    this.status = status
    this.code = String((JSON.parse(body) as { readonly code?: unknown }).code)
  }
}

/** The code by which `asked` is refused; fails where it is not. */
export async function codeOfRefusal(asked: Promise<unknown>): Promise<string> {
  const [{ status, reason }] = await Promise.allSettled([asked]).then(
    ([one]) =>
      [{ status: one.status, reason: one.status === 'rejected' ? (one.reason as unknown) : undefined }] as const,
  )
  if (status === 'fulfilled') return assert.fail('it was not refused')
  if (reason instanceof RefusedOverNetwork) return reason.code
  throw reason
}

/** What somebody knows and has. */
export interface NetworkCustomer {
  readonly account: string
  readonly password: string
  /** Base32. */
  readonly totpSecret: string
  readonly recovery: readonly string[]
  readonly line: Line
  /** A code of a step that was not used yet; waits where there is none. */
  code(): Promise<string>
}

/** Quick: what a password is stretched with is the page's matter. */
export const QUICK_STRETCHING = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } } as const
/** What a page sends where KE2 does not open. */
export const NO_FINISH: string = Buffer.alloc(64, 1).toString('base64url')
const STEP_MS = 30_000
const SEALED_OCTETS = 24_576

/** Where the door of a house is, by its name. */
export async function bankOf(house: RunningHouse, door = 'bank'): Promise<BankAddress> {
  const { port } = new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '')
  return { authority: `bank.localhost:${port}`, trust: await readFile(house.ready.trust, 'utf8') }
}

/** The token of an invitation. */
export async function invitationOf(house: RunningHouse, account: string, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await house.run(['invite', account, '--account', 'bank', ...more])
  assert.equal(code, 0, stdout + stderr)
  return new URL(stdout.trim()).hash.slice(1)
}

/** Opens a line. @param localAddress From where it calls: each address may begin so many sign-ins a minute. */
export async function openLine(
  first: BankAddress,
  {
    localAddress = '127.0.0.1',
    device,
    hasKeys = true,
  }: {
    readonly localAddress?: string
    readonly device?: BenchDevice
    /** Without, nothing is proved where nothing need be. */
    readonly hasKeys?: boolean
  } = {},
): Promise<Line> {
  const own = device ?? (await newDevice())
  let bank = first
  let agent = new Agent({ keepAlive: true, ca: bank.trust })
  let [nonce, cookie, ath]: (string | undefined)[] = []

  const exchange = async (method: string, path: string, body?: string, proof?: string): Promise<Answer> => {
    const { hostname, port } = new URL(`https://${bank.authority}`)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const sent = request({
      ...{ agent, host: '127.0.0.1', port, servername: hostname, localAddress, method, path },
      headers: {
        Host: bank.authority,
        ...(method === 'POST' && { Origin: `https://${bank.authority}`, 'Content-Type': 'application/json' }),
        ...(proof !== undefined && { DPoP: proof }),
        ...(cookie !== undefined && { Cookie: cookie }),
      },
    })
    sent.on('response', (answer) => {
      const { headers, statusCode: status = 0 } = answer
      nonce = headers['dpop-nonce']?.toString() ?? nonce
      cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? cookie
      ath = headers['countersign-ath']?.toString() ?? ath
      textOf(answer).then((said) => resolve({ status, headers, body: said }), reject)
    })
    sent.on('error', reject)
    sent.end(body)
    return promise
  }
  const send = async (name: CallName, body: unknown): Promise<Answer> => {
    const path = `/login/api/${name}`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    if (!hasKeys) return exchange('POST', path, text)
    if (nonce === undefined) await exchange('POST', '/login/api/nonce', '{}')
    const uri = `https://${bank.authority}${path}`
    const proof = await own.prove({ method: 'POST', uri }, nonce ?? '', API[name].proof === 'session' ? ath : undefined)
    return exchange('POST', path, text, proof)
  }
  return {
    device: own,
    get cookie() {
      return cookie
    },
    send,
    async ask<Name extends CallName>(name: Name, body: BodyOf<Name>) {
      const { status, body: said } = await send(name, body)
      if (status !== 200) throw new RefusedOverNetwork(status, said)
      return JSON.parse(said) as AnswerOf<Name>
    },
    load: (path) => exchange('GET', path),
    at(next) {
      agent.destroy()
      bank = next
      agent = new Agent({ keepAlive: true, ca: bank.trust })
      nonce = undefined
    },
    close: () => agent.destroy(),
  }
}

/** What a customer chose, as a page writes it before it is sealed. */
export function shownOf(phrase: string, picture: Uint8Array): Uint8Array {
  const words = Buffer.from(phrase)
  const block = Buffer.alloc(SEALED_OCTETS)
  block[0] = 1
  block.writeUInt16BE(words.length, 1)
  words.copy(block, 3)
  block.writeUInt16BE(picture.length, 3 + words.length)
  block.set(picture, 5 + words.length)
  return block
}

/** OPAQUE's registration, the code and the recovery codes: all of a set-up. */
export async function setUpOver(
  line: Line,
  {
    account,
    invitation,
    password = 'a blue horse at dusk',
    shown = shownOf('The kettle sings', Uint8Array.of(1, 2, 3)),
    keyStretching = QUICK_STRETCHING,
    name = 'Carol',
    later = false,
    now = Date.now,
  }: {
    readonly account: string
    readonly invitation: string
    readonly password?: string
    readonly shown?: Uint8Array
    readonly keyStretching?: Stretching
    readonly name?: string
    /** The step before this one was used up. */
    readonly later?: boolean
    /** The clock of the app. */
    readonly now?: () => number
  },
): Promise<NetworkCustomer> {
  const { setUp, opaque } = await line.ask('set-up/begin', { invitation, device: line.device.keys })
  const { record, exportKey } = await register(line, { setUp, account, server: opaque.server, password, keyStretching })
  const { totp } = await line.ask('set-up/record', {
    ...{ setUp, name, record, ofPassword: await sealToPassword(shown, exportKey) },
    ofDevice: await sealToDevice(shown, account, line.device),
  })
  const code = appOf(totp.secret, later ? Math.floor(now() / STEP_MS) - 1 : 0, now)
  const { recovery } = await line.ask('set-up/code', { setUp, code: await code() })
  await line.ask('set-up/done', { setUp })
  return { account, password, totpSecret: totp.secret, recovery, line, code }
}

type Stretching = NonNullable<Parameters<typeof client.finishLogin>[0]['keyStretching']>

/** RFC 9807 §5, up to the record. */
export async function register(
  line: Line,
  {
    setUp,
    account,
    server,
    password,
    keyStretching = QUICK_STRETCHING,
  }: {
    readonly setUp: string
    readonly account: string
    readonly server: string
    readonly password: string
    readonly keyStretching?: Stretching
  },
): Promise<{ readonly record: string; readonly exportKey: string }> {
  await ready
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { response: registrationResponse } = await line.ask('set-up/password', { setUp, request: registrationRequest })
  const { registrationRecord: record, exportKey } = client.finishRegistration({
    ...{ password, clientRegistrationState, registrationResponse, keyStretching },
    identifiers: { client: account, server },
  })
  return { record, exportKey }
}

/** Begins, and proves the password: the sign-in awaits KE3, which is answered with. */
export async function provePasswordOver(
  line: Line,
  { account, password }: Pick<NetworkCustomer, 'account' | 'password'>,
  keyStretching: Stretching = QUICK_STRETCHING,
): Promise<{ readonly signIn: string; readonly finish: string; readonly isRight: boolean }> {
  await ready
  const { signIn, opaque } = await line.ask('begin', { device: line.device.keys })
  const { clientLoginState, startLoginRequest: start } = client.startLogin({ password })
  const { response: loginResponse } = await line.ask('password', { signIn, account, start })
  const done = client.finishLogin({
    ...{ password, clientLoginState, loginResponse, keyStretching },
    identifiers: { client: account, server: opaque.server },
  })
  return { signIn, finish: done?.finishLoginRequest ?? NO_FINISH, isRight: done !== undefined }
}

/** A whole sign-in at a device that the account knows. */
export async function signInOver(
  customer: NetworkCustomer,
  keyStretching: Stretching = QUICK_STRETCHING,
): Promise<void> {
  const { line } = customer
  const { signIn, finish, isRight } = await provePasswordOver(line, customer, keyStretching)
  assert.ok(isRight, 'the bank has not proved itself')
  assert.equal((await line.ask('finish', { signIn, finish })).next, 'code')
  assert.deepEqual(await line.ask('code', { signIn, code: await customer.code() }), { next: 'done' })
}

/** What an app shows at a moment. */
export function codeAt(totpSecret: string, milliseconds: number): string {
  return new TOTP({ secret: Secret.fromBase32(totpSecret) }).generate({ timestamp: milliseconds })
}

/** Each of a step of its own, as each counts once; the bank takes the step before and the one after. */
function appOf(totpSecret: string, usedBefore: number, clock: () => number): () => Promise<string> {
  let used = usedBefore
  return async () => {
    const now = Math.floor(clock() / STEP_MS)
    const step = Math.max(used + 1, now - 1)
    if (step > now + 1) await delay((step - 1) * STEP_MS - clock() + 500)
    used = step
    return codeAt(totpSecret, step * STEP_MS)
  }
}

/** As a page does it. @see docs/protocols/login.md */
export async function sealToPassword(plain: Uint8Array, exportKey: string): Promise<string> {
  const key = hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32)
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(key))
}

/** As a page does it. */
export async function sealToDevice(plain: Uint8Array, account: string, { id, keys }: BenchDevice): Promise<string> {
  return new CompactEncrypt(plain)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .setKeyManagementParameters({ apu: Buffer.from(account), apv: Buffer.from(id) })
    .encrypt(await importJWK({ ...keys.agreement }, 'ECDH-ES'))
}
