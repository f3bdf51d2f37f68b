// Another app for codes, and another picture and phrase, within an open session.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf, pictureOf, sealToDevice, sealToPassword, signIn } from '../support/customer.ts'
import { atNewDevice, growOld, noticesOf, passwordOfNow, type SignedIn, signedIn, stepUp } from '../support/within.ts'

const FOX = pictureOf('a fox in the snow')

/** Confirms another device, which then has a copy of its own. */
async function withSecondDevice(at: SignedIn) {
  const { door, carol, browser } = at
  const { other, id } = await atNewDevice(at)
  const { waiting } = await browser.ask('account', {})
  await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
  await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
  await other.ask('device/keep', { ofDevice: await sealToDevice(pictureOf('x'), 'carol', other.device) })
  door.time.pass({ seconds: 30 })
  return other
}

suite('another app for codes', () => {
  test('counts from its first code on, and the one before no more', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { totp, pending } = await browser.ask('totp/new', {})
    assert.match(totp.uri, /^otpauth:/)
    await signIn(door, carol)
    // The session of before ended with that sign-in; what was begun in it is worth nothing in another.
    const code = codeOf(totp.secret, door.time.now())
    assert.equal((await refusedBy(browser.ask('totp/confirm', { pending, code }))).code, 'ERR_PERSON_STEP')
    const again = await browser.ask('totp/new', {})
    const first = { pending: again.pending, code: codeOf(again.totp.secret, door.time.now()) }
    await browser.ask('totp/confirm', first)
    door.time.pass({ seconds: 30 })
    const old = await refusedBy(browser.ask('step-up', { code: codeOf(carol.totpSecret, door.time.now()) }))
    assert.equal(old.code, 'ERR_PERSON_CREDENTIALS')
    await browser.ask('step-up', { code: codeOf(again.totp.secret, door.time.now()) })
    // Once: an app that was replaced does not come back.
    door.time.pass({ seconds: 60 })
    const twice = { pending: again.pending, code: codeOf(again.totp.secret, door.time.now()) }
    assert.equal((await refusedBy(browser.ask('totp/confirm', twice))).code, 'ERR_PERSON_STEP')
    assert.ok(noticesOf(door).includes('app changed'))
    assert.equal(door.store.entries.filter(({ act }) => act === 'app changed').length, 1)
  })

  test('asks for a fresh proof, a code that is right, this session, and a quarter of an hour', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { totp, pending } = await browser.ask('totp/new', {})
    for (const code of ['000000', codeOf(carol.totpSecret, door.time.now())])
      assert.equal((await refusedBy(browser.ask('totp/confirm', { pending, code }))).code, 'ERR_PERSON_CREDENTIALS')
    const code = codeOf(totp.secret, door.time.now())
    const altered = `${pending.slice(0, -2)}${pending.endsWith('AA') ? 'BB' : 'AA'}`
    for (const other of [altered, 'AAAA'])
      assert.equal((await refusedBy(browser.ask('totp/confirm', { pending: other, code }))).code, 'ERR_PERSON_STEP')
    const stranger = await newBrowser(door)
    const nobody = await refusedBy(stranger.ask('totp/confirm', { pending, code }))
    assert.equal(nobody.code, 'ERR_PERSON_NOT_SIGNED_IN')
    for (let i = 0; i < 3; i++) await growOld(at)
    const late = { pending, code: codeOf(totp.secret, door.time.now()) }
    assert.equal((await refusedBy(browser.ask('totp/confirm', late))).code, 'ERR_PERSON_STEP')
    assert.equal((await refusedBy(browser.ask('totp/new', {}))).code, 'ERR_PERSON_FRESH')
    await stepUp(at)
    await browser.ask('totp/new', {})
  })
})

suite('another picture and phrase', () => {
  test('come in both copies; other devices have none until they have signed in again', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const other = await withSecondDevice(at)
    assert.ok((await other.ask('begin', { device: other.device.keys })).ofDevice)
    const { signIn: id, exportKey } = await passwordOfNow(at)
    const ofDevice = await sealToDevice(FOX, 'carol', browser.device)
    const ofPassword = await sealToPassword(FOX, exportKey)
    await browser.ask('picture/change', { signIn: id, ofPassword, ofDevice })
    assert.equal((await browser.ask('begin', { device: browser.device.keys })).ofDevice, ofDevice)
    const { known, ofDevice: none } = await other.ask('begin', { device: other.device.keys })
    assert.deepEqual([known, none], [true, undefined])
    const row = await door.store.db.selectFrom('login_account').select('of_password').executeTakeFirstOrThrow()
    assert.equal(row.of_password, ofPassword)
    assert.ok(noticesOf(door).includes('picture changed'))
    assert.ok(door.store.entries.some(({ act }) => act === 'picture changed'))
  })

  test('ask for a fresh proof, the password of now, and copies that are sealed as they should be', async (t) => {
    const at = await signedIn(t)
    const { browser } = at
    const { signIn: id, exportKey } = await passwordOfNow(at)
    const ofDevice = await sealToDevice(FOX, 'carol', browser.device)
    const ofPassword = await sealToPassword(FOX, exportKey)
    const change = async (body: object) =>
      (await refusedBy(browser.ask('picture/change', { signIn: id, ofPassword, ofDevice, ...body }))).code
    assert.equal(await change({ ofPassword: ofDevice }), 'ERR_PERSON_REQUEST')
    assert.equal(await change({ ofDevice: ofPassword }), 'ERR_PERSON_REQUEST')
    assert.equal(await change({ ofDevice: await sealToDevice(FOX, 'dave', browser.device) }), 'ERR_PERSON_REQUEST')
    const { signIn: begun } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(await change({ signIn: begun }), 'ERR_PERSON_STEP')
    await growOld(at)
    assert.equal(await change({}), 'ERR_PERSON_FRESH')
    await stepUp(at)
    assert.equal(await change({}), 'ERR_PERSON_STEP')
  })
})
