// What is watched, over the API: the history of keys, what ends, what is not ours; and what cannot be asked.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

suite('what is watched, over the API', () => {
  test('each key that a party has had: since when, by which certificates, until when, and whether it is lost', async (t) => {
    const house = await openHouse(t)
    const get = async (path: string) => (await askLocally(house.directory, 'GET', path)).body
    const first = await enrollParty(t, house, 'ops/alice')
    await enrollParty(t, house, 'bob')
    house.clock.advance({ minutes: 1 })
    const caller = await meet(t, placeOf(house.authority), first)
    const again = await caller.ask('POST', '/renew', { request: requestFor(first.key).toBase64() })
    assert.equal(again.status, 201)
    house.clock.advance({ minutes: 1 })
    const other = await caller.ask('POST', '/renew', { request: requestFor(newKey()).toBase64() })
    assert.equal(other.status, 201)
    const path = '/v1/parties/ops%2Falice/keys'
    const [one, two] = (await get(path)).keys
    const { certificates } = await get('/v1/certificates/ops%2Falice')
    assert.deepEqual(
      [one.certificates, two.certificates].map((list) => list.map((each: { sha256: string }) => each.sha256)),
      [[certificates[1].sha256, certificates[0].sha256], [certificates[2].sha256]],
      'the newest first',
    )
    assert.deepEqual([one.spkiSha256, one.endsAt], [certificates[0].spkiSha256, certificates[1].notAfter])
    assert.equal(Temporal.Instant.from(two.firstSeen).since(one.firstSeen).total('minutes'), 2)
    assert.deepEqual([one.revokedAt, one.compromisedAt], [undefined, undefined])
    // Each took the place of the one that it was renewed by.
    assert.deepEqual(
      certificates.map((each: { renewed?: boolean }) => each.renewed),
      [true, undefined, undefined],
    )

    const revoke = (subject: string, reason: string) =>
      askLocally(house.directory, 'POST', '/v1/revocations', { subject, reason })
    await revoke(certificates[2].sha256, 'superseded')
    house.clock.advance({ minutes: 1 })
    await revoke(certificates[0].sha256, 'keyCompromise')
    const [lost, ended] = (await get(path)).keys
    assert.equal(lost.compromisedAt, lost.revokedAt)
    assert.equal(lost.certificates[1].revokedAt, lost.compromisedAt)
    assert.deepEqual([ended.revokedAt !== undefined, ended.compromisedAt], [true, undefined])
    assert.deepEqual((await get('/v1/certificates/ops%2Falice')).keys, [
      (({ certificates: _, ...key }) => key)(lost),
      (({ certificates: _, ...key }) => key)(ended),
    ])

    const page = await get(`${path}?limit=1`)
    assert.deepEqual(page.keys, [lost])
    assert.deepEqual(await get(`${path}?limit=1&after=${page.next}`), { keys: [ended] })
  })

  test('what cannot be asked is refused, and names the field', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    for (const [path, status, detail] of [
      ['/v1/parties/nobody/keys', 404, /no party is that/],
      ['/v1/parties/%00/keys', 404, /no party is that/],
      ['/v1/parties/alice/keys?after=WzFd', 400, /^after: /],
      ['/v1/parties/alice/keys?limit=0', 400, /^limit: /],
      ['/v1/expiring?before=tomorrow', 400, /^before: not a time/],
      ['/v1/expiring?all=yes', 400, /^all: /],
      ['/v1/expiring?after=WzFd', 400, /^after: /],
      ['/v1/expiring?within=30d', 400, /within/],
      ['/v1/unissued?vouched=nobody', 400, /^vouched: one of own, other, claimed/],
      ['/v1/unissued?after=-1', 400, /^after: /],
      ['/v1/certificates?neverSeen=false', 400, /^neverSeen: /],
      ['/v1/certificates?neverSeen=true&door=web', 400, /^neverSeen: nothing that was never seen was seen/],
      ['/v1/certificates?notSeenSince=30d', 400, /^notSeenSince: not a time/],
      ['/v1/certificates?door=web&after=WzFd', 400, /^after: it is of the pages of another question/],
    ] as const) {
      const answer = await askLocally(house.directory, 'GET', path)
      assert.equal(answer.status, status, path)
      assert.match(answer.body.detail, detail, path)
    }
  })
})
