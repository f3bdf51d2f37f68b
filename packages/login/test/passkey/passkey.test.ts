// Passkeys, by an authenticator in software: one is added, gets in on a new device, and everything else is refused.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { BodyOf } from '../../src/api.ts'
import { type Faults, newPasskey, type TestPasskey } from '../support/authenticator.ts'
import { type Browser, newBrowser, refusedBy } from '../support/browser.ts'
import { type Customer, setUp, signIn } from '../support/customer.ts'
import { type WholeLogin, wholeLogin } from '../support/whole.ts'

type Credential = BodyOf<'passkey'>['credential']

async function signedIn(t: TestContext): Promise<{ door: WholeLogin; carol: Customer; browser: Browser }> {
  const door = await wholeLogin(t)
  const carol = await setUp(door, 'carol', { email: 'carol@mail.example' })
  await signIn(door, carol)
  return { door, carol, browser: carol.browser }
}

async function add(browser: Browser, passkey: TestPasskey, faults?: Faults): Promise<object> {
  const options = await browser.ask('passkey/add/options', {})
  const credential = passkey.create(options, faults) as Credential
  return browser.ask('passkey/add', { credential, name: 'Key ring' })
}

/** In by the passkey alone. */
async function enter(browser: Browser, passkey: TestPasskey, faults?: Faults) {
  const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
  const options = await browser.ask('passkey/options', { signIn: id })
  return browser.ask('passkey', { signIn: id, credential: passkey.get(options, faults) as Credential })
}

suite('a passkey', () => {
  test('is added, and gets in on a device that nobody knows: the account knows it then, and is told', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const other = await newBrowser(door, { name: 'Firefox on Android' })
    assert.deepEqual(await enter(other, passkey), { next: 'done', account: 'carol' })
    assert.deepEqual(
      door.records.at(-1)?.steps.map(({ outcome, evidence }) => [outcome, evidence?.kind]),
      ['device', 'site', 'site', 'proofs', 'proofs', 'bound'].map((kind) => ['proved', kind]),
    )
    const { devices, passkeys, proofs } = await other.ask('account', {})
    assert.deepEqual(
      devices.map(({ name, how, isThis }) => [name, how, isThis]),
      [
        ['Chromium on Linux', 'set-up', false],
        ['Firefox on Android', 'passkey', true],
      ],
    )
    assert.deepEqual(
      passkeys.map(({ name }) => name),
      ['Key ring'],
    )
    assert.deepEqual(
      proofs.map(({ kind }) => kind),
      ['passkey'],
    )
    const acts = door.store.entries.map(({ act }) => act)
    assert.ok(acts.includes('passkey added') && acts.includes('device added'), acts.join())
    const notices = door.store.database.prepare('SELECT kind FROM login_notice').all()
    for (const kind of ['passkey added', 'new device'])
      assert.ok(
        notices.some((row) => row['kind'] === kind),
        kind,
      )
  })

  test('may count or not; one that counts gets in again and again', async (t) => {
    const { door, browser } = await signedIn(t)
    for (const counts of [true, false]) {
      const passkey = newPasskey({ counts })
      await add(browser, passkey)
      const other = await newBrowser(door)
      for (let i = 0; i < 3; i++) assert.deepEqual(await enter(other, passkey), { next: 'done', account: 'carol' })
    }
  })

  test('is not heard where anything in it is for something else, or nobody was there', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const other = await newBrowser(door)
    const cases: readonly Faults[] = [
      { origin: 'https://bank.example' },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { type: 'webauthn.create' },
      { crossOrigin: true },
      { isVerified: false },
      { isPresent: false },
      { counter: 1 },
      { counter: 0 },
      { userHandle: Buffer.from('dave').toString('base64url') },
      { challenge: 'AAAA' },
      { challenge: Buffer.alloc(62).toString('base64url') },
      { signature: Buffer.from('3006020101020101', 'hex').toString('base64url') },
      { signature: 'AAAA' },
      { id: Buffer.alloc(32).toString('base64url') },
    ]
    for (const faults of cases) {
      const { code } = await refusedBy(enter(other, passkey, faults))
      assert.equal(code, 'ERR_PERSON_CREDENTIALS', JSON.stringify(faults))
    }
    assert.equal(door.index.find('party:carol').length, 1)
    assert.deepEqual(await enter(other, passkey), { next: 'done', account: 'carol' })
  })

  test('whose row is not there any more, or that nobody has added, does not get in', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    const other = await newBrowser(door)
    assert.equal((await refusedBy(enter(other, passkey))).code, 'ERR_PERSON_CREDENTIALS')
    await add(browser, passkey)
    door.store.database.exec('UPDATE login_passkey SET removed_at = 1')
    assert.equal((await refusedBy(enter(other, passkey))).code, 'ERR_PERSON_CREDENTIALS')
  })

  test('an answer counts once, for its own sign-in alone, and not for a step-up', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const other = await newBrowser(door)
    const begin = async () => (await other.ask('begin', { device: other.device.keys })).signIn
    const [one, two] = [await begin(), await begin()]
    const credential = passkey.get(await other.ask('passkey/options', { signIn: one })) as Credential
    assert.equal((await refusedBy(other.ask('passkey', { signIn: two, credential }))).code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await refusedBy(browser.ask('step-up', { credential }))).code, 'ERR_PERSON_CREDENTIALS')
    await other.ask('passkey', { signIn: one, credential })
    const again = await refusedBy(other.ask('passkey', { signIn: one, credential }))
    assert.ok(['ERR_PERSON_STEP', 'ERR_PERSON_CREDENTIALS'].includes(again.code), again.code)
    // A sign-in of somebody else’s device.
    const third = await newBrowser(door)
    const { code } = await refusedBy(third.ask('passkey/options', { signIn: two }))
    assert.equal(code, 'ERR_PERSON_STEP')
  })

  test('raced by eight gets in once', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const other = await newBrowser(door)
    const { signIn: id } = await other.ask('begin', { device: other.device.keys })
    const credential = passkey.get(await other.ask('passkey/options', { signIn: id })) as Credential
    const all = await Promise.all(Array.from({ length: 8 }, () => other.send('passkey', { signIn: id, credential })))
    assert.equal(all.filter(({ statusCode }) => statusCode === 200).length, 1)
  })

  test('a challenge is over after five minutes', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const options = await browser.ask('step-up/options', {})
    const [early, late] = [passkey.get(options), passkey.get(options)]
    door.time.pass({ seconds: 299 })
    await browser.ask('step-up', { credential: early as Credential })
    door.time.pass({ seconds: 1 })
    const { code } = await refusedBy(browser.ask('step-up', { credential: late as Credential }))
    assert.equal(code, 'ERR_PERSON_CREDENTIALS')
  })

  test('of one account is worth nothing in a session of another', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    await add(browser, passkey)
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    const options = await dave.browser.ask('step-up/options', {})
    const { code } = await refusedBy(dave.browser.ask('step-up', { credential: passkey.get(options) as Credential }))
    assert.equal(code, 'ERR_PERSON_CREDENTIALS')
  })
})

suite('a new passkey', () => {
  test('is asked for in words that browsers have: to be found by itself, with a person there', async (t) => {
    const { browser } = await signedIn(t)
    const options = await browser.ask('passkey/add/options', {})
    const { rp, authenticatorSelection, user } = options as Record<string, Record<string, unknown>>
    assert.equal(rp?.['id'], 'bank.example')
    assert.equal(authenticatorSelection?.['residentKey'], 'required')
    assert.equal(authenticatorSelection?.['userVerification'], 'required')
    // Nothing by which an authenticator says whose it is.
    assert.ok(!Buffer.from(String(user?.['id']), 'base64url').toString('latin1').includes('carol'))
    assert.equal(Buffer.from(String(options.challenge), 'base64url').length, 62)
  })

  test('is not kept where anything in it is for something else, twice, or by a session that is not fresh', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = newPasskey()
    const cases: readonly Faults[] = [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { type: 'webauthn.get' },
      { isVerified: false },
      { challenge: 'AAAA' },
      { id: Buffer.alloc(32).toString('base64url') },
    ]
    for (const faults of cases) {
      const { code } = await refusedBy(add(browser, passkey, faults))
      assert.equal(code, 'ERR_PERSON_REQUEST', JSON.stringify(faults))
    }
    const options = await browser.ask('passkey/add/options', {})
    const credential = passkey.create(options) as Credential
    await browser.ask('passkey/add', { credential, name: 'Key ring' })
    const again = await refusedBy(browser.ask('passkey/add', { credential, name: 'Key ring' }))
    assert.equal(again.code, 'ERR_PERSON_REQUEST')
    assert.equal((await refusedBy(add(browser, passkey))).code, 'ERR_PERSON_REQUEST')
    door.time.pass({ minutes: 5 })
    await browser.ask('renew', {})
    assert.equal((await refusedBy(browser.ask('passkey/add/options', {}))).code, 'ERR_PERSON_FRESH')
    const late = await refusedBy(browser.ask('passkey/add', { credential, name: 'Key ring' }))
    assert.equal(late.code, 'ERR_PERSON_FRESH')
    assert.equal((await browser.ask('account', {})).passkeys.length, 1)
  })

  test('what is no credential at all is refused, whatever it is', async (t) => {
    const { browser } = await signedIn(t)
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const shell = { id: 'AAAA', rawId: 'AAAA', type: 'public-key' }
    const cases = [
      {},
      { response: null },
      { response: {} },
      { response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' } },
      { response: { clientDataJSON: 'e30', authenticatorData: '', signature: '' } },
      { response: { clientDataJSON: 'x'.repeat(5000), authenticatorData: 'AAAA', signature: 'AAAA' } },
      { response: { clientDataJSON: 'AAAA', attestationObject: '_'.repeat(10_000) } },
    ]
    for (const others of cases) {
      const credential = { ...shell, ...others }
      const asSignIn = await browser.send('passkey', { signIn: id, credential })
      assert.equal(
        asSignIn.json<{ code: string }>().code,
        'ERR_PERSON_CREDENTIALS',
        JSON.stringify(others).slice(0, 99),
      )
      const asNew = await browser.send('passkey/add', { credential, name: 'x' })
      assert.equal(asNew.json<{ code: string }>().code, 'ERR_PERSON_REQUEST')
    }
  })
})
