import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'

const nobody = { name: 'nobody', identities: [] }
const step = (outcome: string) => ({ by: 'caller', outcome })
/** As a client of ours records that it refused a door. */
const report = (more: object = {}) => ({
  reference: 'M-7F3K-92QD',
  door: '192.0.2.7:8443',
  seenBy: 'caller',
  at: '2026-11-24T12:00:00Z',
  resumed: false,
  caller: nobody,
  callee: { name: 'shop.example', identities: [] },
  steps: ['proved', 'proved', 'refused', 'not reached', 'not reached', 'not reached'].map(step),
  outcome: { ok: false, refusal: { code: 'ERR_CALLEE_WRONG_NAME', note: 'for the operator' } },
  ...more,
})

suite('own meetings', () => {
  test('are told by a party as itself, whatever name stands in the report, and read by it alone', async (t) => {
    const house = await openHouse(t)
    const [alice, bob] = [await enrollParty(t, house, 'alice'), await enrollParty(t, house, 'bob')]
    const asAlice = await meet(t, placeOf(house.authority), alice)
    const forged = report({ caller: { name: 'bob', party: 'bob', identities: [] } })
    assert.equal((await asAlice.ask('POST', '/v1/own/meetings', forged)).status, 201)
    const own = await asAlice.ask('GET', '/v1/own/meetings/M-7F3K-92QD')
    assert.equal(own.status, 200)
    assert.equal(own.body.meetings[0].caller.party, 'alice')
    assert.equal('note' in own.body.meetings[0].outcome.refusal, false)
    const asBob = await meet(t, placeOf(house.authority), bob)
    const others = await asBob.ask('GET', '/v1/own/meetings/M-7F3K-92QD')
    assert.deepEqual([others.status, others.body.code], [404, 'ERR_ADMIN_NO_MEETING'])
  })

  const bad: readonly (readonly [string, unknown])[] = [
    ['a meeting that was accepted', report({ outcome: { ok: true, decision: { ok: true, rule: 'r' } } })],
    ['what a door recorded', report({ seenBy: 'callee' })],
    ['a refusal of the caller', report({ outcome: { ok: false, refusal: { code: 'ERR_CALLER_REVOKED' } } })],
    ['of a door that PostgreSQL could not keep, nor what others report with it', report({ door: 'a\0' })],
    ['no meeting', {}],
  ]
  for (const [what, body] of bad)
    test(`are not: ${what}`, async (t) => {
      const house = await openHouse(t)
      const caller = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'alice'))
      const answer = await caller.ask('POST', '/v1/own/meetings', body)
      assert.deepEqual([answer.status, answer.body.code], [400, 'ERR_ADMIN_REQUEST'])
    })

  test('sixty in a minute, and no more', async (t) => {
    const house = await openHouse(t)
    const caller = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'alice'))
    for (let i = 0; i < 60; i++) assert.equal((await caller.ask('POST', '/v1/own/meetings', report())).status, 201)
    assert.equal((await caller.ask('POST', '/v1/own/meetings', report())).status, 429)
  })

  test('nobody has any: without a certificate, and over the socket in the data directory', async (t) => {
    const house = await openHouse(t)
    const stranger = await meet(t, placeOf(house.authority))
    const answers = [
      await stranger.ask('POST', '/v1/own/meetings', report()),
      await stranger.ask('GET', '/v1/own/meetings/M-7F3K-92QD'),
      await askLocally(house.directory, 'GET', '/v1/own/meetings/M-7F3K-92QD'),
    ]
    for (const { status, body } of answers) assert.deepEqual([status, body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
  })
})
