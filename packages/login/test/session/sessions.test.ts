// A session is opened, and what is shown later counts.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deviceKey, type FoundPerson } from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'
import { addAccount, until } from '../support/bank.ts'
import { newDevice } from '../support/device.ts'
import { answer, doneSignIn, laptop, person, phone, refusal, refused, signIn, start } from '../support/person.ts'

suite('a session', () => {
  test('is met, recorded, found by its keys, and says what a service reads', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const [record] = at.records
    assert.equal(at.records.length, 1)
    assert.ok(record?.outcome.ok)
    assert.deepEqual(record.caller.identities, [{ kind: 'account', value: 'carol' }])
    assert.deepEqual(
      record.steps.map(({ evidence }) => evidence?.kind),
      ['device', undefined, undefined, undefined, undefined, 'bound'],
    )
    for (const key of ['party:carol', 'identity:account:carol', deviceKey(laptop.id), 'label:group:customers'])
      assert.equal(at.index.find(key).length, 1, key)
    const { session, claims } = person(await at.find({ cookie: browser.cookie }))
    assert.equal(session.meeting.reference, record.reference)
    assert.equal(claims.jkt, laptop.id)
    assert.deepEqual(
      claims.proofs.map(({ kind, binding }) => `${kind} ${binding}`),
      ['password device', 'totp device'],
    )
    assert.match(browser.cookie, /^__Host-countersign=[\w-]{22}\.[\w-]{43}$/)
  })

  test('is the only one of its browser: another sign-in there ends it, with what is under way; other devices go on', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const [before, elsewhere] = [await signIn(one), await signIn(one, phone)]
    const causes: string[] = []
    for (const at of [one, two]) person(await at.find({ cookie: before.cookie })).follow((cause) => causes.push(cause))
    const after = await signIn(two)
    assert.deepEqual(causes, ['ERR_PERSON_SIGNED_OUT'])
    await one.sessions.sweep()
    assert.deepEqual(causes, ['ERR_PERSON_SIGNED_OUT', 'ERR_PERSON_SIGNED_OUT'])
    refused(await one.find({ cookie: before.cookie }), 'ERR_PERSON_SIGNED_OUT')
    for (const { cookie } of [after, elsewhere]) person(await one.find({ cookie }))
  })

  test('is not ended by a sign-in that the policy refuses', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const { cookie } = await signIn(one)
    two.locks.replace([{ party: 'carol' }], 1n)
    await assert.rejects(signIn(two), refusal('ERR_POLICY_LOCKED'))
    person(await one.find({ cookie }))
  })

  test('keeps no secret of the cookie in the store', async (t) => {
    const at = await start(t)
    const { cookie } = await signIn(at)
    const rows = JSON.stringify(at.store.database.prepare('SELECT * FROM login_session').all())
    const [, secret = ''] = cookie.split('.')
    assert.ok(!rows.includes(secret))
  })

  test('is not opened where the policy says no: recorded, and nothing stands in store or index', async (t) => {
    const at = await start(t)
    at.locks.replace([{ party: 'carol', reason: 'lost' }], 1n)
    await assert.rejects(signIn(at), refusal('ERR_POLICY_LOCKED'))
    assert.deepEqual(
      at.records.map(({ outcome }) => outcome.ok || outcome.refusal.code),
      ['ERR_POLICY_LOCKED'],
    )
    assert.equal(at.index.size, 0)
    assert.equal(at.store.database.prepare('SELECT * FROM login_session').all().length, 0)
  })

  test('is not opened for a device that was removed, nor for another’s, nor where the store cannot write', async (t) => {
    const at = await start(t)
    await addAccount(at, 'dave', [])
    const stranger = await newDevice()
    await assert.rejects(signIn(at, stranger), refusal('ERR_PERSON_DEVICE'))
    at.store.database.exec(`UPDATE login_device SET removed_at = 1 WHERE device = '${phone.id}'`)
    await assert.rejects(signIn(at, phone), refusal('ERR_PERSON_DEVICE'))
    at.store.database.exec(`UPDATE login_device SET removed_at = NULL, account = 'dave' WHERE device = '${phone.id}'`)
    await assert.rejects(signIn(at, phone), refusal('ERR_PERSON_DEVICE'))
    at.store.isFull = true
    await assert.rejects(signIn(at), /full/)
    assert.equal(at.index.size, 0)
    assert.equal(at.records.length, 0)
  })
})

suite('a session rests on its sign-in', () => {
  test('and is not opened without it, after another end of it, or by another’s', async (t) => {
    const at = await start(t)
    await addAccount(at, 'dave', [])
    const shown = [{ kind: 'password', at: at.time.now(), binding: 'device' }] as const
    const opening = { account: 'carol', device: laptop.id, shown, evidence: [], address: '192.0.2.7' }
    const open = (id: string) => at.sessions.open({ ...opening, signIn: id }, answer(at))
    await assert.rejects(open('unknown'), refusal('ERR_PERSON_STEP'))
    const over = await doneSignIn(at, laptop)
    at.store.database.exec("UPDATE login_sign_in SET step = 'over'")
    await assert.rejects(open(over), refusal('ERR_PERSON_STEP'))
    const others = await doneSignIn(at, laptop)
    at.store.database.exec("UPDATE login_sign_in SET account = 'dave'")
    await assert.rejects(open(others), refusal('ERR_PERSON_STEP'))
    assert.deepEqual([at.index.size, at.records.length], [0, 0])
    await open(await doneSignIn(at, laptop))
    assert.equal(at.records.length, 1)
  })
})

suite('what is shown later', () => {
  test('counts in every process; what hangs on the answer of before stays, and ends by itself', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    const first = person(await two.find({ cookie: browser.cookie }))
    const causes: RefusalCode[] = []
    first.follow((cause) => causes.push(cause))
    const ask = (found: Extract<FoundPerson, { readonly kind: 'person' }>) =>
      found.session.ask('service:transfers', () => undefined).decision.ok
    assert.equal(ask(first), false)
    const at = one.time.now().epochMilliseconds
    const proofs = JSON.stringify(['password', 'passkey'].map((kind) => ({ kind, at, binding: 'device' })))
    one.store.database.prepare('UPDATE login_session SET proofs = ? WHERE id = ?').run(proofs, browser.id)
    const second = person(await two.find({ cookie: browser.cookie }))
    assert.equal(ask(second), true)
    assert.equal(two.index.find('party:carol').length, 2)
    assert.equal(person(await two.find({ cookie: browser.cookie })).session, second.session)
    two.locks.replace([{ party: 'carol' }], 1n)
    // They are cut one after the other.
    await until(() => two.index.size === 0 && causes.length > 0)
    assert.equal(causes.length, 1)
  })
})
