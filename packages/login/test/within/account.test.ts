// The session and the account: renewed, shown more, signed out of, and another password.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { client, ready } from '@serenity-kit/opaque'
import { newBrowser, refusedBy } from '../support/browser.ts'
import {
  codeOf,
  NO_FINISH,
  pictureOf,
  provePassword,
  register,
  sealToDevice,
  sealToPassword,
  signIn,
} from '../support/customer.ts'
import {
  atNewDevice,
  type Credential,
  claimsOf,
  growOld,
  load,
  noticesOf,
  passwordOfNow,
  type SignedIn,
  signedIn,
  stepUp,
  withPasskey,
} from '../support/within.ts'

async function changePassword(at: SignedIn, password: string): Promise<void> {
  const { browser, carol } = at
  const { signIn: id } = await passwordOfNow(at)
  const { record, exportKey } = await register(password, carol.account, (request) =>
    browser.ask('password/change', { signIn: id, request }),
  )
  const ofPassword = await sealToPassword(pictureOf('the horse is blue'), exportKey)
  await browser.ask('password/changed', { signIn: id, record, ofPassword })
}

suite('the session', () => {
  test('is renewed by a proof, for five minutes', async (t) => {
    const { door, browser } = await signedIn(t)
    const before = browser.cookie
    const { until } = await browser.ask('renew', {})
    assert.equal(until, door.time.now().add({ minutes: 5 }).toString())
    assert.notEqual(browser.cookie, before)
  })

  test('is nobody’s without the cookie, or by another device’s proof', async (t) => {
    const { door, browser } = await signedIn(t)
    const other = await newBrowser(door)
    for (const call of [
      'renew',
      'sign-out',
      'account',
      'step-up/options',
      'passkey/add/options',
      'recovery/new',
    ] as const)
      assert.equal((await refusedBy(other.ask(call, {}))).code, 'ERR_PERSON_NOT_SIGNED_IN', call)
    const nonce = (await other.ask('nonce', {})).nonce
    const proof = await other.device.prove('account', nonce)
    const stolen = await door.app.inject({
      method: 'POST',
      url: '/login/api/account',
      payload: '{}',
      headers: {
        host: 'bank.example:8444',
        origin: 'https://bank.example:8444',
        'content-type': 'application/json',
        cookie: browser.cookie,
        dpop: proof,
      },
    })
    assert.equal(stolen.json<{ code: string }>().code, 'ERR_PERSON_PROOF')
  })

  test('is signed out of, for every process and for the browser', async (t) => {
    const { door, browser } = await signedIn(t)
    const { cookie } = browser
    const answer = await browser.send('sign-out', {})
    assert.match(String(answer.headers['set-cookie']), /^__Host-countersign=; .*Max-Age=0/)
    assert.equal(answer.headers['clear-site-data'], '"cache"')
    const found = await load(door, { ...browser, cookie })
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_SIGNED_OUT'])
    assert.equal(door.index.size, 0)
    assert.equal((await refusedBy(browser.ask('account', {}))).code, 'ERR_PERSON_NOT_SIGNED_IN')
  })

  test('shows more: what a rule asks for, it may have then, for as long as the rule says', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const passkey = await withPasskey(browser)
    const mayTransfer = async () => {
      const found = await load(door, browser)
      assert.equal(found.kind, 'person')
      return found.kind === 'person' && found.session.ask('service:transfers', () => undefined).decision.ok
    }
    assert.equal(await mayTransfer(), false)
    await browser.ask('step-up', { credential: passkey.get(await browser.ask('step-up/options', {})) as Credential })
    assert.equal(await mayTransfer(), true)
    assert.deepEqual(
      (await claimsOf(door, browser)).proofs.map(({ kind }) => kind),
      ['password', 'totp', 'passkey'],
    )
    for (let i = 0; i < 3; i++) await growOld(at)
    assert.equal(await mayTransfer(), false)
  })

  test('has another secret in its cookie once more was shown; the one before is soon worth nothing', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const before = browser.cookie
    await stepUp(at)
    assert.notEqual(browser.cookie, before)
    assert.equal((await load(door, browser)).kind, 'person')
    door.time.pass({ seconds: 30 })
    const found = await load(door, { cookie: before } as typeof browser)
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_COOKIE'])
  })

  test('is not shown more by a code that is wrong, or was used', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const code = codeOf(carol.totpSecret, door.time.now())
    await browser.ask('step-up', { code })
    for (const wrong of [code, '000000', '12345678'])
      assert.equal((await refusedBy(browser.ask('step-up', { code: wrong }))).code, 'ERR_PERSON_CREDENTIALS')
  })
})

suite('another password', () => {
  test('opens the account from now on; the one before, and every other session, is over', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
    // Somebody who got anywhere by the password of before.
    const thief = await atNewDevice(at, { name: 'A thief’s' })
    const recovering = await atNewDevice(at, { name: 'Another thief’s' })
    await recovering.other.ask('recover', { signIn: recovering.id, code: carol.recovery[0]! })

    await changePassword(at, 'a green horse')
    assert.equal((await load(door, browser)).kind, 'person')
    const found = await load(door, other)
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_PASSWORD_CHANGED'])
    assert.equal((await refusedBy(thief.other.ask('wait', { signIn: thief.id }))).code, 'ERR_PERSON_STEP')
    door.time.pass({ hours: 24 })
    const late = await refusedBy(recovering.other.ask('wait', { signIn: recovering.id }))
    assert.equal(late.code, 'ERR_PERSON_STEP')

    const { signIn: again } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(await provePassword(browser, again, carol), undefined)
    await signIn(door, { ...carol, password: 'a green horse' })
    assert.ok(noticesOf(door).includes('password changed'))
    assert.ok(door.store.entries.some(({ act }) => act === 'password changed'))
  })

  test('asks for a fresh proof, and takes no record that is none', async (t) => {
    const at = await signedIn(t)
    const { browser } = at
    const plain = pictureOf('the horse is blue')
    const key = Buffer.alloc(64).toString('base64url')
    const ofPassword = await sealToPassword(plain, key)
    const { signIn: id } = await passwordOfNow(at)
    const { record } = await register('x', 'carol', (request) =>
      browser.ask('password/change', { signIn: id, request }),
    )
    for (const [what, body] of [
      ['a record of another length', { record: record.slice(4), ofPassword }],
      ['no record', { record: Buffer.alloc(192).toString('base64url'), ofPassword }],
      ['a copy of another length', { record, ofPassword: await sealToPassword(plain.subarray(1), key) }],
      ['a copy for a device', { record, ofPassword: await sealToDevice(plain, 'carol', browser.device) }],
    ] as const)
      assert.equal(
        (await refusedBy(browser.ask('password/changed', { signIn: id, ...body }))).code,
        'ERR_PERSON_REQUEST',
        what,
      )
    const noMessage = await refusedBy(browser.ask('password/change', { signIn: id, request: 'AAAA' }))
    assert.equal(noMessage.code, 'ERR_PERSON_REQUEST')
    await growOld(at)
    const stale = await refusedBy(browser.ask('password/changed', { signIn: id, record, ofPassword }))
    assert.equal(stale.code, 'ERR_PERSON_FRESH')
    const request = Buffer.alloc(32).toString('base64url')
    assert.equal((await refusedBy(browser.ask('password/change', { signIn: id, request }))).code, 'ERR_PERSON_FRESH')
    await stepUp(at)
    await changePassword(at, 'a green horse')
  })

  test('asks for the password of now, proved by this device, for this account, within five minutes, once', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const request = (await clientRequest()).request
    const change = async (signIn: string) => (await refusedBy(browser.ask('password/change', { signIn, request }))).code

    const { signIn: begun } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(await change(begun), 'ERR_PERSON_STEP', 'only begun')
    assert.equal(await provePassword(browser, begun, { ...carol, password: 'a red horse' }), undefined)
    assert.equal(await change(begun), 'ERR_PERSON_STEP', 'KE2, and no KE3')
    const wrong = await refusedBy(browser.ask('finish', { signIn: begun, finish: NO_FINISH }))
    assert.equal(wrong.code, 'ERR_PERSON_CREDENTIALS')
    assert.ok(door.records.some(({ reference }) => reference === wrong.reference))
    assert.equal(await change(begun), 'ERR_PERSON_STEP', 'a password that is wrong')

    const stranger = await atNewDevice(at)
    assert.equal(await change(stranger.id), 'ERR_PERSON_STEP', 'proved on another device')
    const { signIn: id } = await passwordOfNow(at)
    door.time.pass({ minutes: 5 })
    await browser.ask('renew', {})
    await stepUp(at)
    assert.equal(await change(id), 'ERR_PERSON_STEP', 'five minutes ago')

    const { signIn: good } = await passwordOfNow(at)
    const { record, exportKey } = await register('a green horse', 'carol', (asked) =>
      browser.ask('password/change', { signIn: good, request: asked }),
    )
    const changed = { signIn: good, record, ofPassword: await sealToPassword(pictureOf('x'), exportKey) }
    await browser.ask('password/changed', changed)
    assert.equal((await refusedBy(browser.ask('password/changed', changed))).code, 'ERR_PERSON_STEP', 'a second time')
  })

  test('a wrong one is a guess: after ten in an hour the account rests, also for the right one', async (t) => {
    const at = await signedIn(t)
    const { browser, carol } = at
    for (let i = 0; i < 10; i++) {
      const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
      assert.equal(await provePassword(browser, id, { ...carol, password: `a horse ${i}` }), undefined)
    }
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal((await refusedBy(provePassword(browser, id, carol))).code, 'ERR_PERSON_RESTING')
  })
})

/** A first message of a registration. */
async function clientRequest(): Promise<{ readonly request: string }> {
  await ready
  return { request: client.startRegistration({ password: 'a green horse' }).registrationRequest }
}

test('a door without files, or whose secret is gone, does not let people sign in', async (t) => {
  const { createLogin } = await import('../../src/login.ts')
  const { door } = await signedIn(t)
  const { files: _, ...house } = door.ground
  await assert.rejects(createLogin({ host: 'bank.example' }, house), TypeError)
  const { testFiles } = await import('../support/secret.ts')
  const other = { ...house, files: testFiles(t) }
  await assert.rejects(createLogin({ host: 'bank.example' }, other), { code: 'ERR_LOGIN_SECRET' })
})
