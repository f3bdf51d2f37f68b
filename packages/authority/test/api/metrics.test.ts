// The numbers of the authority: each counted where it happens, for those who may see what there is.
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { askLocally, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey } from '../support/keys.ts'

/** By name and labels, as OpenMetrics 1.0 writes a sample. */
async function numbersOf(directory: string): Promise<ReadonlyMap<string, number>> {
  const { status, type, octets } = await askLocally(directory, 'GET', '/metrics')
  assert.equal(status, 200)
  assert.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  const lines = new TextDecoder().decode(octets).split('\n')
  assert.deepEqual(lines.slice(-2), ['# EOF', ''])
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at).replace('countersign_authority_', ''), Number(line.slice(at + 1))]
    }),
  )
}

suite('the numbers of the authority', () => {
  test('count what was issued, revoked and asked, and say what the ledger, the lists and the feed are', async (t) => {
    const house = await openHouse(t)
    const { directory, authority } = house
    // What the start has left is in the ledger by then.
    await delay(600)
    const before = await numbersOf(directory)
    assert.equal(before.get('issued_total{profile="client"}'), undefined)
    for (const party of ['alice', 'alice', 'bob'])
      await authority.issueLocal({ party, profile: 'client', publicKey: newKey().spki })
    for (const [subject, reason] of [
      ['alice', 'superseded'],
      ['bob', 'keyCompromise'],
      ['nobody', 'unspecified'],
    ])
      await askLocally(directory, 'POST', '/v1/revocations', { subject, reason })
    await askLocally(directory, 'GET', '/v1/nothing')
    const stream = get({ socketPath: join(directory, 'admin.sock'), path: '/v1/events', agent: false })
    stream.on('error', () => undefined)
    await new Promise((resolve) => stream.once('response', resolve))
    const leave = authority.join({ name: 'web', apply: async () => [], sessions: async () => [] })
    house.clock.advance({ minutes: 5 })
    await delay(600)

    const after = await numbersOf(directory)
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    assert.equal(grown('issued_total{profile="client"}'), 3)
    assert.equal(grown('revoked_total{reason="superseded"}'), 2)
    assert.equal(grown('revoked_total{reason="keyCompromise"}'), 1)
    assert.equal(after.has('revoked_total{reason="unspecified"}'), false)
    assert.equal(grown('requests_total{route="/v1/revocations",method="POST",status="200"}'), 2)
    assert.equal(grown('requests_total{route="/v1/revocations",method="POST",status="404"}'), 1)
    // Paths that are none have one name, so that nobody makes numbers at will.
    assert.equal(grown('requests_total{route="",method="GET",status="404"}'), 1)
    assert.equal(grown('ledger_entries'), 6)
    assert.equal(after.get('ledger_waiting'), 0)
    assert.ok(grown('commit_seconds_count') >= 5)
    assert.equal(after.get('commit_seconds_bucket{le="+Inf"}'), after.get('commit_seconds_count'))
    assert.equal(after.get('event_followers'), 1)
    assert.equal(after.get('feed_followers'), 1)
    leave()
    assert.equal((await numbersOf(directory)).get('feed_followers'), 0)
    const ages = [...after].filter(([name]) => name.startsWith('crl_age_seconds{issuer="'))
    assert.ok(ages.length >= 2)
    for (const [name, age] of ages) assert.ok(age >= 300 && age < 1_000, `${name} ${age}`)
    stream.destroy()
    for (const end = performance.now() + 10_000; (await numbersOf(directory)).get('event_followers') !== 0; )
      assert.ok(performance.now() < end)
  })

  test('are for administrators', async (t) => {
    const { authority } = await openHouse(t)
    const { status, body } = await (await meet(t, placeOf(authority))).ask('GET', '/metrics')
    assert.deepEqual([status, body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
  })
})
