// The end of a recovery where the rules of the door ask for more than a password: what was lost is made anew before anything opens.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { newPasskey } from '../support/authenticator.ts'
import { accessOf, RULES } from '../support/bank.ts'
import { type Browser, refusedBy } from '../support/browser.ts'
import { codeOf, signIn as signInAgain } from '../support/customer.ts'
import { wholeLogin } from '../support/whole.ts'
import { atNewDevice, type Credential, load, noticesOf, type SignedIn, signedIn } from '../support/within.ts'

const BY_CODE = RULES.replace('proof: [password]', 'proof: [password, totp]').replace(
  'who: group:customers\n    what: service:bank\n    proof: [passkey]',
  'who: dave\n    what: service:bank\n    proof: [passkey]',
)
const BY_PASSKEY = RULES.replace('proof: [password]', 'proof: [passkey]')
const BY_EITHER = RULES.replace('proof: [password]', 'proof: [totp]')
const BY_NEITHER = RULES.replaceAll('who: group:customers', 'who: dave')

interface AtTheEnd extends SignedIn {
  readonly other: Browser
  readonly signIn: string
}

/** A recovery that has had its time, at a door whose rules have become these. */
async function atTheEnd(t: TestContext, rules: string): Promise<AtTheEnd> {
  const at = await signedIn(t)
  const { other, id: signIn } = await atNewDevice(at)
  await other.ask('recover', { signIn, code: at.carol.recovery[0]! })
  at.door.access.replace(accessOf(rules))
  at.door.time.pass({ hours: 24 })
  return { ...at, other, signIn }
}

const devicesOf = ({ door }: SignedIn) =>
  door.store.database
    .prepare('SELECT how FROM login_device WHERE removed_at IS NULL ORDER BY added_at')
    .all()
    .map(({ how }) => how)
const ended = ({ door }: SignedIn) =>
  door.store.entries.filter(({ act }) => act === 'recovery ended').map(({ evidence }) => evidence)

suite('the end of a recovery, where the rules ask for more than a password', () => {
  test('says what would do, opens nothing, and knows no device yet; a known device can still say no', async (t) => {
    const at = await atTheEnd(t, BY_EITHER)
    const { door, other, signIn } = at
    for (const _ of [1, 2])
      assert.deepEqual(await other.ask('wait', { signIn }), { next: 'restore', ways: ['totp', 'passkey'] })
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.equal(other.cookie, undefined)
    assert.equal((await load(door, other)).kind, 'nobody')
    assert.deepEqual(ended(at), [])
    // Nor is any call of a session answered.
    assert.equal((await refusedBy(other.ask('account', {}))).code, 'ERR_PERSON_NOT_SIGNED_IN')
    const { waiting, state } = door.store.database.prepare('SELECT id AS waiting, state FROM login_waiting').get()!
    assert.equal(state, 'open')
    await signInAgain(at.door, at.carol)
    await at.browser.ask('waiting/answer', { waiting: String(waiting), yes: false })
    assert.equal((await refusedBy(other.ask('wait', { signIn }))).code, 'ERR_PERSON_DENIED')
    for (const name of ['restore/app', 'restore/passkey/options'] as const)
      assert.equal((await refusedBy(other.ask(name, { signIn }))).code, 'ERR_PERSON_STEP')
    assert.equal(ended(at).length, 1)
  })

  test('who still has the app types its code', async (t) => {
    const at = await atTheEnd(t, BY_CODE)
    const { door, other, signIn, carol } = at
    assert.deepEqual(await other.ask('wait', { signIn }), { next: 'restore', ways: ['totp'] })
    const wrong = await refusedBy(other.ask('code', { signIn, code: '000000' }))
    assert.equal(wrong.code, 'ERR_PERSON_CREDENTIALS')
    assert.deepEqual(devicesOf(at), ['set-up'])
    const done = await other.ask('code', { signIn, code: codeOf(carol.totpSecret, door.time.now()) })
    assert.equal(done.next, 'done')
    assert.match(done.ofPassword ?? '', /^ey/)
    assert.equal((await load(door, other)).kind, 'person')
    assert.deepEqual(devicesOf(at), ['set-up', 'recovery'])
    assert.deepEqual(ended(at), ['its time has passed, and a code was shown'])
  })

  test('who has lost the app sets up another: the one before is worth nothing, and everybody is told', async (t) => {
    const at = await atTheEnd(t, BY_CODE)
    const { door, other, signIn, carol } = at
    await other.ask('wait', { signIn })
    const { totp, pending } = await other.ask('restore/app', { signIn })
    const old = codeOf(carol.totpSecret, door.time.now())
    const wrong = await refusedBy(other.ask('restore/app/confirm', { signIn, pending, code: old }))
    assert.equal(wrong.code, 'ERR_PERSON_CREDENTIALS')
    assert.match(wrong.reference, /^M-/)
    // Another process goes on with it.
    const two = await wholeLogin(t, door)
    two.access.replace(accessOf(BY_CODE))
    other.at(two)
    const code = codeOf(totp.secret, door.time.now())
    assert.equal((await other.ask('restore/app/confirm', { signIn, pending, code })).next, 'done')
    assert.equal((await load(door, other)).kind, 'person')
    assert.ok(noticesOf(door).includes('app changed'))
    door.time.pass({ seconds: 30 })
    const stale = await refusedBy(other.ask('step-up', { code: codeOf(carol.totpSecret, door.time.now()) }))
    assert.equal(stale.code, 'ERR_PERSON_CREDENTIALS')
    await other.ask('step-up', { code: codeOf(totp.secret, door.time.now()) })
    const again = await refusedBy(other.ask('restore/app/confirm', { signIn, pending, code }))
    assert.equal(again.code, 'ERR_PERSON_STEP')
  })

  test('is not lost where its process ends at any moment of it: the same code, of either app, gets in after that', async (t) => {
    for (const isNew of [true, false])
      for (let commits = 0, isIn = false; !isIn; commits++) {
        assert.ok(commits < 9)
        const at = await atTheEnd(t, BY_CODE)
        const { door, other, signIn, carol } = at
        await other.ask('wait', { signIn })
        const { totp, pending } = await other.ask('restore/app', { signIn })
        const code = codeOf(isNew ? totp.secret : carol.totpSecret, door.time.now())
        const call = isNew ? 'restore/app/confirm' : 'code'
        const body = isNew ? { signIn, pending, code } : { signIn, code }
        door.store.failsAfter = commits
        const { statusCode } = await other.send(call, body)
        isIn = statusCode === 200
        assert.equal(isIn, door.store.failsAfter !== undefined)
        door.store.failsAfter = undefined
        if (isIn) continue
        assert.deepEqual(devicesOf(at), ['set-up'])
        const { statusCode: again } = await other.send(call, body)
        assert.equal(again, 200)
        assert.equal((await load(door, other)).kind, 'person')
        assert.deepEqual(devicesOf(at), ['set-up', 'recovery'])
        assert.equal(ended(at).length, 1)
      }
  })

  test('who must have a passkey makes one, and shows it; a code is not enough, and no app is made', async (t) => {
    const at = await atTheEnd(t, BY_PASSKEY)
    const { door, other, signIn, carol } = at
    assert.deepEqual(await other.ask('wait', { signIn }), { next: 'restore', ways: ['passkey'] })
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn, code }))).code, 'ERR_PERSON_STEP')
    assert.equal((await refusedBy(other.ask('restore/app', { signIn }))).code, 'ERR_PERSON_STEP')
    const passkey = newPasskey()
    const options = await other.ask('restore/passkey/options', { signIn })
    const credential = passkey.create(options) as Credential
    await other.ask('restore/passkey', { signIn, credential, name: 'New key' })
    // It was made, and nobody has shown it.
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.equal((await load(door, other)).kind, 'nobody')
    assert.ok(!noticesOf(door).includes('passkey added'))
    const shown = passkey.get(await other.ask('passkey/options', { signIn })) as Credential
    assert.deepEqual(await other.ask('passkey', { signIn, credential: shown }), { next: 'done', account: 'carol' })
    assert.equal((await load(door, other)).kind, 'person')
    assert.deepEqual(ended(at), ['a passkey was shown'])
    assert.ok(noticesOf(door).includes('passkey added'))
  })

  test('a passkey that was made for another sign-in, or by a page elsewhere, is none', async (t) => {
    const at = await atTheEnd(t, BY_PASSKEY)
    const { other, signIn } = at
    await other.ask('wait', { signIn })
    const options = await other.ask('restore/passkey/options', { signIn })
    for (const faults of [{ origin: 'https://evil.example' }, { rpId: 'evil.example' }, { isVerified: false }]) {
      const credential = newPasskey().create(options, faults) as Credential
      const refused = await refusedBy(other.ask('restore/passkey', { signIn, credential, name: 'New key' }))
      assert.equal(refused.code, 'ERR_PERSON_REQUEST')
    }
    const { other: third, id } = await atNewDevice(at)
    const foreign = newPasskey().create(options) as Credential
    const refused = await refusedBy(third.ask('restore/passkey', { signIn: id, credential: foreign, name: 'New key' }))
    assert.equal(refused.code, 'ERR_PERSON_STEP')
  })

  test('where no proof would do, as under a lock, it is refused with a record; nothing has changed, and it can be come back to', async (t) => {
    const at = await atTheEnd(t, BY_NEITHER)
    const { door, other, signIn } = at
    const refused = await refusedBy(other.ask('wait', { signIn }))
    assert.equal(refused.code, 'ERR_POLICY_NOT_ALLOWED')
    const record = door.records.find(({ reference }) => reference === refused.reference)
    assert.equal(record?.outcome.ok, false)
    assert.equal(record?.caller.party, 'carol')
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.deepEqual(ended(at), [])
    door.access.replace(accessOf(BY_CODE))
    door.locks.replace([{ party: 'carol' }], 1n)
    assert.equal((await refusedBy(other.ask('wait', { signIn }))).code, 'ERR_POLICY_LOCKED')
    door.locks.replace([], 2n)
    assert.deepEqual(await other.ask('wait', { signIn }), { next: 'restore', ways: ['totp'] })
    // Under a lock, nothing is made either.
    door.locks.replace([{ party: 'carol' }], 3n)
    assert.equal((await refusedBy(other.ask('restore/app', { signIn }))).code, 'ERR_POLICY_LOCKED')
    const code = codeOf(at.carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn, code }))).code, 'ERR_POLICY_LOCKED')
    door.locks.replace([], 4n)
    door.access.replace(accessOf(RULES))
    assert.equal((await other.ask('wait', { signIn })).next, 'done')
  })

  test('a passkey that was made, and not shown, is of no account: a no on a known device leaves nothing of it', async (t) => {
    const at = await atTheEnd(t, BY_PASSKEY)
    const { door, other, signIn } = at
    await other.ask('wait', { signIn })
    const passkey = newPasskey()
    const credential = passkey.create(await other.ask('restore/passkey/options', { signIn })) as Credential
    await other.ask('restore/passkey', { signIn, credential, name: 'New key' })
    // Nor does it let in elsewhere meanwhile.
    const elsewhere = async () => {
      const { other: third } = await atNewDevice(at)
      const { signIn: begun } = await third.ask('begin', { device: third.device.keys })
      const shown = passkey.get(await third.ask('passkey/options', { signIn: begun })) as Credential
      return refusedBy(third.ask('passkey', { signIn: begun, credential: shown }))
    }
    assert.equal((await elsewhere()).code, 'ERR_PERSON_CREDENTIALS')
    const { waiting } = door.store.database
      .prepare("SELECT id AS waiting FROM login_waiting WHERE kind = 'recovery'")
      .get()!
    door.access.replace(accessOf(RULES))
    await signInAgain(at.door, at.carol)
    await at.browser.ask('waiting/answer', { waiting: String(waiting), yes: false })
    assert.equal((await refusedBy(other.ask('wait', { signIn }))).code, 'ERR_PERSON_DENIED')
    assert.deepEqual((await at.browser.ask('account', {})).passkeys, [])
    assert.equal((await elsewhere()).code, 'ERR_PERSON_CREDENTIALS')
    assert.ok(!door.store.entries.some(({ act }) => act === 'passkey added'))
  })

  test('under a lock, no passkey is shown either: nothing has changed, and it can be come back to', async (t) => {
    const at = await atTheEnd(t, BY_PASSKEY)
    const { door, other, signIn } = at
    await other.ask('wait', { signIn })
    const passkey = newPasskey()
    const credential = passkey.create(await other.ask('restore/passkey/options', { signIn })) as Credential
    await other.ask('restore/passkey', { signIn, credential, name: 'New key' })
    door.locks.replace([{ party: 'carol' }], 1n)
    const show = async () => {
      const shown = passkey.get(await other.ask('passkey/options', { signIn })) as Credential
      return other.ask('passkey', { signIn, credential: shown })
    }
    assert.equal((await refusedBy(show())).code, 'ERR_POLICY_LOCKED')
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.deepEqual(ended(at), [])
    door.locks.replace([], 2n)
    assert.equal((await show()).next, 'done')
    assert.deepEqual(devicesOf(at), ['set-up', 'passkey'])
    assert.deepEqual(
      (await other.ask('account', {})).passkeys.map(({ name }) => name),
      ['New key'],
    )
  })

  test('it is over three days after its time, whatever was begun', async (t) => {
    const at = await atTheEnd(t, BY_CODE)
    const { door, other, signIn } = at
    await other.ask('wait', { signIn })
    door.time.pass({ hours: 71 })
    const { totp, pending } = await other.ask('restore/app', { signIn })
    door.time.pass({ minutes: 15 })
    const late = { signIn, pending, code: codeOf(totp.secret, door.time.now()) }
    assert.equal((await refusedBy(other.ask('restore/app/confirm', late))).code, 'ERR_PERSON_STEP')
    door.time.pass({ minutes: 45 })
    assert.equal((await refusedBy(other.ask('restore/app', { signIn }))).code, 'ERR_PERSON_STEP')
    assert.equal((await refusedBy(other.ask('wait', { signIn }))).code, 'ERR_PERSON_DEVICE')
    assert.deepEqual(devicesOf(at), ['set-up'])
    assert.deepEqual(ended(at), ['nobody came back to it in time'])
  })
})
