import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { createSessionIndex, describeSession, partyKey } from '@countersign/mtls'
import type { FeedEvent } from '@countersign/protocol'
import { askLocally, enrollmentBody, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

suite('parties', () => {
  test('are known from the invitation on, changed, and found by what they are', async (t) => {
    const house = await openHouse(t)
    await house.authority.invite({ party: 'alice' })
    await enrollParty(t, house, 'device/7')
    const change = { kind: 'device', owner: 'alice', labels: ['site:berlin', 'device:managed'] }
    const changed = await askLocally(house.directory, 'PATCH', '/v1/parties/device%2F7', change)
    assert.equal(changed.status, 200)
    const { createdAt, ...rest } = changed.body
    assert.deepEqual(rest, {
      name: 'device/7',
      kind: 'device',
      owner: 'alice',
      labels: ['device:managed', 'site:berlin'],
    })
    assert.ok(Temporal.Instant.from(createdAt).epochMilliseconds > 0)
    assert.deepEqual((await askLocally(house.directory, 'GET', '/v1/parties/device%2F7')).body, changed.body)
    for (const query of ['kind=device', 'owner=alice', 'label=site:berlin', 'locked=false&kind=device'])
      assert.deepEqual((await askLocally(house.directory, 'GET', `/v1/parties?${query}`)).body, {
        parties: [changed.body],
      })
    const first = await askLocally(house.directory, 'GET', '/v1/parties?limit=2')
    const names = (body: { parties: { name: string }[] }) => body.parties.map(({ name }) => name)
    assert.deepEqual([names(first.body), first.body.next], [['alice', 'authority'], 'authority'])
    const second = await askLocally(house.directory, 'GET', '/v1/parties?after=authority')
    assert.deepEqual(names(second.body), ['authority/issuing', 'authority/root', 'device/7'])
  })

  for (const [method, path, body, status, code] of [
    ['GET', '/v1/parties/nobody', undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['GET', '/v1/parties/a%00', undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['GET', '/v1/parties?kind=robot', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', '/v1/parties?locked=yes', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', '/v1/parties?name=alice', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/nobody', { kind: 'host' }, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['PATCH', '/v1/parties/alice', {}, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/alice', { kind: 'robot' }, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/alice', { labels: ['ops'] }, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/alice', { labels: ['group:a\0'] }, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/alice', { name: 'bob' }, 400, 'ERR_ADMIN_REQUEST'],
    ['PATCH', '/v1/parties/alice', { locked: false }, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/nobody/lock', {}, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['POST', '/v1/parties/authority/lock', {}, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/alice/lock', { until: '2020-01-01T00:00:00Z' }, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/alice/lock', { until: 'never' }, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/alice/lock', { reason: 'x'.repeat(257) }, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/alice/lock', { party: 'bob' }, 400, 'ERR_ADMIN_REQUEST'],
    ['POST', '/v1/parties/alice/unlock', {}, 409, 'ERR_ADMIN_CONFLICT'],
    ['POST', '/v1/parties/nobody/unlock', {}, 404, 'ERR_ADMIN_NOT_FOUND'],
  ] as const)
    test(`${method} ${path} ${JSON.stringify(body ?? '').slice(0, 40)} is ${code}`, async (t) => {
      const { authority, directory } = await openHouse(t)
      await authority.invite({ party: 'alice' })
      const answer = await askLocally(directory, method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code])
      assert.deepEqual((await askLocally(directory, 'GET', '/v1/parties?locked=true')).body.parties, [])
    })
})

suite('a lock', () => {
  test('ends open sessions, keeps the party out, and leaves its certificate; unlocked, it is as before', async (t) => {
    const house = await openHouse(t)
    const [alice, bob] = [await enrollParty(t, house, 'alice'), await enrollParty(t, house, 'bob')]
    const open = await meet(t, placeOf(house.authority), alice)
    const other = await meet(t, placeOf(house.authority), bob)
    await Promise.all([open, other].map((caller) => caller.ask('GET', '/v1/ready')))
    const ended = once(open.socket, 'close')
    const locked = await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost on the train' })
    assert.equal(locked.status, 200)
    assert.equal(locked.body.party.lock.reason, 'lost on the train')
    assert.deepEqual(
      locked.body.cuts.map(({ door, party }: { door: string; party: string }) => [door, party]),
      [['authority', 'alice']],
    )
    assert.deepEqual([locked.body.confirmed, locked.body.unconfirmed], [['authority'], []])
    await ended
    assert.equal((await other.ask('GET', '/v1/ready')).status, 200, 'nobody else is cut')

    const refused = await (await meet(t, placeOf(house.authority), alice)).ask('POST', '/renew', {
      request: requestFor(newKey()).toBase64(),
    })
    assert.deepEqual([refused.status, refused.body.code], [403, 'ERR_POLICY_LOCKED'])
    const { body: listed } = await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')
    assert.deepEqual(
      listed.certificates.map(({ state }: { state: string }) => state),
      ['valid'],
    )
    const { body: shown } = await askLocally(house.directory, 'GET', '/v1/certificates/alice')
    assert.equal(shown.party.lock.reason, 'lost on the train')

    const unlocked = await askLocally(house.directory, 'POST', '/v1/parties/alice/unlock')
    assert.deepEqual([unlocked.status, unlocked.body.party.lock, unlocked.body.cuts], [200, undefined, []])
    const again = await (await meet(t, placeOf(house.authority), alice)).ask('POST', '/renew', {
      request: requestFor(newKey()).toBase64(),
    })
    assert.equal(again.status, 201)
  })

  test('keeps a party from enrolling with the invitation that it has', async (t) => {
    const house = await openHouse(t)
    const invited = await house.authority.invite({ party: 'alice' })
    assert.ok(invited.ok)
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', {})
    const caller = await meet(t, placeOf(house.authority))
    const body = enrollmentBody(invited.token, requestFor(newKey()), caller.exporter)
    const refused = await caller.ask('POST', '/enroll', body)
    assert.deepEqual([refused.status, refused.body.code], [403, 'ERR_ENROLL_PARTY_LOCKED'])
    await askLocally(house.directory, 'POST', '/v1/parties/alice/unlock')
    assert.equal((await caller.ask('POST', '/enroll', body)).status, 201, 'the invitation was not spent')
  })

  test('holds after a restart, and ends at its moment by itself', async (t) => {
    const house = await openHouse(t)
    const alice = await enrollParty(t, house, 'alice')
    const until = house
      .clock()
      .add({ hours: 1 })
      .round({ smallestUnit: 'millisecond', roundingMode: 'floor' })
      .toString()
    const locked = await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { until })
    assert.equal(
      Temporal.Instant.compare(Temporal.Instant.from(locked.body.party.lock.until), Temporal.Instant.from(until)),
      0,
    )
    await house.authority.close()
    const again = await openHouse(t, { directory: house.directory, clock: house.clock })
    const ask = async () => (await (await meet(t, placeOf(again.authority), alice)).ask('GET', '/v1/ready')).status
    assert.equal(await ask(), 403)
    assert.equal((await askLocally(house.directory, 'GET', '/v1/parties?locked=true')).body.parties.length, 1)
    house.clock.advance({ hours: 1 })
    assert.equal(await ask(), 200)
    assert.deepEqual((await askLocally(house.directory, 'GET', '/v1/parties?locked=true')).body.parties, [])
    assert.equal((await askLocally(house.directory, 'GET', '/v1/parties/alice')).body.lock, undefined)
  })

  test('is told to every door with all that are locked, and which did not confirm stands in the answer', async (t) => {
    const { authority, directory } = await openHouse(t)
    for (const party of ['alice', 'bob']) await authority.invite({ party })
    const index = createSessionIndex('web')
    const told: FeedEvent['change'][] = []
    t.after(
      authority.join({
        name: 'web',
        sessions: async () => index.list().map(describeSession),
        async apply({ change }) {
          told.push(change)
          return change.kind === 'lock' ? index.cut(change.locks.map(partyKey), 'ERR_POLICY_LOCKED') : []
        },
      }),
    )
    t.after(authority.join({ name: 'stuck', sessions: async () => [], apply: () => new Promise(() => undefined) }))
    await askLocally(directory, 'POST', '/v1/parties/alice/lock', { reason: 'a' })
    const { body } = await askLocally(directory, 'POST', '/v1/parties/bob/lock', {})
    assert.deepEqual([body.confirmed, body.unconfirmed], [['authority', 'web'], ['stuck']])
    await askLocally(directory, 'POST', '/v1/parties/alice/unlock')
    assert.deepEqual(told, [
      { kind: 'lock', locks: [{ party: 'alice', reason: 'a' }] },
      { kind: 'lock', locks: [{ party: 'alice', reason: 'a' }, { party: 'bob' }] },
      { kind: 'lock', locks: [{ party: 'bob' }] },
    ])
  })
})
