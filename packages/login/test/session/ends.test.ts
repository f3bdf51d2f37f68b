// A session ends: by time, by a lock, with its row, in every process that has it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RefusalCode } from '@countersign/protocol'
import { endSessions } from '../../src/session/end-sessions.ts'
import { accessOf, RULES, until } from '../support/bank.ts'
import { kindOf, laptop, person, phone, refusal, refused, renew, signIn, start } from '../support/person.ts'

suite('a session ends', () => {
  test('after an hour without a renewal, and after eight hours however busy', async (t) => {
    const at = await start(t)
    const idle = await signIn(at)
    at.time.pass({ minutes: 59 })
    assert.equal(await kindOf(at.find({ cookie: idle.cookie })), 'renew')
    at.time.pass({ minutes: 1 })
    assert.equal(await kindOf(at.find({ cookie: idle.cookie })), 'nobody')
    assert.equal(await at.sessionOf(idle.cookie), undefined)
    const busy = await signIn(at)
    for (let i = 0; i < 95; i++) {
      at.time.pass({ minutes: 5 })
      await renew(at, busy)
    }
    at.time.pass({ minutes: 4, seconds: 59 })
    assert.equal(await kindOf(at.find({ cookie: busy.cookie })), 'person')
    at.time.pass({ seconds: 1 })
    assert.equal(await kindOf(at.find({ cookie: busy.cookie })), 'nobody')
    assert.equal(at.index.size, 0)
    assert.deepEqual(
      at.store.database
        .prepare('SELECT ended_by FROM login_session ORDER BY opened_at')
        .all()
        .map((row) => row['ended_by']),
      ['ERR_SESSION_IDLE', 'ERR_SESSION_OVER'],
    )
  })

  test('with a clock that is stepped back: nothing lasts longer by it, and a cookie is asked for a proof', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const causes: string[] = []
    person(await at.find({ cookie: browser.cookie })).follow((cause) => causes.push(cause))
    at.time.pass({ seconds: -9 })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    at.time.pass({ seconds: -2 })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'renew')
    const before = browser.cookie
    await renew(at, browser)
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    // What was good for half a minute more is not good for a day more.
    at.time.pass({ seconds: -30 })
    refused(await at.find({ cookie: before }), 'ERR_PERSON_COOKIE')

    const [other, third] = [await signIn(at), await signIn(at, phone)]
    person(await at.find({ cookie: other.cookie })).follow((cause) => causes.push(cause))
    at.time.pass({ hours: -24 })
    assert.equal(await kindOf(at.find({ cookie: third.cookie })), 'nobody')
    await at.sessions.sweep()
    assert.deepEqual(causes, ['ERR_PERSON_COOKIE', 'ERR_SESSION_OVER'])
    assert.equal(at.index.size, 0)
    at.time.pass({ hours: 24 })
    assert.equal(await kindOf(at.find({ cookie: other.cookie })), 'nobody')
  })

  test('by a lock: what is under way is cut, here and in another process, and it stays ended', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    const causes: string[] = []
    person(await one.find({ cookie: browser.cookie })).follow((cause) => causes.push(`one ${cause}`))
    person(await two.find({ cookie: browser.cookie })).follow((cause) => causes.push(`two ${cause}`))
    assert.deepEqual([one.records.length, two.records.length], [1, 0])
    for (const at of [one, two]) at.locks.replace([{ party: 'carol' }], 1n)
    await until(() => causes.length === 2)
    assert.deepEqual(causes.toSorted(), ['one ERR_POLICY_LOCKED', 'two ERR_POLICY_LOCKED'])
    await until(async () => (await one.sessions.row(browser.id))?.ended_by === 'ERR_POLICY_LOCKED')
    // Told under one record, however often somebody comes.
    const told = [await one.find({ cookie: browser.cookie }), await one.find({ cookie: browser.cookie })]
    const [meeting, again] = told.map((found) => refused(found, 'ERR_POLICY_LOCKED'))
    assert.deepEqual([meeting?.outcome.ok, meeting?.steps[4].outcome], [false, 'refused'])
    assert.deepEqual([again?.reference, one.records.length], [meeting?.reference, 2])
    refused(await two.find({ cookie: browser.cookie }), 'ERR_POLICY_LOCKED')
    // A lock that is lifted brings nobody back, and does not stand in the way of signing in.
    for (const at of [one, two]) at.locks.replace([], 2n)
    for (const at of [one, two]) assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'nobody')
    for (const at of [one, two]) assert.equal(await at.sessionOf(browser.cookie), undefined)
  })

  test('a process that does not hold it asks the policy anew, and ends it for all', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    two.access.replace(
      accessOf(RULES.replaceAll('who: group:customers\n    what: service:bank', 'who: dave\n    what: service:bank')),
    )
    const meeting = refused(await two.find({ cookie: browser.cookie }), 'ERR_POLICY_NOT_ALLOWED')
    assert.equal(two.records.at(-1)?.reference, meeting?.reference)
    // Here the rules still let her in, and the session has ended all the same.
    assert.equal(await kindOf(one.find({ cookie: browser.cookie })), 'nobody')
  })

  test('who is locked out changes nothing of the account either', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    two.locks.replace([{ party: 'carol' }], 1n)
    await assert.rejects(two.sessionOf(browser.cookie), refusal('ERR_POLICY_LOCKED'))
  })

  test('with its row, in every process, whoever ended it; the others go on', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const removed = await signIn(one)
    const kept = await signIn(one, phone)
    const causes: string[] = []
    for (const browser of [removed, kept])
      person(await two.find({ cookie: browser.cookie })).follow((cause) => causes.push(`${browser.device.id} ${cause}`))
    const ids = await one.store.commit((tx) =>
      endSessions(tx, { account: 'carol', device: laptop.id }, 'ERR_PERSON_DEVICE_REMOVED', one.time.now()),
    )
    one.sessions.dropped(ids, 'ERR_PERSON_DEVICE_REMOVED')
    assert.deepEqual(ids, [removed.id])
    refused(await one.find({ cookie: removed.cookie }), 'ERR_PERSON_DEVICE_REMOVED')
    refused(await two.find({ cookie: removed.cookie }), 'ERR_PERSON_DEVICE_REMOVED')
    await two.sessions.sweep()
    assert.deepEqual(causes, [`${laptop.id} ERR_PERSON_DEVICE_REMOVED`])
    assert.equal(await kindOf(two.find({ cookie: kept.cookie })), 'person')
    const others = await one.store.commit((tx) =>
      endSessions(tx, { account: 'carol', except: kept.id }, 'ERR_PERSON_PASSWORD_CHANGED', one.time.now()),
    )
    assert.deepEqual(others, [])
  })

  test('what hangs on it ends with its eight hours, although nobody asks', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const causes: RefusalCode[] = []
    person(await at.find({ cookie: browser.cookie })).follow((cause) => causes.push(cause))
    const leave = person(await at.find({ cookie: browser.cookie })).follow(() => assert.fail('it had left'))
    leave()
    await at.sessions.sweep()
    assert.deepEqual(causes, [])
    at.time.pass({ hours: 8 })
    await at.sessions.sweep()
    assert.deepEqual(causes, ['ERR_SESSION_OVER'])
  })

  test('in its row too where the store could not write at once', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    at.store.isFull = true
    at.locks.replace([{ party: 'carol' }], 1n)
    await until(() => at.logged.some(({ event }) => event === 'login.failed'))
    assert.equal((await at.sessions.row(browser.id))?.ended_at, null)
    at.locks.replace([], 2n)
    at.store.isFull = false
    await at.sessions.sweep()
    assert.equal((await at.sessions.row(browser.id))?.ended_by, 'ERR_POLICY_LOCKED')
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'nobody')
  })

  test('not with a restart: the next process finds it, without a record of its own', async (t) => {
    const one = await start(t)
    const browser = await signIn(one)
    const causes: RefusalCode[] = []
    person(await one.find({ cookie: browser.cookie })).follow((cause) => causes.push(cause))
    await one.sessions.close()
    assert.deepEqual(causes, ['ERR_DOOR_DRAINING'])
    assert.equal(one.index.size, 0)
    const two = await start(t, one)
    const { session } = person(await two.find({ cookie: browser.cookie }))
    assert.equal(session.meeting.reference, one.records[0]?.reference)
    assert.equal(two.index.find('party:carol').length, 1)
    assert.equal(two.records.length, 0)
  })
})
