// A device becomes one that the account knows with its session, and not before: where there is none, it stays a stranger.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { LoginStore } from '../../src/model.ts'
import { accessOf, RULES } from '../support/bank.ts'
import { type Browser, newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf } from '../support/customer.ts'
import { wholeLogin } from '../support/whole.ts'
import { atNewDevice, type Credential, noticesOf, type SignedIn, signedIn, withPasskey } from '../support/within.ts'

const NOBODY = RULES.replaceAll('who: group:customers', 'who: dave')

const devicesOf = ({ door }: SignedIn) =>
  door.store.database
    .prepare('SELECT how FROM login_device WHERE removed_at IS NULL')
    .all()
    .map(({ how }) => how)

const isKnown = async (browser: Browser) => (await browser.ask('begin', { device: browser.device.keys })).known

suite('a device whose sign-in comes to no session', () => {
  test('stays unknown where a lock refuses the passkey that it has shown', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const passkey = await withPasskey(browser)
    door.locks.replace([{ party: 'carol' }], 1n)
    const thief = await newBrowser(door, { name: 'Firefox on Android' })
    const { signIn } = await thief.ask('begin', { device: thief.device.keys })
    const credential = passkey.get(await thief.ask('passkey/options', { signIn })) as Credential
    assert.equal((await refusedBy(thief.ask('passkey', { signIn, credential }))).code, 'ERR_POLICY_LOCKED')
    door.locks.replace([], 2n)
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.equal(await isKnown(thief), false)
    assert.ok(!noticesOf(door).includes('new device'))
    assert.ok(!door.store.entries.some(({ act }) => act === 'device added'))
  })

  test('stays unknown where the rules refuse what a known device has said yes to', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { other, id: signIn } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    door.access.replace(accessOf(NOBODY))
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn, code }))).code, 'ERR_POLICY_NOT_ALLOWED')
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.equal(await isKnown(other), false)
  })

  test('stays unknown where its sign-in is ended in the moment in which it is done', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { other, id: signIn } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    // As another password does, and a set-up anew.
    const store: LoginStore = {
      db: door.store.db,
      async commit(work) {
        const result = await door.store.commit(work)
        door.store.database.exec("DELETE FROM login_sign_in WHERE step = 'done'")
        return result
      },
    }
    const slow = await wholeLogin(t, { ...door, ground: { ...door.ground, store } })
    other.at(slow)
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn, code }))).code, 'ERR_PERSON_STEP')
    other.at(door)
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.equal(await isKnown(other), false)
  })

  test('is known where there is one', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { other, id: signIn } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await other.ask('code', { signIn, code })).next, 'done')
    assert.deepEqual(devicesOf(at), ['set-up', 'confirmation'])
    assert.equal(await isKnown(other), true)
  })
})
