import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import pg from 'pg'
import { createReadiness } from '../../src/api/readiness.ts'
import { openStore } from '../../src/store/store.ts'
import { openCore } from '../support/core.ts'
import { askLocally, meet, openHouse, placeOf } from '../support/house.ts'
import { PLACES } from '../support/stores.ts'

suite('an authority says that it is ready', () => {
  test('to anyone, when it is; and that it lives', async (t) => {
    const house = await openHouse(t)
    const stranger = await meet(t, placeOf(house.authority))
    assert.deepEqual((await stranger.ask('GET', '/readyz')).body, { ready: true })
    assert.deepEqual((await stranger.ask('GET', '/livez')).body, { live: true })
  })

  test('not while its revocation list, or its own certificate, is of another time; it lives all the same', async (t) => {
    const house = await openHouse(t)
    const readiness = async () => {
      const { status, body } = await askLocally(house.directory, 'GET', '/readyz')
      return [status, body.code, body.detail]
    }
    house.clock.advance({ hours: 24 * 8 })
    assert.deepEqual(await readiness(), [503, 'ERR_AUTHORITY_NOT_READY', 'it waits for a current revocation list'])
    house.clock.advance({ hours: 24 * 366 * 5 })
    const both = 'it waits for a current revocation list, and for an issuing certificate that is valid now'
    assert.deepEqual(await readiness(), [503, 'ERR_AUTHORITY_NOT_READY', both])
    assert.equal((await askLocally(house.directory, 'GET', '/livez')).status, 200)
    house.clock.advance({ hours: -24 * (366 * 5 + 8) })
    assert.deepEqual(await readiness(), [200, undefined, undefined])
    house.clock.advance({ hours: -24 })
    assert.deepEqual(await readiness(), [
      503,
      'ERR_AUTHORITY_NOT_READY',
      'it waits for an issuing certificate that is valid now',
    ])
  })

  const [, placeOfPostgresql, options] = PLACES[1] ?? assert.fail('PostgreSQL')
  test('not while its database does not answer', options, async (t) => {
    const { crls, issuers, clock } = await openCore(t)
    await crls.refresh()
    const place = await placeOfPostgresql(t)
    const store = await openStore(place, () => undefined)
    t.after(() => store.close())
    const waitsFor = createReadiness({ store, crls: () => crls.current(), issuers, clock })
    assert.deepEqual(await waitsFor(), [])
    const url = new URL(place)
    const database = url.pathname.slice(1)
    url.pathname = '/postgres'
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await client.end()
    assert.deepEqual(await waitsFor(), ['the store'])
  })
})
