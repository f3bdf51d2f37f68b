// A passkey that is taken away: what it opened ends with it, and what it has shown elsewhere counts no more.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { readProofs } from '../../src/session/row.ts'
import type { TestPasskey } from '../support/authenticator.ts'
import { accessOf, RULES } from '../support/bank.ts'
import { type Browser, newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf, setUp, signIn as signInAgain } from '../support/customer.ts'
import { AUTHORITY } from '../support/device.ts'
import { type WholeLogin, wholeLogin } from '../support/whole.ts'
import {
  type Credential,
  claimsOf,
  growOld,
  load,
  noticesOf,
  type SignedIn,
  signedIn,
  stepUp,
  TRANSFER,
  withPasskey,
} from '../support/within.ts'

const REMOVED = 'ERR_PERSON_PASSKEY_REMOVED'
const BY_PASSKEY_ALONE = RULES.replace('proof: [password]', 'proof: [passkey]')

/** Signs in by it, on a device that nobody knows. */
async function openedBy(door: WholeLogin, passkey: TestPasskey, name = 'Safari on iPad'): Promise<Browser> {
  const other = await newBrowser(door, { name })
  const { signIn } = await other.ask('begin', { device: other.device.keys })
  const credential = passkey.get(await other.ask('passkey/options', { signIn })) as Credential
  await other.ask('passkey', { signIn, credential })
  return other
}

async function show(browser: Browser, passkey: TestPasskey): Promise<void> {
  const credential = passkey.get(await browser.ask('step-up/options', {})) as Credential
  await browser.ask('step-up', { credential })
}

/** Two passkeys; the laptop has signed in by password and code. */
async function withTwo(t: TestContext) {
  const at = await signedIn(t)
  return { ...at, first: await withPasskey(at.browser), second: await withPasskey(at.browser) }
}

const kindsOf = async ({ door, browser }: Pick<SignedIn, 'door' | 'browser'>) =>
  (await claimsOf(door, browser)).proofs.map(({ kind }) => kind)
const openSessions = ({ store }: WholeLogin) =>
  store.database.prepare('SELECT id FROM login_session WHERE ended_at IS NULL').all().length

suite('a passkey that is removed', () => {
  test('ends the sessions that it opened, in every process, and no other; everybody is told', async (t) => {
    const at = await withTwo(t)
    const { door, browser, first, second } = at
    const two = await wholeLogin(t, door)
    const thief = await openedBy(two, first)
    door.time.pass({ seconds: 1 })
    const own = await openedBy(door, second)
    assert.equal((await load(two, thief)).kind, 'person')
    const ended: string[] = []
    const found = await two.login.find(pageLoad(thief))
    assert.ok(found.kind === 'person')
    found.follow((cause: string) => ended.push(cause))
    const { sessions, passkeys } = await browser.ask('account', {})
    assert.deepEqual(
      sessions.map(({ passkey }) => passkey),
      [undefined, first.id, second.id],
    )
    assert.equal(passkeys.length, 2)

    await browser.ask('passkey/remove', { passkey: first.id })
    assert.equal((await refusedBy(thief.ask('account', {}))).code, REMOVED)
    const after = await load(two, thief)
    assert.deepEqual([after.kind, after.kind === 'refused' && after.code], ['refused', REMOVED])
    for (let i = 0; i < 200 && ended.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(ended, [REMOVED])
    for (const one of [browser, own]) assert.equal((await load(door, one)).kind, 'person')
    assert.deepEqual(
      (await browser.ask('account', {})).sessions.map(({ passkey }) => passkey),
      [undefined, second.id],
    )
    assert.ok(noticesOf(door).includes('passkey removed'))
    assert.ok(door.store.entries.some(({ act, evidence }) => act === 'passkey removed' && evidence.includes(first.id)))
  })

  test('ends the session that asked for it too, where it opened that; the browser is told to forget it', async (t) => {
    const { door, first } = await withTwo(t)
    const other = await openedBy(door, first)
    const { headers } = await other.send('passkey/remove', { passkey: first.id })
    assert.match(String(headers['set-cookie']), /__Host-countersign=;.*Max-Age=0/)
    assert.equal((await load(door, other)).kind, 'nobody')
    assert.equal(openSessions(door), 1)
  })

  test('of the session that another opened, ends nothing; what it has shown there counts no more', async (t) => {
    const at = await withTwo(t)
    const { door, browser, first } = at
    await show(browser, first)
    assert.deepEqual(await kindsOf(at), ['password', 'totp', 'passkey'])
    await browser.ask('passkey/remove', { passkey: first.id })
    assert.deepEqual(await kindsOf(at), ['password', 'totp'])
    await growOld(at)
    assert.equal((await refusedBy(browser.ask('passkey/add/options', {}))).code, 'ERR_PERSON_FRESH')
    assert.equal(openSessions(door), 1)
  })

  test('has confirmed nothing any more, in whichever session; what another passkey or a code has confirmed stays', async (t) => {
    const at = await withTwo(t)
    const { door, browser, carol, first, second } = at
    const confirm = async (nonce: string, passkey?: TestPasskey) => {
      const matter = { ...TRANSFER, nonce }
      if (passkey === undefined)
        return browser.ask('confirm', { matter, code: codeOf(carol.totpSecret, door.time.now()) })
      const credential = passkey.get(await browser.ask('confirm/options', { matter })) as Credential
      return browser.ask('confirm', { matter, credential })
    }
    await confirm('confirmed-by-first', first)
    await confirm('confirmed-by-second', second)
    await confirm('confirmed-by-the-app')
    const { confirmed } = await claimsOf(door, browser)
    assert.deepEqual(
      confirmed.map((one) => Object.keys(one).sort()),
      Array(3).fill(['at', 'by', 'sha256']),
    )
    await browser.ask('passkey/remove', { passkey: first.id })
    assert.deepEqual((await claimsOf(door, browser)).confirmed, confirmed.slice(1))
  })

  test('is known to have opened a session by whatever was shown there since', async (t) => {
    const at = await withTwo(t)
    const { door, browser, first, second } = at
    const other = await openedBy(door, first)
    for (let i = 0; i < 2; i++) {
      door.time.pass({ minutes: 1 })
      await show(other, second)
    }
    // To the rules and to the service behind it is one proof, the newest, and nobody reads which passkey it was.
    const { proofs } = await claimsOf(door, other)
    assert.deepEqual(
      proofs.map(({ kind, at, binding, ...more }) => [kind, at.toString(), binding, more]),
      [['passkey', door.time.now().toString(), 'device', {}]],
    )
    await stepUp(at)
    await browser.ask('passkey/remove', { passkey: first.id })
    assert.equal((await refusedBy(other.ask('account', {}))).code, REMOVED)

    const third = await openedBy(door, second, 'Firefox on Android')
    const fourth = await withPasskey(browser)
    door.time.pass({ minutes: 1 })
    await show(third, fourth)
    await browser.ask('passkey/remove', { passkey: fourth.id })
    assert.deepEqual(
      (await claimsOf(door, third)).proofs.map(({ kind }) => kind),
      ['passkey'],
    )
  })

  test('of rows that do not say which one it was, ends them: it may have been this one', async (t) => {
    const { door, browser, first, second } = await withTwo(t)
    const other = await openedBy(door, second)
    const { id, proofs } = door.store.database
      .prepare("SELECT id, proofs FROM login_session WHERE proofs LIKE '%passkey%'")
      .get()!
    const before = JSON.stringify(
      JSON.parse(String(proofs)).map(({ passkey: _, ...proof }: { passkey: string }) => proof),
    )
    door.store.database.prepare('UPDATE login_session SET proofs = ? WHERE id = ?').run(before, id!)
    assert.deepEqual(readProofs(before), readProofs(String(proofs)))
    await browser.ask('passkey/remove', { passkey: first.id })
    assert.equal((await refusedBy(other.ask('account', {}))).code, REMOVED)
  })

  test('opens nothing that was under way', async (t) => {
    const { door, browser, first } = await withTwo(t)
    const other = await newBrowser(door, { name: 'Safari on iPad' })
    const { signIn } = await other.ask('begin', { device: other.device.keys })
    const credential = first.get(await other.ask('passkey/options', { signIn })) as Credential
    // Between its signature, which counts, and the session that it opens.
    const { commit } = door.ground.store
    let count = 0
    const slow = {
      ...door.ground.store,
      db: door.ground.store.db,
      async commit<Result>(work: Parameters<typeof commit<Result>>[0]) {
        if (asking && ++count === 3) {
          asking = false
          await browser.ask('passkey/remove', { passkey: first.id })
        }
        return commit.call(door.ground.store, work) as Promise<Result>
      },
    }
    let asking = false
    const two = await wholeLogin(t, { ...door, ground: { ...door.ground, store: slow } })
    other.at(two)
    asking = true
    assert.equal((await refusedBy(other.ask('passkey', { signIn, credential }))).code, 'ERR_PERSON_STEP')
    assert.equal(count, 3)
    assert.equal((await load(two, other)).kind, 'nobody')
    assert.equal(openSessions(door), 1)
  })

  test('is not removed by a stranger, without a fresh proof, or twice: nothing ends by those', async (t) => {
    const at = await withTwo(t)
    const { door, browser, first } = at
    const other = await openedBy(door, first)
    const dave = await setUp(door, 'dave', { browser: await newBrowser(door, { name: 'Safari on iOS' }) })
    await signInAgain(door, dave)
    assert.equal(
      (await refusedBy(dave.browser.ask('passkey/remove', { passkey: first.id }))).code,
      'ERR_PERSON_REQUEST',
    )
    await growOld(at)
    assert.equal((await refusedBy(browser.ask('passkey/remove', { passkey: first.id }))).code, 'ERR_PERSON_FRESH')
    await other.ask('renew', {})
    assert.equal((await load(door, other)).kind, 'person')
    await stepUp(at)
    await browser.ask('passkey/remove', { passkey: first.id })
    assert.equal((await refusedBy(browser.ask('passkey/remove', { passkey: first.id }))).code, 'ERR_PERSON_REQUEST')
    assert.equal(door.store.entries.filter(({ act }) => act === 'passkey removed').length, 1)
  })
})

suite('the last passkey', () => {
  test('stays where the rules let nobody in without one: the reason is told, and nothing has ended', async (t) => {
    const { door, browser, first, second } = await withTwo(t)
    await show(browser, second)
    door.access.replace(accessOf(BY_PASSKEY_ALONE))
    const other = await openedBy(door, second)
    await other.ask('passkey/remove', { passkey: first.id })
    const answer = await other.send('passkey/remove', { passkey: second.id })
    assert.equal(answer.statusCode, 409)
    assert.equal(JSON.parse(answer.body).code, 'ERR_PERSON_LAST_WAY')
    assert.equal((await load(door, other)).kind, 'person')
    assert.equal(door.store.entries.filter(({ act }) => act === 'passkey removed').length, 1)
    const third = await withPasskey(other)
    await other.ask('passkey/remove', { passkey: second.id })
    assert.equal((await load(door, other)).kind, 'nobody')
    assert.equal((await load(door, await openedBy(door, third))).kind, 'person')
  })

  test('goes where a password and a code are another way in', async (t) => {
    const { door, browser, first, second } = await withTwo(t)
    for (const { id } of [first, second]) await browser.ask('passkey/remove', { passkey: id })
    assert.deepEqual((await browser.ask('account', {})).passkeys, [])
    assert.equal((await load(door, browser)).kind, 'person')
  })
})

function pageLoad({ cookie }: Browser) {
  return {
    ...{ method: 'GET', authority: AUTHORITY, target: '/accounts', cookie, proof: undefined, origin: undefined },
    ...{ isUpgrade: false, certificateSha256: undefined },
  }
}
