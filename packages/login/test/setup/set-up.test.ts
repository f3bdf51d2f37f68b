// From an invitation to an open account, and everything that is refused on the way.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { stepSetUp } from '../../src/setup/core.ts'
import { invite } from '../../src/setup/invitations.ts'
import { type Browser, newBrowser, refusedBy, type TestDoor, testDoor } from '../support/browser.ts'
import {
  codeOf,
  invited,
  pictureOf,
  register,
  sealToDevice,
  sealToPassword,
  setUp,
  signIn,
} from '../support/customer.ts'
import { newDevice } from '../support/device.ts'

const PLAIN = pictureOf('the horse is blue')

/** A browser that has begun, and what it would send next. */
async function begun(door: TestDoor, token?: string) {
  const browser = await newBrowser(door)
  const invitation = token ?? (await invited(door, 'carol'))
  const { setUp: id } = await browser.ask('set-up/begin', { invitation, device: browser.device.keys })
  const chosen = async (password = 'a blue horse') => {
    const { record, exportKey } = await register(password, 'carol', (request) =>
      browser.ask('set-up/password', { setUp: id, request }),
    )
    const ofPassword = await sealToPassword(PLAIN, exportKey)
    const ofDevice = await sealToDevice(PLAIN, 'carol', browser.device)
    return { setUp: id, name: 'Carol', record, ofPassword, ofDevice }
  }
  return { browser, invitation, id, chosen }
}

/** What there is of accounts. */
async function counts({ store }: TestDoor) {
  const of = async (table: 'login_account' | 'login_device' | 'login_recovery_code' | 'login_notice') =>
    (await store.db.selectFrom(table).selectAll().execute()).length
  return [
    await of('login_account'),
    await of('login_device'),
    await of('login_recovery_code'),
    await of('login_notice'),
  ]
}

const refused = async (asked: Promise<unknown>, code: string) => assert.equal((await refusedBy(asked)).code, code)

suite('set-up', () => {
  test('opens an account: its device is known, the ledger says so, and the customer is told', async (t) => {
    const door = await testDoor(t)
    const { browser, recovery } = await setUp(door, 'carol', { email: 'carol@mail.example' })
    assert.deepEqual(await counts(door), [1, 1, 10, 1])
    assert.deepEqual(
      door.store.entries.map(({ act, account, door: at, evidence }) => [act, account, at, evidence]),
      [
        ['invited', 'carol', 'bank', 'until 2026-11-28T12:00:00Z'],
        ['opened', 'carol', 'bank', `device ${browser.device.id}`],
      ],
    )
    const account = await door.store.db.selectFrom('login_account').selectAll().executeTakeFirstOrThrow()
    assert.deepEqual([account.account, account.name, account.email], ['carol', 'Carol', 'carol@mail.example'])
    assert.equal(new Set(recovery).size, 10)
    // 120 bits in Crockford's alphabet, in groups for the eye.
    for (const code of recovery) assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
    assert.equal((await door.store.db.selectFrom('login_set_up').selectAll().execute()).length, 0)
  })

  test('tells an app its secret as RFC 6238 and apps have it', async (t) => {
    const door = await testDoor(t)
    const { browser, chosen } = await begun(door)
    const { totp } = await browser.ask('set-up/record', await chosen())
    const url = new URL(totp.uri)
    assert.equal(`${url.protocol}//${url.host}`, 'otpauth://totp')
    assert.equal(decodeURIComponent(url.pathname), '/bank.example:carol')
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      issuer: 'bank.example',
      secret: totp.secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    })
    assert.equal(Secret.fromBase32(totp.secret).bytes.length, 20)
    const rows = totp.qr.split('\n')
    assert.ok(rows.length >= 21 && rows.every((row) => row.length === rows.length && /^[01]+$/.test(row)))
  })

  test('is begun anew, at this device or another, and the one before is over', async (t) => {
    const door = await testDoor(t)
    const first = await begun(door)
    const second = await begun(door, first.invitation)
    await refused(first.chosen(), 'ERR_PERSON_STEP')
    // Back to another password, after codes were shown already.
    await second.browser.ask('set-up/record', await second.chosen())
    const { totp } = await second.browser.ask('set-up/record', await second.chosen('a green horse'))
    await second.browser.ask('set-up/code', { setUp: second.id, code: codeOf(totp.secret, door.time.now()) })
    await second.browser.ask('set-up/done', { setUp: second.id })
    door.time.pass({ seconds: 30 })
    const customer = { account: 'carol', password: 'a green horse', totpSecret: totp.secret, recovery: [] }
    await signIn(door, { ...customer, browser: second.browser })
  })

  test('left at any step leaves nothing that is open', async (t) => {
    const door = await testDoor(t)
    const { browser, id, chosen } = await begun(door)
    const nothing = async () => assert.deepEqual(await counts(door), [0, 0, 0, 0])
    await nothing()
    const told = await chosen()
    await nothing()
    const { totp } = await browser.ask('set-up/record', told)
    await nothing()
    await browser.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, door.time.now()) })
    await nothing()
    door.time.pass({ minutes: 61 })
    await refused(browser.ask('set-up/done', { setUp: id }), 'ERR_PERSON_STEP')
    await nothing()
  })

  test('goes on at another process', async (t) => {
    const one = await testDoor(t)
    const other = await testDoor(t, one)
    const { browser, id, chosen } = await begun(one)
    browser.at(other)
    const told = await chosen()
    browser.at(one)
    const { totp } = await browser.ask('set-up/record', told)
    browser.at(other)
    await browser.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, one.time.now()) })
    browser.at(one)
    await browser.ask('set-up/done', { setUp: id })
    assert.deepEqual((await counts(one)).slice(0, 2), [1, 1])
  })

  test('that cannot be kept opens nothing, and goes on when there is room', async (t) => {
    const door = await testDoor(t)
    const { browser, id, chosen } = await begun(door)
    const { totp } = await browser.ask('set-up/record', await chosen())
    await browser.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, door.time.now()) })
    // The proof of the call is spent in a commit of its own: the one after it is the act.
    door.store.failsAfter = 1
    assert.equal((await browser.send('set-up/done', { setUp: id })).statusCode, 500)
    assert.deepEqual(await counts(door), [0, 0, 0, 0])
    assert.deepEqual(
      door.store.entries.map(({ act }) => act),
      ['invited'],
    )
    await browser.ask('set-up/done', { setUp: id })
    assert.deepEqual((await counts(door)).slice(0, 3), [1, 1, 10])
  })
})

suite('an invitation', () => {
  const ask = (browser: Browser, invitation: string) =>
    browser.ask('set-up/begin', { invitation, device: browser.device.keys })

  test('unknown, expired, of another door, or spent: refused alike', async (t) => {
    const door = await testDoor(t)
    const browser = await newBrowser(door)
    await refused(ask(browser, 'A'.repeat(43)), 'ERR_PERSON_INVITATION')
    const old = await invited(door, 'carol')
    door.time.pass({ hours: 24 })
    await refused(ask(browser, old), 'ERR_PERSON_INVITATION')
    const elsewhere = await invite(
      { ...door.ground, door: 'shop' },
      { account: 'erin', expiresAt: door.time.now().add({ hours: 1 }) },
    )
    assert.ok(elsewhere.ok)
    await refused(ask(browser, elsewhere.token), 'ERR_PERSON_INVITATION')

    const { browser: own, id, chosen, invitation } = await begun(door)
    const second = await invited(door, 'carol')
    const { totp } = await own.ask('set-up/record', await chosen())
    await own.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, door.time.now()) })
    await own.ask('set-up/done', { setUp: id })
    await refused(ask(browser, invitation), 'ERR_PERSON_INVITATION')
    // There is an account now, whichever invitation it came by.
    await refused(ask(browser, second), 'ERR_PERSON_INVITATION')
    const third = { account: 'carol', expiresAt: door.time.now().add({ hours: 1 }) }
    assert.deepEqual(await invite(door.ground, third), { ok: false, reason: 'has an account' })
  })

  test('is worth one account, also where two set-ups end together', async (t) => {
    const door = await testDoor(t)
    const { browser, id, chosen } = await begun(door)
    const { totp } = await browser.ask('set-up/record', await chosen())
    await browser.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, door.time.now()) })
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.send('set-up/done', { setUp: id })))
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(7).fill(409)])
    assert.deepEqual((await counts(door)).slice(0, 2), [1, 1])
  })

  test('is kept as its hash alone', async (t) => {
    const door = await testDoor(t)
    const token = await invited(door, 'carol')
    const rows = await door.store.db.selectFrom('login_invitation').selectAll().execute()
    const octets = Buffer.from(token, 'base64url')
    for (const { id } of rows) assert.ok(!Buffer.from(id).equals(octets))
    assert.ok(!JSON.stringify(rows).includes(token))
  })
})

suite('a message of a set-up', () => {
  test('has its place: all pairs', () => {
    const ways = []
    for (const step of ['begun', 'registering', 'recorded', 'coded'] as const)
      for (const event of ['password', 'record', 'code', 'done'] as const)
        if (stepSetUp(step, event) !== undefined) ways.push(`${step} ${event} ${stepSetUp(step, event)}`)
    assert.deepEqual(ways, [
      'begun password registering',
      'registering password registering',
      'registering record recorded',
      'recorded password registering',
      'recorded code coded',
      'coded done open',
    ])
  })

  test('of another step, of another device, or of no set-up: refused', async (t) => {
    const door = await testDoor(t)
    const { browser, id, chosen } = await begun(door)
    const stranger = await newBrowser(door)
    const step = (asked: Promise<unknown>) => refused(asked, 'ERR_PERSON_STEP')
    await step(browser.ask('set-up/code', { setUp: id, code: '000000' }))
    await step(browser.ask('set-up/done', { setUp: id }))
    await step(browser.ask('set-up/done', { setUp: 'A'.repeat(32) }))
    await step(stranger.ask('set-up/password', { setUp: id, request: 'A'.repeat(43) }))
    await refused(browser.ask('set-up/password', { setUp: id, request: 'A'.repeat(43) }), 'ERR_PERSON_REQUEST')
    const told = await chosen()
    await browser.ask('set-up/record', told)
    await refused(browser.ask('set-up/record', told), 'ERR_PERSON_STEP')
  })

  test('with a record or a copy that is none: refused, and the set-up goes on', async (t) => {
    const door = await testDoor(t)
    const { browser, chosen } = await begun(door)
    const told = await chosen()
    const record = Buffer.from(told.record, 'base64url')
    const [header = '', , iv = '', ciphertext = '', tag = ''] = told.ofPassword.split('.')
    const jwe = (...parts: readonly string[]) => parts.join('.')
    const headed = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const other = await newDevice()
    for (const wrong of [
      { record: record.subarray(1).toString('base64url') },
      { record: Buffer.concat([Buffer.alloc(32, 255), record.subarray(32)]).toString('base64url') },
      { ofPassword: told.ofDevice },
      { ofDevice: told.ofPassword },
      // Of another length: it would say which picture was chosen.
      { ofPassword: jwe(header, '', iv, ciphertext.slice(4), tag) },
      { ofPassword: jwe(header, '', iv, `${ciphertext}AAAA`, tag) },
      { ofPassword: jwe(header, 'AAAA', iv, ciphertext, tag) },
      { ofPassword: jwe(header, '', iv.slice(1), ciphertext, tag) },
      { ofPassword: jwe(header, '', iv, ciphertext, tag.slice(1)) },
      { ofPassword: jwe(headed({ alg: 'dir', enc: 'A128GCM' }), '', iv, ciphertext, tag) },
      { ofPassword: jwe(headed({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }), '', iv, ciphertext, tag) },
      { ofPassword: jwe(headed({ alg: 'A256KW', enc: 'A256GCM' }), '', iv, ciphertext, tag) },
      { ofPassword: jwe('AAAA', '', iv, ciphertext, tag) },
      // Sealed to another device, or for another account.
      { ofDevice: await sealToDevice(PLAIN, 'carol', other) },
      { ofDevice: await sealToDevice(PLAIN, 'dave', browser.device) },
      { ofDevice: await sealToDevice(PLAIN.subarray(1), 'carol', browser.device) },
    ])
      await refused(browser.ask('set-up/record', { ...told, ...wrong }), 'ERR_PERSON_REQUEST')
    await browser.ask('set-up/record', told)
  })

  test('whose code is wrong or was used: refused, and the set-up goes on', async (t) => {
    const door = await testDoor(t)
    const { browser, id, chosen } = await begun(door)
    const { totp } = await browser.ask('set-up/record', await chosen())
    const now = door.time.now()
    const late = codeOf(totp.secret, now.subtract({ seconds: 60 }))
    for (const code of ['000000', late, '12345678', 'ABCD-EFGH'])
      await refused(browser.ask('set-up/code', { setUp: id, code }), 'ERR_PERSON_CREDENTIALS')
    const code = new TOTP({ secret: Secret.fromBase32(totp.secret) }).generate({ timestamp: now.epochMilliseconds })
    const { recovery } = await browser.ask('set-up/code', { setUp: id, code })
    assert.equal(recovery.length, 10)
    await browser.ask('set-up/done', { setUp: id })
    // It counted: not once more at the first sign-in.
    const customer = { account: 'carol', password: 'a blue horse', totpSecret: totp.secret, recovery, browser }
    assert.equal((await refusedBy(signIn(door, customer))).code, 'ERR_PERSON_CREDENTIALS')
  })

  test('with keys of an account, or that are not those of the proof: refused', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    const invitation = await invited(door, 'dave')
    await refused(browser.ask('set-up/begin', { invitation, device: browser.device.keys }), 'ERR_PERSON_REQUEST')
    const other = await newDevice()
    const own = await newBrowser(door)
    await refused(own.ask('set-up/begin', { invitation, device: other.keys }), 'ERR_PERSON_REQUEST')
    await own.ask('set-up/begin', { invitation, device: own.device.keys })
  })
})
