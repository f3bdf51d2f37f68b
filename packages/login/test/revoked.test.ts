// A person is revoked by name: what the account was proved by is worth nothing, and the account can be set up anew.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { doorsOfAccount, revokeAccount } from '../src/account/revoke.ts'
import { newBrowser, refusedBy } from './support/browser.ts'
import { codeOf, provePassword, setUp } from './support/customer.ts'
import {
  atNewDevice,
  type Credential,
  load,
  noticesOf,
  type SignedIn,
  signedIn,
  withPasskey,
} from './support/within.ts'

/** As the authority does it, in its own transaction. */
const revoke = ({ door }: Pick<SignedIn, 'door'>, account = 'carol') =>
  door.store.commit((tx) => revokeAccount(tx, { account, reason: 'keyCompromise', at: door.time.now() }))
const has = async ({ door }: SignedIn, account = 'carol') =>
  (await doorsOfAccount(door.store.db, account, door.time.now())).length > 0
const acts = ({ door }: SignedIn) => door.store.entries.map(({ act }) => act)

suite('a person who is revoked', () => {
  test('is told so on the device whose session was open, and the ledger and the mailbox have it', async (t) => {
    const at = await signedIn(t)
    assert.equal(await has(at), true)
    await revoke(at)
    const found = await load(at.door, at.browser)
    assert.ok(found.kind === 'refused')
    assert.equal(found.code, 'ERR_PERSON_REVOKED')
    assert.equal((await refusedBy(at.browser.ask('account', {}))).code, 'ERR_PERSON_REVOKED')
    assert.deepEqual([await has(at), acts(at).at(-1), noticesOf(at.door).at(-1)], [false, 'revoked', 'revoked'])
  })

  test('comes back by nothing of before: device, password, app, passkey, recovery code', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const passkey = await withPasskey(browser)
    const waiting = await atNewDevice(at)
    await revoke(at)
    assert.equal((await refusedBy(waiting.other.ask('wait', { signIn: waiting.id }))).code, 'ERR_PERSON_STEP')
    const { signIn, known } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(known, false)
    const proved = await provePassword(browser, signIn, carol)
    // The password is what it was; but whoever proves it is a stranger, and no device is left that could say yes.
    assert.ok(proved)
    assert.equal((await browser.ask('finish', { signIn, finish: proved.finish })).next, 'confirm')
    door.time.pass({ seconds: 60 })
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(browser.ask('code', { signIn, code }))).code, 'ERR_PERSON_STEP')
    const recovery = carol.recovery[0] ?? assert.fail()
    assert.equal((await refusedBy(browser.ask('recover', { signIn, code: recovery }))).code, 'ERR_PERSON_CREDENTIALS')
    const visitor = await newBrowser(door)
    const { signIn: id } = await visitor.ask('begin', { device: visitor.device.keys })
    const credential = passkey.get(await visitor.ask('passkey/options', { signIn: id })) as Credential
    assert.equal((await refusedBy(visitor.ask('passkey', { signIn: id, credential }))).code, 'ERR_PERSON_CREDENTIALS')
  })

  test('is invited anew, as who has lost everything', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    await revoke(at)
    const again = { account: 'carol', ttlSeconds: 3600, isAgain: true }
    const invited = await door.login.accounts.invite(again)
    assert.ok(invited.ok)
    const anew = await setUp(door, 'carol', { token: invited.path.split('#')[1] ?? '', password: 'a green horse' })
    assert.equal(await has(at), true)
    assert.equal((await anew.browser.ask('begin', { device: anew.browser.device.keys })).known, true)
  })

  test('comes in by no invitation of before, to an account that was not opened yet', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const invited = await door.login.accounts.invite({ account: 'dave', ttlSeconds: 3600 })
    assert.ok(invited.ok)
    const browser = await newBrowser(door)
    const invitation = invited.path.split('#')[1] ?? ''
    const { setUp: begun } = await browser.ask('set-up/begin', { invitation, device: browser.device.keys })
    assert.equal(await has(at, 'dave'), true)
    await revoke(at, 'dave')
    const request = 'A'.repeat(43)
    assert.equal((await refusedBy(browser.ask('set-up/password', { setUp: begun, request }))).code, 'ERR_PERSON_STEP')
    const again = browser.ask('set-up/begin', { invitation, device: browser.device.keys })
    assert.equal((await refusedBy(again)).code, 'ERR_PERSON_INVITATION')
    assert.deepEqual([await has(at, 'dave'), acts(at).at(-1)], [false, 'revoked'])
  })

  test('is nobody else, and who has no account is nobody', async (t) => {
    const at = await signedIn(t)
    const before = acts(at).length
    await revoke(at, 'dave')
    assert.equal(acts(at).length, before)
    assert.equal((await load(at.door, at.browser)).kind, 'person')
    assert.deepEqual([await has(at), await has(at, 'dave')], [true, false])
  })
})
