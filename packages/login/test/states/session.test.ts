// Every call in every state of a session, over HTTP: fresh, not fresh, over for each cause, and somebody else's.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { API, type CallName } from '../../src/api.ts'
import { athOf } from '../../src/session/dpop.ts'
import { type Browser, newBrowser } from '../support/browser.ts'
import { type CarolsHome, carolsHome, fieldsWithin, newPassword } from '../support/carol.ts'
import { setUp, signIn } from '../support/customer.ts'
import {
  assertNothingMoves,
  bodiesOf,
  CALLS,
  type Here,
  repeated,
  type Said,
  type SessionCall,
  saidBy,
  sessionIdOf,
  standing,
} from '../support/every-call.ts'
import { growOld } from '../support/within.ts'

interface Expected {
  /** Where neither passkey nor code was shown within five minutes. */
  readonly old: Said
  /** The same once more, with a proof of its own, after it went well. */
  readonly again: Said
  /** In the session of somebody else. `its own`: the body names nothing of anybody. */
  readonly elsewhere: Said | 'its own'
}

const FRESH = 'ERR_PERSON_FRESH'
const WRONG = 'ERR_PERSON_CREDENTIALS'
const STEP = 'ERR_PERSON_STEP'
const REQUEST = 'ERR_PERSON_REQUEST'

/** docs/protocols/login.md, and the summaries of `api.ts`. In a session that is fresh, all of it is answered. */
const SESSION: Readonly<Record<SessionCall, Expected>> = {
  'device/keep': { old: 'ok', again: 'ok', elsewhere: REQUEST },
  'passkey/add/options': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  'passkey/add': { old: FRESH, again: REQUEST, elsewhere: REQUEST },
  renew: { old: 'ok', again: 'ok', elsewhere: 'its own' },
  'sign-out': { old: 'ok', again: 'ERR_PERSON_NOT_SIGNED_IN', elsewhere: 'its own' },
  'step-up/options': { old: 'ok', again: 'ok', elsewhere: 'its own' },
  'step-up': { old: 'ok', again: WRONG, elsewhere: WRONG },
  'confirm/options': { old: 'ok', again: 'ok', elsewhere: 'its own' },
  confirm: { old: 'ok', again: WRONG, elsewhere: WRONG },
  'confirm/sms': { old: 'ok', again: 'ok', elsewhere: REQUEST },
  'confirm/send': { old: 'ok', again: 'ok', elsewhere: 'its own' },
  account: { old: 'ok', again: 'ok', elsewhere: 'its own' },
  'waiting/answer': { old: FRESH, again: STEP, elsewhere: STEP },
  'device/remove': { old: FRESH, again: REQUEST, elsewhere: REQUEST },
  'passkey/remove': { old: FRESH, again: REQUEST, elsewhere: REQUEST },
  'session/end': { old: FRESH, again: REQUEST, elsewhere: REQUEST },
  'device/phone': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  'recovery/new': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  'totp/new': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  // Its secret was shown when the session was fresh.
  'totp/confirm': { old: 'ok', again: WRONG, elsewhere: STEP },
  'sms/add': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  // What went while the session was fresh is over when it is not.
  'sms/confirm': { old: WRONG, again: WRONG, elsewhere: WRONG },
  'sms/remove': { old: FRESH, again: 'ok', elsewhere: 'its own' },
  'picture/change': { old: FRESH, again: STEP, elsewhere: STEP },
  'password/change': { old: FRESH, again: 'ok', elsewhere: STEP },
  'password/changed': { old: FRESH, again: STEP, elsewhere: STEP },
}
const SESSION_CALLS = Object.keys(SESSION) as SessionCall[]

/** Why a session is over, and what its cookie is told from then on. */
const OVER: Readonly<Record<string, readonly [Said, (home: CarolsHome) => Promise<unknown>]>> = {
  'signed out': ['ERR_PERSON_SIGNED_OUT', ({ browser }) => browser.ask('sign-out', {})],
  'ended on another device': ['ERR_PERSON_SIGNED_OUT', ({ phone }) => phone.ask('session/end', {})],
  'begun anew in this browser': ['ERR_PERSON_SIGNED_OUT', ({ door, carol }) => signIn(door, carol)],
  'its device was removed': [
    'ERR_PERSON_DEVICE_REMOVED',
    ({ phone, browser }) => phone.ask('device/remove', { device: browser.device.id }),
  ],
  'the password was changed on another device': ['ERR_PERSON_PASSWORD_CHANGED', changePassword],
  'after eight hours': ['ERR_PERSON_NOT_SIGNED_IN', stayEightHours],
  'after an hour without anybody': ['ERR_PERSON_NOT_SIGNED_IN', async ({ door }) => door.time.pass({ minutes: 60 })],
  'of somebody who is locked out': [
    'ERR_POLICY_LOCKED',
    async ({ door }) => door.locks.replace([{ party: 'carol' }], 1n),
  ],
  // Said to whoever has the right one; who has another learns nothing any more.
  'whose cookie of before was used': ['ERR_PERSON_NOT_SIGNED_IN', useCookieOfBefore],
}

async function changePassword(home: CarolsHome): Promise<void> {
  const { signIn: proved, record, ofPassword } = await newPassword(home, home.phone)
  await home.phone.ask('password/changed', { signIn: proved, record, ofPassword })
}

async function stayEightHours({ door, browser }: CarolsHome): Promise<void> {
  for (let minutes = 0; minutes < 480; minutes += 30) {
    if (minutes > 0) await browser.ask('renew', {})
    door.time.pass({ minutes: 30 })
  }
}

async function useCookieOfBefore(home: CarolsHome): Promise<void> {
  const { door, browser } = home
  const thief = await again(home)
  await browser.ask('renew', {})
  // Seen: whoever comes with the one before is somebody else.
  await browser.ask('account', {})
  door.time.pass({ seconds: 31 })
  assert.equal(saidBy(await thief.send('account', {})), 'ERR_PERSON_COOKIE')
  assert.equal(saidBy(await browser.send('account', {})), 'ERR_PERSON_COOKIE')
}

/** The same browser, with the cookie of now, whatever becomes of it. */
function again({ door, browser }: CarolsHome): Promise<Browser> {
  const { device, cookie = '' } = browser
  return newBrowser(door, { device, session: { cookie, ath: athOf(sessionIdOf(browser)) } })
}

interface Within extends Here {
  readonly home: CarolsHome
}

async function reach(t: TestContext, age: 'fresh' | 'old' = 'fresh'): Promise<Within> {
  const home = await carolsHome(t)
  const { door, browser } = home
  const app = await browser.ask('totp/new', {})
  if (age === 'old') await growOld(home)
  const fields = { ...NAMELESS, ...(await fieldsWithin(home, app)) }
  return { home, door, browser, fields }
}

/** What is not of a session: no set-up and no invitation is under way, and of the password of now the code alone is awaited. */
const NAMELESS = { setUp: 'Z'.repeat(32) }
const BESIDES: Partial<Record<CallName, Said>> = {
  begin: 'ok',
  nonce: 'ok',
  'set-up/begin': 'ERR_PERSON_INVITATION',
  code: 'ok',
  'code/send': 'ok',
  'code/sms': 'ok',
  wait: 'ok',
  'passkey/options': 'ok',
  passkey: 'ERR_PERSON_CREDENTIALS',
}
const isOfSession = (name: CallName): name is SessionCall => API[name].proof === 'session'

suite('a session', () => {
  test('has an expectation for each of its calls', () => {
    assert.deepEqual(SESSION_CALLS, CALLS.filter(isOfSession))
  })

  for (const age of ['fresh', 'old'] as const)
    test(`that is ${age}: what asks for more, is by another device, or comes twice, moves nothing`, async (t) => {
      const here = await reach(t, age)
      await assertNothingMoves(here, (name) =>
        isOfSession(name) ? (age === 'old' ? SESSION[name].old : 'ok') : (BESIDES[name] ?? STEP),
      )
    })

  for (const name of SESSION_CALLS)
    for (const [age, said] of [
      ['fresh', 'ok'],
      ['old', SESSION[name].old],
    ] as const)
      if (said === 'ok')
        test(`that is ${age}: ${name} is answered; its proof counts once, and what it does as often as it may`, async (t) => {
          const count = bodiesOf(name, {}).length
          for (let which = 0; which < count; which++) {
            const { door, browser, fields } = await reach(t, age)
            const body = bodiesOf(name, fields)[which]
            assert.equal(saidBy(await browser.send(name, body)), 'ok', JSON.stringify(body))
            // Who has signed out has no cookie; what was sent had one.
            assert.equal(await repeated(door), name === 'sign-out' ? 'ERR_PERSON_SIGNED_OUT' : 'ERR_PERSON_PROOF')
            assert.equal(saidBy(await browser.send(name, body)), SESSION[name].again, JSON.stringify(body))
          }
        })

  for (const [how, [said, end]] of Object.entries(OVER))
    test(`${how}: every call is refused by its cause, and moves nothing`, async (t) => {
      // The other session of the account is as far over: no round of the door's shall end it in between.
      t.mock.timers.enable({ apis: ['setInterval'] })
      const { home, door, fields } = await reach(t)
      const before = await again(home)
      await end(home)
      assert.equal(saidBy(await before.send('account', {})), said)
      const here = { door, browser: before, fields: { ...fields, signIn: 'Z'.repeat(32) } }
      await assertNothingMoves(here, (name) => {
        if (isOfSession(name)) return said
        return name === 'begin' || name === 'nonce' ? 'ok' : name === 'set-up/begin' ? 'ERR_PERSON_INVITATION' : STEP
      })
    })

  test('of nobody: no call is answered, whatever its cookie looks like', async (t) => {
    const { home, door, fields } = await reach(t)
    const ath = athOf(sessionIdOf(home.browser))
    const [own = '', secret = ''] = home.browser.cookie?.split('.') ?? []
    for (const cookie of [
      '',
      own,
      `${own}.${secret}; ${own}.${secret}`,
      `__Host-countersign=${'Z'.repeat(22)}.${secret}`,
    ]) {
      const browser = await newBrowser(door, { device: home.browser.device, session: { cookie, ath } })
      for (const name of SESSION_CALLS) {
        const before = standing(door)
        for (const body of bodiesOf(name, fields))
          assert.equal(saidBy(await browser.send(name, body)), 'ERR_PERSON_NOT_SIGNED_IN', `${name}: ${cookie}`)
        assert.deepEqual(standing(door), before)
      }
    }
  })

  test('of somebody else: what names anything of Carol’s is refused as what nobody has, and nothing of hers moves', async (t) => {
    const { door, fields, home } = await reach(t)
    const dave = await setUp(door, 'dave', { browser: await newBrowser(door, { name: 'Safari on iOS' }) })
    await signIn(door, dave)
    const nothing = {
      device: 'Z'.repeat(43),
      session: 'Z'.repeat(43),
      passkey: 'Z'.repeat(43),
      waiting: 'Z'.repeat(36),
    }
    for (const name of SESSION_CALLS) {
      const { elsewhere } = SESSION[name]
      if (elsewhere === 'its own') continue
      for (const body of bodiesOf(name, fields)) {
        const before = standing(door)
        const told = await dave.browser.send(name, body)
        assert.equal(saidBy(told), elsewhere, name)
        const [none] = bodiesOf(name, { ...fields, ...nothing, signIn: 'Z'.repeat(32) })
        const [one, other] = [told, await dave.browser.send(name, none)].map((each) => ({
          ...each.json<object>(),
          reference: '',
        }))
        assert.deepEqual(one, other, name)
        assert.deepEqual(standing(door), before, name)
      }
    }
    assert.equal(saidBy(await home.browser.send('account', {})), 'ok')
  })
})
