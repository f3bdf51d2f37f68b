// Codes by SMS, by a real gateway over mutual TLS: each once, for one thing, for five minutes, on a device that is known; and
// what the gateway does wrong locks nobody out.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { MAX_SEGMENTS } from '../src/sms/code.ts'
import { SMS_LIMITS } from '../src/sms/limit.ts'
import { segmentsOf } from '../src/sms/segments.ts'
import { until } from './support/bank.ts'
import { refusedBy } from './support/browser.ts'
import { codeOf, setUp, signIn as signInAs } from './support/customer.ts'
import {
  atNewDevice,
  claimsOf,
  growOld,
  load,
  NUMBER,
  noticesOf,
  passwordOfNow,
  type SignedIn,
  signedIn,
  stepUp,
  TRANSFER,
  withNumber,
} from './support/within.ts'

const WRONG = 'ERR_PERSON_CREDENTIALS'
const codeOfRefusal = async (asked: Promise<unknown>) => (await refusedBy(asked)).code

/** Carol, with a number. */
async function carolWithNumber(t: TestContext) {
  const home = await signedIn(t)
  await withNumber(home)
  return { ...home, gateway: home.door.gateway! }
}

/** A sign-in on her device, up to the code. */
const atCode = async (home: SignedIn) => (await passwordOfNow(home)).signIn

suite('codes by SMS', () => {
  test('are unknown where the operator has no gateway, and the account says nothing of them', async (t) => {
    const { browser, door } = await signedIn(t, 'none')
    const headers = { host: 'bank.example:8444', origin: 'https://bank.example:8444' }
    const { statusCode: unknown } = await door.app.inject({ method: 'POST', url: '/login/api/no-such-call', headers })
    assert.equal(unknown, 404)
    for (const name of ['sms/add', 'sms/confirm', 'sms/remove', 'code/sms', 'confirm/sms'] as const)
      assert.equal((await browser.send(name, { number: NUMBER, code: '123456' })).statusCode, unknown, name)
    assert.equal('sms' in (await browser.ask('account', {})), false)
  })

  test('come to a number once a first one has; its owner is told, and the store has neither', async (t) => {
    const home = await signedIn(t)
    const { browser, door } = home
    assert.deepEqual((await browser.ask('account', {})).sms, {})
    assert.equal(await codeOfRefusal(browser.ask('confirm/sms', { matter: TRANSFER })), 'ERR_PERSON_REQUEST')
    await browser.ask('sms/add', { number: NUMBER })
    const [{ to, text } = assert.fail()] = door.gateway!.taken
    assert.equal(to, NUMBER)
    assert.match(
      text,
      /^bank\.example: codes for your account are to come to this number\.\nIf you want exactly this: \d{6}\. /,
    )
    assert.equal(await codeOfRefusal(browser.ask('sms/confirm', { code: '000000' })), WRONG)
    assert.deepEqual((await browser.ask('account', {})).sms, {})
    const code = door.gateway!.code()
    await browser.ask('sms/confirm', { code })
    assert.equal(await codeOfRefusal(browser.ask('sms/confirm', { code })), WRONG)
    assert.equal((await browser.ask('account', {})).sms?.number, '…56')
    assert.ok(noticesOf(door).includes('number added'))
    assert.ok(door.store.entries.some(({ act }) => act === 'number added'))
    const rows = ['login_sms', 'login_sms_code', 'login_failure'].flatMap((table) =>
      door.store.database.prepare(`SELECT * FROM ${table}`).all(),
    )
    assert.ok(rows.length > 1)
    for (const one of rows.flatMap((row) => Object.values(row)))
      for (const secret of [NUMBER.slice(1), code])
        assert.ok(!Buffer.from(one instanceof Uint8Array ? one : String(one)).includes(secret))
    await browser.ask('sms/remove', {})
    assert.deepEqual((await browser.ask('account', {})).sms, {})
    assert.equal(await codeOfRefusal(browser.ask('confirm/sms', { matter: TRANSFER })), 'ERR_PERSON_REQUEST')
  })

  test('sign in at a known device, once; the record says that it is restricted, and it proves nothing that is sensitive', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, door, gateway } = home
    const signIn = await atCode(home)
    assert.deepEqual(await browser.ask('code/sms', { signIn }), { number: '…56' })
    const code = gateway.code()
    assert.match(
      gateway.taken.at(-1)!.text,
      /somebody signs in at bank\.example on a device that you have used before, from the address 192\.0\.2\.1\./,
    )
    const other = await atCode(home)
    assert.equal(await codeOfRefusal(browser.ask('code', { signIn: other, code })), WRONG)
    assert.deepEqual(await browser.ask('code', { signIn, code }), { next: 'done', ...{} })
    assert.equal((await load(door, browser)).kind, 'person')
    const again = await atCode(home)
    assert.equal(await codeOfRefusal(browser.ask('code', { signIn: again, code })), WRONG)
    const { proofs } = await claimsOf(door, browser)
    assert.deepEqual(
      proofs.map(({ kind, binding }) => [kind, binding]),
      [
        ['password', 'device'],
        ['sms', 'none'],
      ],
    )
    assert.match(JSON.stringify(door.records), /"kind":"sms","binding":"none"/)
    for (const ask of [
      () => browser.ask('sms/add', { number: NUMBER }),
      () => browser.ask('sms/remove', {}),
      () => browser.ask('recovery/new', {}),
    ])
      assert.equal(await codeOfRefusal(ask()), 'ERR_PERSON_FRESH')
  })

  test('let in no device that is not known, confirmed or not, and are no fresh proof and no recovery', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, gateway } = home
    const { other, id } = await atNewDevice(home)
    const before = gateway.taken.length
    assert.equal(await codeOfRefusal(other.ask('code/sms', { signIn: id })), 'ERR_PERSON_STEP')
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting.find(({ kind }) => kind === 'device')!.waiting, yes: true })
    assert.equal((await other.ask('wait', { signIn: id })).next, 'code')
    assert.equal(await codeOfRefusal(other.ask('code/sms', { signIn: id })), 'ERR_PERSON_STEP')
    assert.equal(gateway.taken.length, before)
    // A code that went to a known device is none for another, nor a step up, nor a recovery.
    const own = await atCode(home)
    await browser.ask('code/sms', { signIn: own })
    const code = gateway.code()
    assert.equal(await codeOfRefusal(other.ask('code', { signIn: id, code })), WRONG)
    assert.equal(await codeOfRefusal(browser.ask('step-up', { code })), WRONG)
    const stranger = await atNewDevice(home)
    assert.equal(await codeOfRefusal(stranger.other.ask('recover', { signIn: stranger.id, code })), WRONG)
  })

  test('confirm the very words of the message, for one matter of one session, or are not sent', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, door, gateway } = home
    await browser.ask('confirm/sms', { matter: TRANSFER })
    const code = gateway.code()
    assert.match(
      gateway.taken.at(-1)!.text,
      /^bank\.example: to confirm "Transfer"\n- To: "Dave Doe, DE89 3704 0044 0532 0130 00"\n- Amount: "120\.00 EUR"\nIf you want exactly this: /,
    )
    const more = { ...TRANSFER, lines: [['Amount', '1,200.00 EUR'] as [string, string]] }
    assert.equal(await codeOfRefusal(browser.ask('confirm', { matter: more, code })), WRONG)
    await browser.ask('confirm', { matter: TRANSFER, code })
    assert.equal(await codeOfRefusal(browser.ask('confirm', { matter: TRANSFER, code })), WRONG)
    assert.deepEqual(
      (await claimsOf(door, browser)).confirmed.map(({ by }) => by),
      ['sms'],
    )
  })

  test('are of four messages of a telephone at most, in whichever alphabet', async (t) => {
    const { browser, gateway } = await carolWithNumber(t)
    const matterOf = (letter: string, octets: number) => ({
      ...TRANSFER,
      lines: [1, 2, 3].map((): [string, string] => ['To', letter.repeat(octets)]),
    })
    for (const [letter, most] of [
      ['x', 161],
      ['ж', 46],
    ] as const) {
      await browser.ask('confirm/sms', { matter: matterOf(letter, most) })
      assert.equal(segmentsOf(gateway.taken.at(-1)!.text), MAX_SEGMENTS)
      const count = gateway.taken.length
      assert.equal(
        await codeOfRefusal(browser.ask('confirm/sms', { matter: matterOf(letter, most + 1) })),
        'ERR_PERSON_REQUEST',
      )
      assert.equal(gateway.taken.length, count)
    }
  })

  test('are over after five minutes, or when another has gone', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, door, gateway } = home
    await browser.ask('confirm/sms', { matter: TRANSFER })
    const first = gateway.code()
    await browser.ask('confirm/sms', { matter: TRANSFER })
    const second = gateway.code()
    if (first !== second)
      assert.equal(await codeOfRefusal(browser.ask('confirm', { matter: TRANSFER, code: first })), WRONG)
    door.time.pass({ minutes: 5 })
    await browser.ask('renew', {})
    assert.equal(await codeOfRefusal(browser.ask('confirm', { matter: TRANSFER, code: second })), WRONG)
  })

  test('go five times in an hour and ten in a day, for an account and to a number, raced too; apps and passkeys go on', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, door, carol, gateway } = home
    const asked = await Promise.all(Array.from({ length: 8 }, () => browser.send('confirm/sms', { matter: TRANSFER })))
    const full = asked.filter(({ statusCode }) => statusCode !== 200)
    assert.equal(gateway.taken.length, SMS_LIMITS.hour)
    assert.equal(full.length, 8 - (SMS_LIMITS.hour - 1))
    for (const answer of full) {
      assert.deepEqual([answer.statusCode, answer.json().code], [429, 'ERR_PERSON_SMS_LIMIT'])
      assert.ok(Number(answer.headers['retry-after']) > 0)
    }
    // Of somebody else, to the same telephone.
    const dave = await setUp(door, 'dave')
    await signInAs(door, dave)
    assert.equal(await codeOfRefusal(dave.browser.ask('sms/add', { number: NUMBER })), 'ERR_PERSON_SMS_LIMIT')
    await dave.browser.ask('sms/add', { number: '+491520123457' })
    await browser.ask('confirm', { matter: TRANSFER, code: codeOf(carol.totpSecret, door.time.now()) })
    for (let hour = 0; hour < 2; hour++) {
      for (let minutes = 0; minutes < 60; minutes += 30) {
        door.time.pass({ minutes: 30 })
        await browser.ask('renew', {})
      }
      if (hour === 0) for (let i = 0; i < 5; i++) await browser.ask('confirm/sms', { matter: TRANSFER })
    }
    assert.equal(await codeOfRefusal(browser.ask('confirm/sms', { matter: TRANSFER })), 'ERR_PERSON_SMS_LIMIT')
    assert.equal(gateway.taken.filter(({ to }) => to === NUMBER).length, SMS_LIMITS.day)
  })
})

suite('a gateway for SMS', () => {
  type Gateway = NonNullable<SignedIn['door']['gateway']>
  const answering = (answers: Gateway['answers']) => async (gateway: Gateway) => {
    gateway.answers = answers
  }
  /** What nobody can have got counts against nobody; of all else it is not known. */
  const faults: Readonly<
    Record<
      string,
      readonly [(gateway: Gateway) => Promise<void>, RegExp, counts: 'counts' | 'is as if it had not been']
    >
  > = {
    'says that it cannot': [
      answering((response) => void response.writeHead(503).end()),
      /answered 503/,
      'is as if it had not been',
    ],
    'says that it will not': [
      answering((response) => void response.writeHead(422).end()),
      /answered 422/,
      'is as if it had not been',
    ],
    'sends elsewhere': [
      answering((response) => void response.writeHead(307, { location: 'https://elsewhere.example/' }).end()),
      /answered 307/,
      'is as if it had not been',
    ],
    'is away': [(gateway) => gateway.stop(), /ECONNREFUSED|refused/, 'is as if it had not been'],
    'has a fault of its own': [answering((response) => void response.writeHead(500).end()), /answered 500/, 'counts'],
    'does not hear of its own': [answering((response) => void response.writeHead(504).end()), /answered 504/, 'counts'],
    'hangs up': [answering((response) => void response.destroy()), /closed|reset/, 'counts'],
    hangs: [answering(() => undefined), /does not answer/, 'counts'],
  }
  for (const [what, [happens, cause, counts]] of Object.entries(faults))
    test(`that ${what}: both sides are told, no code is good, nobody is locked out, and it ${counts}`, async (t) => {
      const home = await carolWithNumber(t)
      const { browser, door, carol, gateway } = home
      await happens(gateway)
      const signIn = await atCode(home)
      const tries = SMS_LIMITS.hour + 1
      const asked = async () => browser.send('code/sms', { signIn })
      const answers: Awaited<ReturnType<typeof asked>>[] = []
      // Of those that hang, each takes its seconds: at once. Of those that are given back, each has to be before the next.
      if (counts === 'counts') answers.push(...(await Promise.all(Array.from({ length: tries }, asked))))
      else for (let i = 0; i < tries; i++) answers.push(await asked())
      const codes = answers.map((answer) => `${answer.statusCode} ${answer.json().code}`).sort()
      // One went when the number was enrolled.
      const unsent = counts === 'counts' ? SMS_LIMITS.hour - 1 : tries
      const told = Array.from({ length: tries }, (_, i) =>
        i < tries - unsent ? '429 ERR_PERSON_SMS_LIMIT' : '503 ERR_PERSON_SMS_UNSENT',
      )
      assert.deepEqual(codes, told)
      const { fields } = door.logged.find(({ event }) => event === 'sms.failed') ?? assert.fail('it is logged')
      assert.match(String(fields['cause']), cause)
      assert.doesNotMatch(JSON.stringify(door.logged), new RegExp(NUMBER.slice(1)))
      // It may have gone out all the same: it is worth nothing.
      if (gateway.taken.length > 1)
        assert.equal(await codeOfRefusal(browser.ask('code', { signIn, code: gateway.code() })), WRONG)
      // What came too late is no way around the limits.
      gateway.answers = (response) => void response.writeHead(202).end()
      const next = await browser.send('code/sms', { signIn })
      if (counts === 'counts') assert.equal(next.json().code, 'ERR_PERSON_SMS_LIMIT')
      else assert.equal(next.statusCode, what === 'is away' ? 503 : 200)
      assert.deepEqual(await browser.ask('code', { signIn, code: codeOf(carol.totpSecret, door.time.now()) }), {
        next: 'done',
      })
    })

  test('that hangs while the door closes keeps it from nothing: what was asked is refused first, and no code of it is left', async (t) => {
    const home = await carolWithNumber(t)
    const { browser, door, gateway } = home
    gateway.answers = () => undefined
    const signIn = await atCode(home)
    // A store that takes its time: its house closes it after login.
    const commits = { open: 0 }
    const { commit } = door.store
    door.store.commit = async (work) => {
      commits.open++
      await new Promise((resolve) => setImmediate(resolve))
      return commit(work).finally(() => commits.open--)
    }
    const asked = browser.send('code/sms', { signIn })
    await until(() => gateway.taken.length === 2)
    await door.login.close()
    assert.equal(commits.open, 0)
    assert.deepEqual(door.store.database.prepare('SELECT * FROM login_sms_code').all(), [])
    const { fields } = door.logged.find(({ event }) => event === 'sms.failed') ?? assert.fail('it is logged')
    // Not after the seconds that a gateway has.
    assert.doesNotMatch(String(fields['cause']), /does not answer/)
    assert.equal((await asked).json().code, 'ERR_PERSON_SMS_UNSENT')
  })

  for (const who of ['unknown gateway', 'unknown door'] as const)
    test(`gets nothing where one of the two does not believe the other: ${who}`, async (t) => {
      const home = await signedIn(t, who)
      assert.equal(await codeOfRefusal(home.browser.ask('sms/add', { number: NUMBER })), 'ERR_PERSON_SMS_UNSENT')
      assert.deepEqual(home.door.gateway?.taken, [])
    })

  test('is asked by nobody who has not proved themselves just now, or names no number', async (t) => {
    const home = await signedIn(t)
    for (const number of [
      '',
      '0151',
      '+0151234567',
      '+49 1520',
      '+49152012345678901',
      'tel:+491520123456',
      `${NUMBER}\n`,
    ])
      assert.equal(await codeOfRefusal(home.browser.ask('sms/add', { number })), 'ERR_PERSON_REQUEST', number)
    await growOld(home)
    assert.equal(await codeOfRefusal(home.browser.ask('sms/add', { number: NUMBER })), 'ERR_PERSON_FRESH')
    assert.deepEqual(home.door.gateway?.taken, [])
    home.door.time.pass({ seconds: 30 })
    await stepUp(home)
    await home.browser.ask('sms/add', { number: NUMBER })
  })
})
