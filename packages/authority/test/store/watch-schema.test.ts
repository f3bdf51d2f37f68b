// What is written of the life of a certificate, by either database, and what an older store gets of it.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { NewCertificate, RevocationReason } from '../../src/store/certificates.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START } from '../support/core.ts'
import { execute, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined
const LATER = START.add({ hours: 1 })

const added = (store: Store, certificate: NewCertificate, before?: NewCertificate) =>
  store.commit(async ({ certificates }) => {
    const { spkiSha256, party, notAfter } = certificate
    assert.ok(await certificates.takeKey(spkiSha256, party, START, notAfter))
    const id = await certificates.add(certificate)
    if (before) await certificates.succeed(before.sha256, party, id)
    return { ...certificate, id }
  })

const revoked = (store: Store, certificate: NewCertificate & { id: number }, reason: RevocationReason) =>
  store.commit(async ({ certificates, status }) =>
    certificates.revoke(certificate, LATER, reason, await status.addEvent('status', LATER)),
  )

/** By serial number: what `column` says. */
async function column(place: string, name: string): Promise<ReadonlyMap<string, number | null>> {
  const sql = `SELECT serial, ${name} AS value FROM certificate`
  const rows = (await execute(place, sql, sql)) as { serial: string; value: string | number | null }[]
  return new Map(rows.map(({ serial, value }) => [serial, value === null ? null : Number(value)]))
}

for (const [what, placeOf, options] of PLACES)
  suite(`the life of certificates in ${what}`, options, () => {
    const opened = async (t: TestContext): Promise<{ store: Store; place: string; closed: () => Promise<void> }> => {
      const place = await placeOf(t)
      const store = await openStore(place, ignore)
      const closed = () => store.close()
      t.after(closed)
      return { store, place, closed }
    }

    test('of one that is renewed nothing is told; of the last of a line it is, at three quarters of its life', async (t) => {
      const { store, place, closed } = await opened(t)
      const first = await added(store, row('alice'))
      const second = await added(store, row('alice'), first)
      const other = await added(store, row('alice', { profile: 'ssh-user' }))
      assert.equal((await store.certificates.byId(first.id))?.succeededBy, second.id)
      assert.equal((await store.certificates.byId(second.id))?.succeededBy, undefined)
      await closed()
      const warnings = await column(place, 'warn_at')
      // 24 hours from START on.
      assert.deepEqual(
        [first, second, other].map(({ serial }) => warnings.get(serial)),
        [null, START.add({ hours: 18 }).epochMilliseconds, START.add({ hours: 24 }).epochMilliseconds],
      )
    })

    test('one party’s certificate does not take the place of another’s', async (t) => {
      const { store } = await opened(t)
      const first = await added(store, row('alice'))
      await added(store, row('bob'), first)
      assert.equal((await store.certificates.byId(first.id))?.succeededBy, undefined)
    })

    test('where a renewal is revoked, the one before it is the last again; where both are, none is', async (t) => {
      const { store, place, closed } = await opened(t)
      const [first, other] = [await added(store, row('alice')), await added(store, row('bob'))]
      const second = await added(store, row('alice'), first)
      const another = await added(store, row('bob'), other)
      await revoked(store, second, 'superseded')
      assert.equal((await store.certificates.byId(first.id))?.succeededBy, undefined)
      for (const each of [other, another]) await revoked(store, each, 'superseded')
      await closed()
      const warnings = await column(place, 'warn_at')
      assert.deepEqual(
        [first, second, other, another].map(({ serial }) => warnings.get(serial)),
        [LATER.epochMilliseconds, null, null, null],
      )
    })

    test('a key ends with the last of its certificates, and is compromised from the first that was', async (t) => {
      const { store, place, closed } = await opened(t)
      const first = await added(store, row('alice'))
      const again = { spkiSha256: first.spkiSha256, notAfter: START.add({ hours: 48 }) }
      const second = await added(store, row('alice', again))
      await added(store, row('alice', { ...again, notAfter: START.add({ hours: 2 }) }))
      assert.equal(
        await store.commit(({ certificates }) =>
          certificates.takeKey(first.spkiSha256, 'bob', START, START.add({ hours: 99 })),
        ),
        false,
      )
      await revoked(store, first, 'superseded')
      await closed()
      const sql = 'SELECT ends_at, compromised_at FROM party_key'
      const numbers = async () =>
        (await execute(place, sql, sql)).map((each) =>
          Object.values(each as object).map((one) => (one === null ? null : Number(one))),
        )
      assert.deepEqual(await numbers(), [[START.add({ hours: 48 }).epochMilliseconds, null]])
      const store2 = await openStore(place, ignore)
      await revoked(store2, second, 'keyCompromise')
      await store2.close()
      assert.deepEqual(await numbers(), [[START.add({ hours: 48 }).epochMilliseconds, LATER.epochMilliseconds]])
    })

    test('a list is looked at where no newer one came', async (t) => {
      const { store, place, closed } = await opened(t)
      const issuer = await added(store, row('authority/issuing'))
      const list = (number: number) => ({
        issuer: issuer.id,
        number,
        der: new Uint8Array(),
        thisUpdate: START.add({ hours: number }),
        nextUpdate: START.add({ hours: number + 4 }),
        covers: 0,
      })
      await store.commit(async ({ status }) => {
        for (const number of [1, 2]) await status.addCrl(list(number))
      })
      await closed()
      const sql = 'SELECT number, warn_at FROM crl ORDER BY number'
      const rows = (await execute(place, sql, sql)).map((each) => Object.values(each as object).map(Number))
      // Nothing is written as 0.
      assert.deepEqual(rows, [
        [1, 0],
        [2, START.add({ hours: 5 }).epochMilliseconds],
      ])
    })

    test('a store of version 8 is told what took whose place, when to look, and until when keys are used', async (t) => {
      const { store, place, closed } = await opened(t)
      const ended = await added(store, row('eve', { notAfter: START.subtract({ hours: 1 }) }))
      const first = await added(store, row('alice'))
      const second = await added(store, row('alice', { method: 'certificate' }))
      const anew = await added(store, row('alice', { method: 'token' }))
      const server = await added(store, row('alice', { method: 'certificate', profile: 'server' }))
      const lost = await added(store, row('bob', { issuedAt: START }))
      await revoked(store, lost, 'keyCompromise')
      const version = 8
      await closed()
      await setBack(place, version)
      await (await openStore(place, ignore)).close()
      const [succeeded, warnings] = [await column(place, 'succeeded_by'), await column(place, 'warn_at')]
      const all = [ended, first, second, anew, server, lost]
      assert.deepEqual(
        all.map(({ serial }) => succeeded.get(serial)),
        [null, second.id, null, null, null, null],
      )
      const at = START.add({ hours: 18 }).epochMilliseconds
      assert.deepEqual(
        all.map(({ serial }) => warnings.get(serial)),
        [null, null, at, at, at, null],
      )
      const sql = 'SELECT party, ends_at, compromised_at FROM party_key WHERE compromised_at IS NOT NULL'
      const [key] = (await execute(place, sql, sql)) as { party: string; ends_at: unknown; compromised_at: unknown }[]
      assert.deepEqual(
        [key?.party, Number(key?.ends_at), Number(key?.compromised_at)],
        ['bob', START.add({ hours: 24 }).epochMilliseconds, LATER.epochMilliseconds],
      )
    })
  })
