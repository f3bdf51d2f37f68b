// What somebody confirms, and what waits for a yes, in every state that it can be in, over HTTP.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { canonicalMatter } from '../../src/confirm/matter.ts'
import type { ChallengeUse } from '../../src/passkey/challenge.ts'
import { WAITING_KINDS } from '../../src/waiting/open.ts'
import type { Browser } from '../support/browser.ts'
import { type CarolsHome, carolsHome, signed } from '../support/carol.ts'
import { codeOf } from '../support/customer.ts'
import { assertNothingMoves, type Said, saidBy, sessionIdOf, standing } from '../support/every-call.ts'
import { atNewDevice, claimsOf, growOld, passwordOfNow, TRANSFER } from '../support/within.ts'

const OTHER = { ...TRANSFER, lines: [['Amount', '120.01 EUR'] as const] } as unknown as typeof TRANSFER
const STEP = 'ERR_PERSON_STEP'
const WRONG = 'ERR_PERSON_CREDENTIALS'

/** Of a matter whose code a telephone shows. */
const STATES = ['nothing', 'shown', 'shown anew', 'denied', 'confirmed', 'late'] as const
type At = (typeof STATES)[number]

interface Shown {
  readonly home: CarolsHome
  /** Of the telephone, as it showed it first; made up where it showed none. */
  readonly code: string
  readonly waiting: string
}

/** Brings it there. */
async function reach(t: TestContext, at: At): Promise<Shown> {
  const home = await carolsHome(t)
  const { browser, phone, door } = home
  if (at === 'nothing') return { home, code: '000000', waiting: 'Z'.repeat(36) }
  await browser.ask('confirm/send', { matter: TRANSFER })
  const [{ code = '', waiting = '' } = {}] = (await phone.ask('account', {})).waiting
  assert.match(code, /^\d{6}$/)
  if (at === 'shown anew') await browser.ask('confirm/send', { matter: TRANSFER })
  if (at === 'denied') await phone.ask('waiting/answer', { waiting, yes: false })
  if (at === 'confirmed') await browser.ask('confirm', { matter: TRANSFER, code })
  if (at === 'late') {
    door.time.pass({ minutes: 5 })
    for (const one of [browser, phone]) {
      await one.ask('renew', {})
      // Seen: from now on it stands as it stands.
      await one.ask('account', {})
    }
  }
  return { home, code, waiting }
}

const onlyIf = (state: At, said: Said) => (at: At) => (at === state ? 'ok' : said)

/** Everything that somebody may try with it, and what is said in each state. */
const TRIES: Readonly<
  Record<string, readonly [(at: At) => Said, (shown: Shown) => Promise<Parameters<typeof saidBy>[0]>]>
> = {
  'its code': [onlyIf('shown', WRONG), ({ home, code }) => home.browser.send('confirm', { matter: TRANSFER, code })],
  'its code for another matter': [
    () => WRONG,
    ({ home, code }) => home.browser.send('confirm', { matter: OTHER, code }),
  ],
  'its code in another session': [
    () => WRONG,
    ({ home, code }) => home.phone.send('confirm', { matter: TRANSFER, code }),
  ],
  'its code as a fresh proof': [() => WRONG, ({ home, code }) => home.browser.send('step-up', { code })],
  'its code for a sign-in': [
    () => WRONG,
    async ({ home, code }) => home.browser.send('code', { signIn: (await passwordOfNow(home)).signIn, code }),
  ],
  'a yes to it': [
    // A yes is the code, typed where the matter is; and it asks for a fresh proof before it is looked at what for.
    (at) => (at === 'late' ? 'ERR_PERSON_FRESH' : STEP),
    ({ home, waiting }) => home.phone.send('waiting/answer', { waiting, yes: true }),
  ],
  'a no to it': [
    onlyIf('shown', STEP),
    ({ home, waiting }) => home.phone.send('waiting/answer', { waiting, yes: false }),
  ],
  'a code of the app': [
    () => 'ok',
    ({ home }) =>
      home.browser.send('confirm', { matter: TRANSFER, code: codeOf(home.carol.totpSecret, home.door.time.now()) }),
  ],
  'a passkey over it': [
    () => 'ok',
    ({ home }) => home.browser.send('confirm', { matter: TRANSFER, credential: signedOver(home, TRANSFER) }),
  ],
  'a passkey over another matter': [
    () => WRONG,
    ({ home }) => home.browser.send('confirm', { matter: TRANSFER, credential: signedOver(home, OTHER) }),
  ],
  'a passkey over it in another session': [
    () => WRONG,
    ({ home }) => home.phone.send('confirm', { matter: TRANSFER, credential: signedOver(home, TRANSFER) }),
  ],
}

function signedOver(home: CarolsHome, matter: typeof TRANSFER, browser: Browser = home.browser): object {
  return signed(home, 'confirm', canonicalMatter(matter).text + sessionIdOf(browser))
}

suite('a matter', () => {
  for (const at of STATES) {
    const tries = Object.entries(TRIES)
    test(`${at}: what is not for it is refused, and moves nothing`, async (t) => {
      const shown = await reach(t, at)
      const { door, browser, phone } = shown.home
      const confirmed = (await claimsOf(door, browser)).confirmed
      for (const [what, [expected, ask]] of tries.filter(([, [said]]) => said(at) !== 'ok')) {
        const before = standing(door, { isGuess: true })
        assert.equal(saidBy(await ask(shown)), expected(at), what)
        // The password of now is a sign-in of its own.
        if (what !== 'its code for a sign-in') assert.deepEqual(standing(door, { isGuess: true }), before, what)
        assert.deepEqual((await claimsOf(door, browser)).confirmed, confirmed, what)
      }
      assert.equal((await claimsOf(door, phone)).confirmed.length, 0)
    })

    for (const [what, [, ask]] of tries.filter(([, [said]]) => said(at) === 'ok'))
      test(`${at}: ${what} is taken`, async (t) => {
        const shown = await reach(t, at)
        const { door, browser, phone } = shown.home
        const count = async () => (await claimsOf(door, browser)).confirmed.length
        const before = await count()
        assert.equal(saidBy(await ask(shown)), 'ok')
        assert.equal(await count(), before + (what === 'a no to it' ? 0 : 1))
        assert.equal((await claimsOf(door, phone)).confirmed.length, 0)
      })

    test(`${at}: no call that asks for a fresh proof, and none of another device, moves anything`, async (t) => {
      const { home, waiting } = await reach(t, at)
      if (at !== 'late') await growOld(home)
      const { door, browser } = home
      await browser.ask('account', {})
      const keys = { 'begin device': browser.device.keys, 'set-up/begin device': browser.device.keys }
      const fields = { waiting, yes: true, matter: TRANSFER, isPhone: true, ...keys }
      await assertNothingMoves({ door, browser, fields }, (name) => expectedOld[name] ?? STEP)
    })
  }
})

/** Of calls whose fields fit nothing here but the matter, in a session that is not fresh. */
const expectedOld: Readonly<Partial<Record<string, Said>>> = {
  ...Object.fromEntries(
    ['passkey/add/options', 'passkey/add', 'waiting/answer', 'device/remove', 'passkey/remove', 'session/end']
      .concat([
        'device/phone',
        'recovery/new',
        'sms/add',
        'sms/remove',
        'totp/new',
        'picture/change',
        'password/change',
        'password/changed',
      ])
      .map((name) => [name, 'ERR_PERSON_FRESH'] as const),
  ),
  ...Object.fromEntries(
    [
      'begin',
      'nonce',
      'renew',
      'sign-out',
      'step-up/options',
      'confirm/options',
      'confirm/send',
      'confirm/sms',
      'account',
    ].map((name) => [name, 'ok'] as const),
  ),
  'set-up/begin': 'ERR_PERSON_INVITATION',
  'device/keep': 'ERR_PERSON_REQUEST',
  'step-up': WRONG,
  confirm: WRONG,
  'sms/confirm': WRONG,
}

suite('what a passkey has signed', () => {
  const USES: Readonly<Record<ChallengeUse, Said>> = {
    'sign in': WRONG,
    'add passkey': WRONG,
    'step up': 'ok',
    confirm: 'ok',
  }
  for (const use of Object.keys(USES) as ChallengeUse[])
    test(`to ${use}: is worth nothing for any other use`, async (t) => {
      const home = await carolsHome(t)
      const { browser, door } = home
      const { signIn } = await browser.ask('begin', {})
      const session = sessionIdOf(browser)
      const bound = { 'sign in': signIn, 'add passkey': session, 'step up': session }
      const made = () => {
        if (use === 'confirm') return signedOver(home, TRANSFER)
        // What is made for a new passkey is signed by one that is there: the right form at the wrong place.
        const answer = signed(home, use, bound[use])
        return use === 'add passkey' ? { ...answer, ...home.passkey.get({ challenge: challengeOf(answer) }) } : answer
      }
      const before = standing(door)
      for (const [other, call, body] of [
        ['sign in', 'passkey', { signIn }],
        ['add passkey', 'passkey/add', { name: 'Key ring' }],
        ['step up', 'step-up', {}],
        ['confirm', 'confirm', { matter: TRANSFER }],
      ] as const) {
        if (other === use) continue
        const said = saidBy(await browser.send(call, { ...body, credential: made() }))
        assert.equal(said, other === 'add passkey' ? 'ERR_PERSON_REQUEST' : WRONG, other)
      }
      assert.deepEqual(standing(door), before)
    })
})

/** The challenge of an answer. @see WebAuthn 3 §5.8.1 */
function challengeOf(answer: object): string {
  const { response } = answer as { readonly response: { readonly clientDataJSON: string } }
  const text = Buffer.from(response.clientDataJSON, 'base64url').toString('utf8')
  return (JSON.parse(text) as { readonly challenge: string }).challenge
}

suite('what waits for a yes', () => {
  /** Whether a yes is heard; a no is for all of them. */
  const YES: Readonly<Record<(typeof WAITING_KINDS)[number], Said>> = {
    device: 'ok',
    code: STEP,
    matter: STEP,
    recovery: STEP,
    invitation: STEP,
  }

  async function waiting(home: CarolsHome, kind: (typeof WAITING_KINDS)[number]): Promise<string> {
    const { browser, carol, door, phone } = home
    if (kind === 'matter') await browser.ask('confirm/send', { matter: TRANSFER })
    if (kind === 'code') await browser.ask('code/send', { signIn: (await passwordOfNow(home)).signIn })
    if (kind === 'invitation') await door.login.accounts.invite({ account: 'carol', ttlSeconds: 3600, isAgain: true })
    if (kind === 'device' || kind === 'recovery') {
      const { other, id } = await atNewDevice(home)
      if (kind === 'recovery') await other.ask('recover', { signIn: id, code: carol.recovery[0]! })
    }
    const found = (await phone.ask('account', {})).waiting.filter((one) => one.kind === kind)
    assert.equal(found.length, 1)
    return found[0]!.waiting
  }

  for (const kind of WAITING_KINDS)
    for (const yes of [true, false])
      test(`${kind}: a ${yes ? 'yes' : 'no'} is ${yes && YES[kind] !== 'ok' ? 'refused' : 'heard once, and then nothing'}`, async (t) => {
        const home = await carolsHome(t)
        const { phone, door } = home
        const id = await waiting(home, kind)
        const expected = yes ? YES[kind] : 'ok'
        const before = standing(door)
        assert.equal(saidBy(await phone.send('waiting/answer', { waiting: id, yes })), expected)
        if (expected !== 'ok') return assert.deepEqual(standing(door), before)
        const after = standing(door)
        assert.notDeepEqual(after, before)
        for (const again of [yes, !yes])
          assert.equal(saidBy(await phone.send('waiting/answer', { waiting: id, yes: again })), STEP)
        assert.deepEqual(standing(door), after)
      })
})
