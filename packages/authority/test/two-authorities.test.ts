// Two authorities on one PostgreSQL: no state of their own, and what one does the other tells.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import pg from 'pg'
import { withPostgresql } from '../../../interop/postgresql.ts'
import { temporaryDirectory } from './support/core.ts'
import { follow } from './support/follow.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from './support/house.ts'
import { postgresqlPlace } from './support/stores.ts'

/** The second has the keys of the first, as an operator copies them. */
async function two(t: TestContext): Promise<[House, House, string]> {
  const store = await postgresqlPlace()
  const one = await openHouse(t, { store })
  const directory = temporaryDirectory(t)
  cpSync(join(one.directory, 'authority'), join(directory, 'authority'), { recursive: true })
  return [one, await openHouse(t, { store, directory }), store]
}

const until = async (fits: () => boolean | Promise<boolean>) => {
  for (let i = 0; i < 400; i++) {
    if (await fits()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail('it did not come')
}

suite('two authorities on one store', withPostgresql, () => {
  test('know the same certificates, invitations and lists', async (t) => {
    const [one, other] = await two(t)
    const held = await enrollParty(t, one, 'alice')
    assert.equal(one.authority.root.der.toHex(), other.authority.root.der.toHex())
    const { body } = await askLocally(other.directory, 'GET', '/v1/certificates?party=alice')
    assert.equal(body.certificates.length, 1)
    assert.equal(BigInt(`0x${body.certificates[0].serialNumber}`), held.certificates[0]?.serialNumber)
    const bob = await enrollParty(t, other, 'bob')
    assert.notEqual(bob.certificates[0]?.serialNumber, held.certificates[0]?.serialNumber)
  })

  test('a revocation at one reaches who follows the other, with the next list, numbered on', async (t) => {
    const [one, other] = await two(t)
    await enrollParty(t, one, 'alice')
    const gate = await enrollParty(t, other, 'door/gate-1', { profile: 'service' })
    const door = await follow(t, other, gate)
    const began = performance.now()
    const revoked = await askLocally(one.directory, 'POST', '/v1/revocations', {
      subject: 'alice',
      reason: 'superseded',
    })
    assert.equal(revoked.status, 200)
    const { event } = await door.until((message) => message.event?.change.kind === 'status')
    assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`)
    assert.equal(event?.sequence, revoked.body.sequence)
    await door.until((message) => message.event?.change.kind === 'crl')
    const lists = async ({ directory }: House) => (await askLocally(directory, 'GET', '/status')).body.version
    await until(async () => (await lists(one)) === (await lists(other)))
    // Its trust refuses her too.
    await until(() => other.authority.trust.crls.some(({ entries }) => entries.size === 1))
  })

  test('a door that confirms nothing keeps the next change from nobody', async (t) => {
    const [one, other] = await two(t)
    await enrollParty(t, one, 'alice')
    const gate = await enrollParty(t, other, 'door/gate-1', { profile: 'service' })
    const door = await follow(t, other, gate)
    const began = performance.now()
    for (const act of ['lock', 'unlock', 'lock', 'unlock'])
      assert.equal((await askLocally(one.directory, 'POST', `/v1/parties/alice/${act}`)).status, 200)
    const { body } = await askLocally(one.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    await door.until(({ event }) => event?.sequence === body.sequence)
    const locks = door.heard.filter(({ event }) => event?.change.kind === 'lock')
    assert.equal(locks.length, 4, 'in their order, before it')
    // It has a second for each of four, and of them nobody waits for it.
    assert.ok(performance.now() - began < 3_000, `${performance.now() - began} ms`)
  })

  test('a meeting that one was told of, the other explains', async (t) => {
    const [one, other] = await two(t)
    const alice = await enrollParty(t, one, 'alice')
    const caller = await meet(t, placeOf(one.authority), alice)
    // Alice is no administrator: the authority's own door says so, and keeps the meeting.
    const { body } = await caller.ask('GET', '/v1/sessions')
    const explained = () => askLocally(other.directory, 'GET', `/v1/meetings/${body.reference}`)
    // Many are written together.
    await until(async () => (await explained()).status === 200)
    assert.equal((await explained()).body.meetings[0].caller.party, 'alice')
    assert.equal((await askLocally(other.directory, 'GET', '/v1/meetings/M-0000-0000')).status, 404)
  })

  test('the rules that one tells, the other tells', async (t) => {
    const [one, other] = await two(t)
    const gate = await enrollParty(t, one, 'door/gate-1', { profile: 'service' })
    const door = await follow(t, other, gate)
    const alice = { id: 'alice', kind: 'person', labels: ['group:ops'], identities: [] } as const
    await one.authority.publish({ parties: [alice] })
    const { event } = await door.until((message) => message.event?.change.kind === 'policy')
    assert.deepEqual(event?.change.rules?.parties, [alice])
  })

  test('one invitation gives one certificate, whichever is asked, and both at once', async (t) => {
    const houses = (await two(t)).slice(0, 2) as [House, House]
    const parties = Array.from({ length: 6 }, (_, i) => `p${i}`)
    await Promise.all(parties.map((party, i) => enrollParty(t, houses[i % 2] ?? houses[0], party)))
    for (const party of parties) {
      const { body } = await askLocally(houses[0].directory, 'GET', `/v1/certificates?party=${party}`)
      assert.equal(body.certificates.length, 1)
    }
  })

  test('what one does while the other has no connection to the store is told when it is back', async (t) => {
    const [one, other, store] = await two(t)
    await enrollParty(t, one, 'alice')
    const gate = await enrollParty(t, other, 'door/gate-1', { profile: 'service' })
    const door = await follow(t, other, gate)
    const client = new pg.Client({ connectionString: store })
    await client.connect()
    // Both listeners lose their connection, and are connected anew.
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'countersign listens' AND datname = current_database()`)
    await client.end()
    await askLocally(one.directory, 'POST', '/v1/revocations', { subject: 'alice', reason: 'superseded' })
    await door.until((message) => message.event?.change.kind === 'status')
  })

  test('a second that lacks the keys is told where they are', async (t) => {
    const store = await postgresqlPlace()
    const { authority } = await openHouse(t, { store })
    await assert.rejects(openHouse(t, { store }), (error: Error & { code?: string; next?: string }) => {
      assert.equal(error.code, 'ERR_AUTHORITY_FILE_MISSING')
      assert.match(error.next ?? '', /copy the folder authority of another authority on this store/)
      return true
    })
    assert.ok(authority.url)
  })

  test('a password in the address is refused, and shown nowhere', async (t) => {
    await assert.rejects(
      openHouse(t, { store: 'postgres://countersign:s3cret@127.0.0.1:1/countersign' }),
      (error: Error & { code?: string; path?: string }) =>
        error.code === 'ERR_AUTHORITY_OPTION' && !JSON.stringify([error.message, error.path]).includes('s3cret'),
    )
  })

  test('a database that is not there is one clear error', async (t) => {
    await assert.rejects(openHouse(t, { store: 'postgres://nobody@127.0.0.1:1/none' }), {
      code: 'ERR_AUTHORITY_STORE',
      path: 'postgres://127.0.0.1:1/none',
    })
  })
})
