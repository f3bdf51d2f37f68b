// Where certificates were seen, and what is not ours: asked of SQLite and of PostgreSQL alike.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { Kysely } from 'kysely'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import type { CertificateFilter, Place } from '../../src/store/search.ts'
import { sqliteDialect } from '../../src/store/sqlite/dialect.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { Tables } from '../../src/store/tables.ts'
import { createWatchStore, type Sighting, type Vouched } from '../../src/store/watch.ts'
import { START } from '../support/core.ts'
import { sighting } from '../support/sighting.ts'
import { freshOctets, PLACES, row } from '../support/stores.ts'

const ignore = () => undefined
const at = (minutes: number) => START.add({ minutes })
const LATE = at(24 * 60 - 1)

for (const [what, placeOf, options] of PLACES)
  suite(`what is seen, in ${what}`, options, () => {
    const opened = async (t: TestContext, place?: string): Promise<Store> => {
      const store = await openStore(place ?? (await placeOf(t)), ignore)
      t.after(() => store.close())
      return store
    }
    const added = (store: Store, certificate: NewCertificate) =>
      store.commit(async ({ certificates }) => ({ ...certificate, id: await certificates.add(certificate) }))
    const see = async (store: Store, sightings: readonly Sighting[], now = LATE) => {
      const rows = await store.watch.rowsOf(sightings.map(({ sha256 }) => sha256))
      await store.commit(({ watch }) =>
        watch.see(
          sightings.flatMap((one) => ({ ...one, row: rows.get(one.sha256) ?? assert.fail('no row') })),
          now,
        ),
      )
    }
    const lastSeen = async (store: Store, { id }: { readonly id: number }) =>
      (await store.certificates.byId(id))?.lastSeen

    test('the newest counts, whoever writes last', async (t) => {
      const place = await placeOf(t)
      const store = await opened(t, place)
      const [alice, bob] = [await added(store, row('alice')), await added(store, row('bob'))]
      assert.equal(await lastSeen(store, alice), undefined)
      await see(store, [sighting(bob.sha256, 3), sighting(alice.sha256, 2, { door: 'door/gate-1:tcp', as: 'callee' })])
      assert.deepEqual(await lastSeen(store, alice), { at: at(2), door: 'door/gate-1:tcp', as: 'callee' })
      await see(store, [sighting(alice.sha256, 1), sighting(bob.sha256, 4)])
      assert.deepEqual(await lastSeen(store, alice), { at: at(2), door: 'door/gate-1:tcp', as: 'callee' })
      assert.deepEqual(await lastSeen(store, bob), { at: at(4), door: 'web', as: 'caller' })
    })

    test('a door whose clock is ahead does not hide what is seen after it', async (t) => {
      const store = await opened(t)
      const alice = await added(store, row('alice'))
      await see(store, [sighting(alice.sha256, 999_999)], at(5))
      assert.deepEqual((await lastSeen(store, alice))?.at, at(5))
      await see(store, [sighting(alice.sha256, 6)], at(6))
      assert.deepEqual((await lastSeen(store, alice))?.at, at(6))
    })

    test('what is in no row has none, and nothing at all is written', async (t) => {
      const store = await opened(t)
      const alice = await added(store, row('alice'))
      const rows = await store.watch.rowsOf([alice.sha256.toHex(), freshOctets().toHex()])
      assert.deepEqual([...rows], [[alice.sha256.toHex(), alice.id]])
      assert.equal((await store.watch.rowsOf([])).size, 0)
      await see(store, [])
    })

    test('search by door, by when, and by never; each page after the other', async (t) => {
      const store = await opened(t)
      const parties = [...'abcdefgh'] as const
      const certificates = new Map<string, NewCertificate & { id: number }>()
      for (const party of parties) certificates.set(party, await added(store, row(party)))
      const of = (party: string) => certificates.get(party) ?? assert.fail(party)
      const seen = { a: 10, b: 20, c: 20, d: 30, e: 40 } as const
      await see(
        store,
        Object.entries(seen).map(([party, minutes]) =>
          sighting(of(party).sha256, minutes, { door: party === 'd' ? 'tcp' : 'web' }),
        ),
      )
      // e was renewed by f, and g revoked; h has ended.
      await store.commit(async (tx) => {
        await tx.certificates.succeed(of('e').sha256, 'e', of('f').id)
        await tx.certificates.revoke(of('g'), START, 'unspecified', await tx.status.addEvent('status', START))
      })
      const ended = await added(store, row('i', { notAfter: START }))
      await added(store, row('authority/root', { profile: 'root' }))
      await see(store, [sighting(ended.sha256, 5)])
      const walk = async (filter: CertificateFilter) => {
        const found: string[] = []
        for (let after: Place | undefined; ; ) {
          const page = await store.certificates.list({ ...filter, now: at(50), limit: 1, after })
          found.push(...page.found.map(({ party }) => party))
          if (page.next === undefined) return found.join('')
          after = page.next
        }
      }
      assert.equal(await walk({ door: 'web' }), 'iabce')
      assert.equal(await walk({ door: 'tcp' }), 'd')
      assert.equal(await walk({ door: "web' OR 1=1" }), '')
      assert.equal(await walk({ neverSeen: true }), 'fh')
      assert.equal(await walk({ neverSeen: true, state: 'revoked' }), '')
      assert.equal(await walk({ neverSeen: true, party: 'h' }), 'h')
      assert.equal(await walk({ notSeenSince: at(20) }), 'a')
      assert.equal(await walk({ notSeenSince: at(21) }), 'abc')
      assert.equal(await walk({ seenSince: at(20) }), 'bcd')
      assert.equal(await walk({ seenSince: at(20), notSeenSince: at(30), door: 'web' }), 'bc')
      assert.equal(await walk({ seenSince: at(31) }), '')
      assert.equal(await walk({ door: 'web', state: 'expired' }), 'i')
      assert.equal(await walk({ door: 'web', namePrefix: 'b' }), 'b')
    })

    const strangers = (store: Store, sightings: readonly Sighting[], now = LATE) =>
      store.commit(async (tx) => {
        await tx.alone('unissued')
        return tx.watch.meetUnissued(sightings, now)
      })
    const list = async (store: Store, vouched?: Vouched) =>
      (await store.watch.unissued({ limit: 100, vouched })).found.map((one) => [
        one.vouched,
        one.meetings,
        one.door,
        one.firstSeenAt.since(START).total('minutes'),
        one.lastSeenAt.since(START).total('minutes'),
      ])

    test('what was not issued here is kept once, with how often and since when', async (t) => {
      const store = await opened(t)
      const [one, other] = [freshOctets(), freshOctets()]
      const first = await strangers(store, [
        sighting(one, 3, { vouched: 'own' }),
        sighting(other, 3, { vouched: 'other', authority: 'partner' }),
        sighting(freshOctets(), 3),
      ])
      assert.deepEqual(
        first.map(({ sha256 }) => sha256),
        [one.toHex(), other.toHex()],
      )
      const again = await strangers(store, [
        sighting(one, 9, { vouched: 'own', meetings: 4, door: 'tcp', firstAt: at(1) }),
      ])
      assert.deepEqual(again, [])
      assert.deepEqual(await list(store), [
        ['own', 5, 'tcp', 1, 9],
        ['other', 1, 'web', 3, 3],
      ])
      assert.deepEqual(await list(store, 'claimed'), [])
      assert.equal((await store.watch.unissued({ limit: 9, vouched: 'other' })).found[0]?.authority, 'partner')
      const { found, next } = await store.watch.unissued({ limit: 1 })
      assert.deepEqual([found.length, next], [1, found[0]?.id])
      assert.equal((await store.watch.unissued({ limit: 1, after: next })).found[0]?.vouched, 'other')
    })

    test('of two who meet the same stranger at once, one is the first', async (t) => {
      const place = await placeOf(t)
      const store = await opened(t, place)
      const two = what === 'PostgreSQL' ? await opened(t, place) : store
      const one = freshOctets()
      const found = await Promise.all(
        [store, two, store, two].map((each, i) => strangers(each, [sighting(one, i, { vouched: 'own' })])),
      )
      assert.equal(found.flat().length, 1)
      assert.deepEqual(
        (await list(store)).map(([, meetings, , first, last]) => [meetings, first, last]),
        [[4, 0, 3]],
      )
    })
  })

suite('strangers', () => {
  test('are kept in bounds, those seen last; and those who claim push out nobody else', async (t) => {
    const database = new DatabaseSync(':memory:')
    t.after(() => database.close())
    database.exec(SCHEMA.sqlite)
    const watch = createWatchStore(new Kysely<Tables>({ dialect: sqliteDialect(database) }), 3)
    const meet = (minutes: number, vouched: Vouched, sha256 = freshOctets()) =>
      watch.meetUnissued([sighting(sha256, minutes, { vouched })], LATE)
    const first = freshOctets()
    await meet(0, 'own')
    await meet(0, 'claimed', first)
    for (const minutes of [1, 2]) await meet(minutes, 'claimed')
    await meet(3, 'claimed', first)
    for (const minutes of [4, 5]) await meet(minutes, 'claimed')
    const seen = async (vouched: Vouched) =>
      (await watch.unissued({ vouched, limit: 9 })).found.map((one) => one.lastSeenAt.since(START).total('minutes'))
    assert.deepEqual(await seen('claimed'), [3, 4, 5])
    assert.deepEqual(await seen('own'), [0])
  })
})
