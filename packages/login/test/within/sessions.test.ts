// A customer sees where they are signed in, and ends what should not be: sessions, and passkeys. @see ASVS 5.0 7.4.3, 7.5.2, 6.5.6
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusedBy } from '../support/browser.ts'
import { codeOf, setUp, signIn } from '../support/customer.ts'
import {
  atNewDevice,
  growOld,
  load,
  noticesOf,
  type SignedIn,
  signedIn,
  stepUp,
  withPasskey,
} from '../support/within.ts'

/** The same person on a second device. */
async function onSecondDevice(at: SignedIn) {
  const { door, browser, carol } = at
  const { other, id } = await atNewDevice(at)
  const { waiting } = await browser.ask('account', {})
  await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
  await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
  // A code counts once: the next is another.
  door.time.pass({ seconds: 30 })
  return other
}

suite('the sessions of an account', () => {
  test('are listed, each with its device; none by what stands in its cookie', async (t) => {
    const at = await signedIn(t)
    const other = await onSecondDevice(at)
    const { sessions } = await at.browser.ask('account', {})
    assert.deepEqual(
      sessions.map(({ device, isThis }) => [device, isThis]),
      [
        ['Chromium on Linux', true],
        ['Firefox on Android', false],
      ],
    )
    for (const { session } of sessions)
      for (const { cookie } of [at.browser, other]) assert.equal(cookie?.includes(session), false)
  })

  test('end one by one, on every side; the one that is asked from too', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const other = await onSecondDevice(at)
    const { sessions } = await browser.ask('account', {})
    const [own, others] = [true, false].map((isThis) => sessions.find((each) => each.isThis === isThis)!.session)
    await browser.ask('session/end', { session: others! })
    const found = await load(door, other)
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_SIGNED_OUT'])
    assert.equal((await load(door, browser)).kind, 'person')
    assert.equal((await browser.ask('account', {})).sessions.length, 1)
    assert.equal((await refusedBy(browser.ask('session/end', { session: others! }))).code, 'ERR_PERSON_REQUEST')
    await browser.ask('session/end', { session: own! })
    assert.equal((await refusedBy(browser.ask('account', {}))).code, 'ERR_PERSON_NOT_SIGNED_IN')
  })

  test('end all but one', async (t) => {
    const at = await signedIn(t)
    const other = await onSecondDevice(at)
    await at.browser.ask('session/end', {})
    assert.equal((await load(at.door, other)).kind, 'refused')
    assert.equal((await load(at.door, at.browser)).kind, 'person')
  })

  test('are over by their time before anybody says so', async (t) => {
    const at = await signedIn(t)
    await onSecondDevice(at)
    for (let i = 0; i < 13; i++) await growOld(at)
    assert.deepEqual(
      (await at.browser.ask('account', {})).sessions.map(({ isThis }) => isThis),
      [true],
    )
  })

  test('do not end without a fresh proof, nor those of somebody else', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    const [{ session } = assert.fail()] = (await dave.browser.ask('account', {})).sessions
    assert.equal((await refusedBy(browser.ask('session/end', { session }))).code, 'ERR_PERSON_REQUEST')
    await browser.ask('session/end', {})
    assert.equal((await load(door, dave.browser)).kind, 'person')
    await growOld(at)
    for (const body of [{}, { session }])
      assert.equal((await refusedBy(browser.ask('session/end', body))).code, 'ERR_PERSON_FRESH')
  })
})

suite('a passkey', () => {
  test('that is removed is worth nothing, and the customer is told', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const passkey = await withPasskey(browser)
    const [{ passkey: id } = assert.fail()] = (await browser.ask('account', {})).passkeys
    await browser.ask('passkey/remove', { passkey: id })
    assert.deepEqual((await browser.ask('account', {})).passkeys, [])
    const credential = passkey.get(await browser.ask('step-up/options', {})) as never
    assert.equal((await refusedBy(browser.ask('step-up', { credential }))).code, 'ERR_PERSON_CREDENTIALS')
    assert.ok(noticesOf(door).includes('passkey removed'))
    assert.equal((await refusedBy(browser.ask('passkey/remove', { passkey: id }))).code, 'ERR_PERSON_REQUEST')
  })

  test('is not removed without a fresh proof, nor by anybody else', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    await withPasskey(browser)
    const [{ passkey } = assert.fail()] = (await browser.ask('account', {})).passkeys
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    assert.equal((await refusedBy(dave.browser.ask('passkey/remove', { passkey }))).code, 'ERR_PERSON_REQUEST')
    await growOld(at)
    assert.equal((await refusedBy(browser.ask('passkey/remove', { passkey }))).code, 'ERR_PERSON_FRESH')
    assert.equal((await browser.ask('account', {})).passkeys.length, 1)
    await stepUp(at)
    await browser.ask('passkey/remove', { passkey })
  })
})
