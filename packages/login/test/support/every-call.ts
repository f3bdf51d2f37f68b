// Every call of the table in one state: what it is sent with, how it is sent otherwise than it should be, and what may not move.
import assert from 'node:assert/strict'
import { API, type BodyOf, type CallName } from '../../src/api.ts'
import { athOf } from '../../src/session/dpop.ts'
import { makeNonce } from '../../src/session/nonce.ts'
import { PRIMARY_KEYS } from '../../src/store/tables.ts'
import { goodBodies } from './bad-bodies.ts'
import type { Answered, Asking, Browser } from './browser.ts'
import { newDevice } from './device.ts'
import type { WholeLogin } from './whole.ts'

/** All of them, in the order of the table. */
export const CALLS: readonly CallName[] = Object.keys(API) as CallName[]

type ProofOf<Name extends CallName> = (typeof API)[Name]['proof']
type CallWith<Field extends string> = {
  [Name in CallName]: BodyOf<Name> extends Readonly<Record<Field, string>> ? Name : never
}[CallName]
/** Calls of a session. */
export type SessionCall = { [Name in CallName]: ProofOf<Name> extends 'session' ? Name : never }[CallName]
/** Calls of a set-up that has begun. */
export type SetUpCall = CallWith<'setUp'>
/** Calls of a sign-in that has begun. */
export type SignInCall = Exclude<CallWith<'signIn'>, SessionCall>
/** Calls that are of nothing that has begun. */
export type FirstCall = Exclude<CallName, SessionCall | SetUpCall | SignInCall>

/** How a call is answered: `ok`, or the code of the refusal. */
export type Said = 'ok' | `ERR_${string}`

/** Reads it, with what each refusal has. */
export function saidBy(answer: Answered): Said {
  if (answer.statusCode === 200) return 'ok'
  assert.equal(answer.headers['content-type'], 'application/problem+json', answer.body)
  const { code, reference } = answer.json<{ readonly code: `ERR_${string}`; readonly reference: string }>()
  assert.match(reference, /^M-/)
  assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, answer.body)
  return code
}

/** What fields of bodies are, where they are to fit, of one call (`step-up code`) or of all; the rest is of its form alone. */
export type Fields = Readonly<Record<string, unknown>>

/** The bodies of a call, one for each form that it has, with these fields in them. */
export function bodiesOf(name: CallName, fields: Fields): readonly object[] {
  return goodBodies(name).map((body) =>
    Object.fromEntries(
      Object.entries(body as object).map(([key, value]) => [key, fields[`${name} ${key}`] ?? fields[key] ?? value]),
    ),
  )
}

/** A call with its body. */
export type Call = readonly [CallName, object]
type Sent = Parameters<Asking['inject']>[0]

/** A door whose requests are looked at on their way. */
export interface TappedDoor extends WholeLogin {
  readonly app: WholeLogin['app'] & {
    /** The last that was sent. */
    last: Sent | undefined
    /** What becomes of each before it is sent. */
    alter: ((sent: Sent) => Sent) | undefined
  }
}

/** Taps one: its own `inject` is called, with the request as it was or as it was altered. */
export function tap(door: WholeLogin): TappedDoor {
  const inject = door.app.inject.bind(door.app) as unknown as (sent: Sent) => Promise<Answered>
  const app = Object.assign(door.app, {
    last: undefined as Sent | undefined,
    alter: undefined as TappedDoor['app']['alter'],
  })
  app.inject = ((sent: Sent) => {
    app.last = app.alter?.(sent) ?? sent
    return inject(app.last)
  }) as unknown as typeof app.inject
  return { ...door, app }
}

/** Sends a call with its request altered. */
export async function sendAltered(
  door: TappedDoor,
  browser: Browser,
  [name, body]: Call,
  alter: (headers: Sent['headers']) => Sent['headers'],
): Promise<Said> {
  door.app.alter = (sent) => ({ ...sent, headers: alter(sent.headers) })
  try {
    return saidBy(await browser.send(name, body))
  } finally {
    door.app.alter = undefined
  }
}

const stranger = await newDevice('Somebody else’s')

/** A call with the proof of another device in place of the one that should be there: right in all else. */
export async function byAnotherDevice(door: TappedDoor, browser: Browser, call: Call): Promise<Said> {
  const nonce = makeNonce(door.secret.key('proof nonce'), door.time.now())
  const ath = API[call[0]].proof === 'session' ? athOf(sessionIdOf(browser)) : undefined
  const dpop = await stranger.prove(call[0], nonce, ath)
  return sendAltered(door, browser, call, (headers) => ({ ...headers, dpop }))
}

/** Of the session whose cookie a browser has, or had; empty where it has none. */
export function sessionIdOf({ cookie = '' }: Pick<Browser, 'cookie'>): string {
  return /=([\w-]{22})\./.exec(cookie)?.[1] ?? ''
}

/** No proof at all. */
export function withoutProof(door: TappedDoor, browser: Browser, call: Call): Promise<Said> {
  return sendAltered(door, browser, call, ({ dpop: _, ...headers }) => headers)
}

/** The last request once more, octet for octet. */
export async function repeated(door: TappedDoor): Promise<Said> {
  assert.ok(door.app.last)
  return saidBy((await (door.app as Asking).inject(door.app.last)) as Answered)
}

/** Of the store: proofs that were spent are written for whatever is refused, and guesses by whatever was guessed. */
const MOVES_ANYWAY: readonly string[] = ['login_used', 'login_failure']

/** All that is kept of everybody, and what the ledger has. @param isGuess A sign-in counts its own guesses: they may differ. */
export function standing({ store }: WholeLogin, { isGuess = false } = {}): unknown {
  const rows = Object.entries(PRIMARY_KEYS)
    .filter(([table]) => !MOVES_ANYWAY.includes(table))
    .map(([table, keys]) => {
      const all = store.database.prepare(`SELECT * FROM ${table} ORDER BY ${keys.join()}`).all()
      return [table, isGuess && table === 'login_sign_in' ? all.map(({ state: _, ...row }) => row) : all]
    })
  return { rows, entries: [...store.entries] }
}

/** How many guesses are counted, of everybody, in this hour. */
export function guesses({ store }: WholeLogin): number {
  const { sum } = store.database.prepare("SELECT sum(count) AS sum FROM login_failure WHERE about LIKE 'hour:%'").get()!
  return Number(sum ?? 0)
}

/** Somebody somewhere on the way. */
export interface Here {
  readonly door: TappedDoor
  readonly browser: Browser
  /** What would be right for each message if it were its turn. */
  readonly fields: Fields
}

/**
 * Sends everything in every way in which nothing may come of it: what has no place here, what is of another device, what
 * proves nothing, what comes twice. Each is refused by its code, and nothing that is kept moves.
 * @param expected What a call is answered that comes as it should.
 */
export async function assertNothingMoves(here: Here, expected: (name: CallName, body: object) => Said): Promise<void> {
  const { door, browser } = here
  let [before, guessed] = [standing(door), guesses(door)]
  for (const name of CALLS)
    for (const body of bodiesOf(name, here.fields)) {
      const call: Call = [name, body]
      const said = expected(name, body)
      const isGuess = said === 'ERR_PERSON_CREDENTIALS'
      if (isGuess) before = standing(door, { isGuess })
      const is = (found: Said, wanted: Said, how: string) => assert.equal(found, wanted, `${name}, ${how}`)
      if (said !== 'ok') {
        is(saidBy(await browser.send(...call)), said, 'as it should come')
        is(await repeated(door), ofProof(name, said), 'once more, octet for octet')
      }
      if (name !== 'nonce') is(await byAnotherDevice(door, browser, call), ofStranger(name, said), 'by another device')
      if (name !== 'nonce' && name !== 'begin')
        is(await withoutProof(door, browser, call), ofNobody(name, said), 'without a proof')
      assert.deepEqual(standing(door, { isGuess }), before, name)
      if (isGuess) [before, guessed] = [standing(door), guesses(door)]
      else assert.equal(guesses(door), guessed, name)
    }
}

/** Refusals of a session that is not there (any more): its proof is not even looked at. */
const NO_SESSION: readonly Said[] = [
  'ERR_PERSON_NOT_SIGNED_IN',
  'ERR_PERSON_SIGNED_OUT',
  'ERR_PERSON_DEVICE_REMOVED',
  'ERR_PERSON_PASSKEY_REMOVED',
  'ERR_PERSON_PASSWORD_CHANGED',
  'ERR_PERSON_COOKIE',
  'ERR_POLICY_LOCKED',
]

function ofProof(name: CallName, said: Said): Said {
  return API[name].proof === 'session' && NO_SESSION.includes(said) ? said : 'ERR_PERSON_PROOF'
}

function ofStranger(name: CallName, said: Said): Said {
  if (API[name].proof === 'session') return ofProof(name, said)
  return name === 'begin' || name === 'set-up/begin' ? 'ERR_PERSON_REQUEST' : 'ERR_PERSON_STEP'
}

function ofNobody(name: CallName, said: Said): Said {
  return API[name].proof === 'maybe' ? 'ERR_PERSON_STEP' : ofProof(name, said)
}
