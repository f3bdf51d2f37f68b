// Somebody at a browser, and the sessions of one process or two, in a test.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { FoundPerson, PersonRequest } from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'
import { createAccountAllowance } from '../../src/address-allowance.ts'
import type { Asked, OpenPersonSession } from '../../src/asked.ts'
import { PersonRefusal } from '../../src/refusal.ts'
import { athOf } from '../../src/session/dpop.ts'
import { createFind } from '../../src/session/find.ts'
import { makeNonce } from '../../src/session/nonce.ts'
import { openSessions, type Sessions } from '../../src/session/sessions.ts'
import { addAccount, type TestBank, testBank } from './bank.ts'
import { AUTHORITY, newDevice, ORIGIN, type TestDevice } from './device.ts'

export const laptop = await newDevice()
export const phone = await newDevice('Firefox on Android')

export interface Process extends TestBank {
  readonly sessions: Sessions
  readonly thefts: string[]
  find(request: Partial<PersonRequest>): Promise<FoundPerson>
  sessionOf(cookie: string | undefined): Promise<OpenPersonSession | undefined>
}

export async function start(t: TestContext, beside?: TestBank): Promise<Process> {
  const bank = await testBank(t, beside)
  if (beside === undefined) await addAccount(bank, 'carol', [laptop, phone])
  const sessions = openSessions(bank.ground)
  t.after(() => sessions.close())
  const thefts: string[] = []
  const found = createFind(
    bank.ground,
    sessions,
    (row) => async () => void thefts.push(row.account),
    createAccountAllowance(() => bank.time.now().epochMilliseconds),
  )
  return {
    ...bank,
    sessions,
    thefts,
    find: (request) => found.find({ ...LOAD, ...request }),
    sessionOf: (cookie) => found.sessionOf(cookie, bank.time.now()),
  }
}

export const LOAD: PersonRequest = {
  method: 'GET',
  authority: AUTHORITY,
  target: '/accounts',
  cookie: undefined,
  proof: undefined,
  origin: undefined,
  isUpgrade: false,
  certificateSha256: undefined,
}
export const POST = { method: 'POST', target: '/transfer?from=1', origin: ORIGIN } as const

export interface Browser {
  readonly id: string
  readonly device: TestDevice
  /** As the field `Cookie` says it; the last that was set. */
  cookie: string
}

/** Fields that a call has sent. */
export function answer(bank: TestBank): Pick<Asked, 'field' | 'now'> & { readonly fields: Map<string, string> } {
  const fields = new Map<string, string>()
  return { fields, now: bank.time.now(), field: (name, value) => void fields.set(name, value) }
}
const cookieOf = (fields: ReadonlyMap<string, string>) => /^[^;]+/.exec(fields.get('set-cookie') ?? '')?.[0] ?? ''

export async function signIn(
  at: Process,
  device = laptop,
  others: { readonly certificateSha256?: string } = {},
): Promise<Browser> {
  const sent = answer(at)
  const { id } = await at.sessions.open(
    {
      signIn: await doneSignIn(at, device),
      account: 'carol',
      device: device.id,
      shown: [
        { kind: 'password', at: sent.now, binding: 'device' },
        { kind: 'totp', at: sent.now, binding: 'device' },
      ],
      evidence: [{ kind: 'device', keySha256: device.id, known: true }],
      address: '192.0.2.7',
    },
    { ...sent, ...others },
  )
  assert.equal(sent.fields.get('countersign-ath'), athOf(id))
  return { id, device, cookie: cookieOf(sent.fields) }
}

/** The row of a sign-in in which all is proved. */
export async function doneSignIn({ store, time }: TestBank, device: TestDevice): Promise<string> {
  const [id, at] = [randomUUID(), time.now().epochMilliseconds]
  const row = { id, account: 'carol', device: device.id, step: 'done', state: new Uint8Array(1) }
  await store.db
    .insertInto('login_sign_in')
    .values({ ...row, began_at: at, expires_at: at + 300_000 })
    .execute()
  return id
}

/** What the page of `/login/renew` does. */
export async function renew(at: Process, browser: Browser): Promise<void> {
  const session = await at.sessionOf(browser.cookie)
  assert.ok(session)
  const sent = answer(at)
  await at.sessions.renew(session, sent)
  if (sent.fields.has('set-cookie')) browser.cookie = cookieOf(sent.fields)
}

export const prove = (at: TestBank, { device, id }: Browser, uri = `${ORIGIN}/transfer`, method = 'POST') =>
  device.proveFor({ method, uri }, makeNonce(at.secret.key('proof nonce'), at.time.now()), athOf(id))

export function person(found: FoundPerson): Extract<FoundPerson, { readonly kind: 'person' }> {
  assert.equal(found.kind, 'person', found.kind === 'refused' ? found.code : found.kind)
  return found as Extract<FoundPerson, { readonly kind: 'person' }>
}
export function refused(found: FoundPerson, code: RefusalCode) {
  assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', code])
  return found.kind === 'refused' ? found.meeting : undefined
}
export const kindOf = async (found: Promise<FoundPerson>) => (await found).kind
export const refusal = (code: RefusalCode) => (error: unknown) => error instanceof PersonRefusal && error.code === code
