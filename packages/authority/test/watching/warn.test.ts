// What is told of certificates and lists that nobody renews: each once, on both databases, by one of several.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { latenessOf } from '../../src/watching/overdue.ts'
import { reportEnding } from '../../src/watching/report.ts'
import { warnOfExpiry } from '../../src/watching/warn.ts'
import { START } from '../support/core.ts'
import { sighting } from '../support/sighting.ts'
import { PLACES, row } from '../support/stores.ts'

const ignore = () => undefined
const hour = (hours: number) => START.add({ minutes: Math.round(hours * 60) })
/** A hundred hours: overdue from the 75th on, in its last tenth from the 90th. */
const LIFE = { notBefore: START, notAfter: hour(100) }

suite('how late it is with a renewal', () => {
  for (const [hours, stage, next] of [
    [-1, undefined, 75],
    [74.9, undefined, 75],
    [75, 'expiring', 90],
    [89.9, 'expiring', 90],
    [90, 'ending', 100],
    [99.9, 'ending', 100],
    [100, 'expired', undefined],
    [1000, 'expired', undefined],
  ] as const)
    test(`after ${hours} of 100 hours: ${stage ?? 'in time'}`, () => {
      const found = latenessOf(LIFE, hour(hours))
      assert.equal(found.stage, stage)
      assert.deepEqual(found.next, next === undefined ? undefined : hour(next))
    })
})

for (const [what, placeOf, options] of PLACES)
  suite(`what is told of ends, in ${what}`, options, () => {
    const opened = async (t: TestContext, place?: string): Promise<Store> => {
      const store = await openStore(place ?? (await placeOf(t)), ignore)
      t.after(() => store.close())
      return store
    }
    const added = (store: Store, certificate: NewCertificate, before?: NewCertificate) =>
      store.commit(async ({ certificates }) => {
        const id = await certificates.add(certificate)
        if (before) await certificates.succeed(before.sha256, before.party, id)
        return { ...certificate, id }
      })
    const seen = async (store: Store, { id, sha256 }: { id: number; sha256: Uint8Array }, hours: number) =>
      store.commit(({ watch }) => watch.see([{ ...sighting(sha256, hours * 60), row: id }], hour(9999)))
    /** What is logged at that hour, as `party stage`. */
    const told = async (store: Store, hours: number): Promise<readonly string[]> => {
      const lines: string[] = []
      const log = (event: string, fields?: Readonly<Record<string, unknown>>) =>
        void lines.push(`${fields?.['party'] ?? fields?.['issuer']} ${event}`)
      await warnOfExpiry({ store, clock: () => hour(hours), log })
      return lines
    }
    /** What those who follow the events were told, as they are numbered. */
    const happened = async (store: Store): Promise<readonly string[]> => {
      await store.commit(({ ledger }) => ledger.number(1000))
      const all = await store.ledger.happenedAfter(0, 1000)
      return all.map(({ octets, position }) => {
        const { kind, party, issuer } = JSON.parse(new TextDecoder().decode(octets))
        assert.equal(position, undefined, 'it is no act')
        return `${party ?? issuer} ${kind}`
      })
    }

    test('each stage once, also after a restart; of what was renewed, revoked or is for a person at need, nothing', async (t) => {
      const place = await placeOf(t)
      const store = await opened(t, place)
      await added(store, row('alice', LIFE))
      const renewed = await added(store, row('bob', LIFE))
      await added(store, row('bob', { ...LIFE, notAfter: hour(900) }), renewed)
      await added(store, row('carol', { ...LIFE, profile: 'ssh-user' }))
      const lost = await added(store, row('dave', LIFE))
      await store.commit(async (tx) =>
        tx.certificates.revoke(lost, hour(1), 'unspecified', await tx.status.addEvent('status', START)),
      )
      assert.deepEqual(await told(store, 74), [])
      assert.deepEqual(await told(store, 76), ['alice certificate.expiring'])
      assert.deepEqual(await told(store, 77), [])
      await store.close()
      const again = await opened(t, place)
      assert.deepEqual(await told(again, 78), [])
      assert.deepEqual(await told(again, 91), ['alice certificate.ending'])
      assert.deepEqual(await told(again, 101), ['alice certificate.expired'])
      assert.deepEqual(await told(again, 500), [])
      assert.deepEqual(await happened(again), ['alice expiring', 'alice ending', 'alice expired'])
    })

    test('of several authorities, one tells', async (t) => {
      const place = await placeOf(t)
      const one = await opened(t, place)
      const other = what === 'PostgreSQL' ? await opened(t, place) : one
      for (let i = 0; i < 20; i++) await added(one, row(`party-${i}`, LIFE))
      const all = await Promise.all([told(one, 76), told(other, 76), told(one, 76), told(other, 76)])
      assert.equal(all.flat().length, 20)
      assert.equal(new Set(all.flat()).size, 20)
    })

    test('a machine that was off tells the stage that it is, and none that is over', async (t) => {
      const store = await opened(t)
      await added(store, row('alice', LIFE))
      assert.deepEqual(await told(store, 95), ['alice certificate.ending'])
    })

    test('a clock that was ahead is set right: what was told is not overdue any more, and nothing is told twice', async (t) => {
      const store = await opened(t)
      const until = (end: number) => ({ notBefore: START, notAfter: hour(end) })
      const [young, old] = [await added(store, row('young', until(1000))), await added(store, row('old', until(30)))]
      await added(store, row('person', { ...until(40), profile: 'ssh-user' }))
      assert.deepEqual(await told(store, 25), ['old certificate.expiring'])
      // Ahead by years.
      assert.equal((await told(store, 99_999)).length, 2)
      const state = async ({ id }: { readonly id: number }) => (await store.certificates.byId(id))?.isOverdue === true
      assert.deepEqual([await state(young), await state(old)], [true, true])
      assert.deepEqual(await told(store, 26), [])
      assert.deepEqual([await state(young), await state(old)], [false, true])
      const { certificates } = await reportEnding(store, { now: hour(26), isOverdue: true, limit: 9 })
      assert.deepEqual(
        certificates.map(({ certificate }) => certificate.party),
        ['old'],
      )
      assert.deepEqual(await told(store, 28), ['old certificate.ending'])
      assert.deepEqual(await told(store, 751), ['old certificate.expired', 'young certificate.expiring'])
    })

    test('clocks of several authorities may differ a little', async (t) => {
      const store = await opened(t)
      await added(store, row('alice', LIFE))
      assert.equal((await told(store, 75.1)).length, 1)
      assert.deepEqual(await told(store, 75), [])
      assert.deepEqual(await told(store, 75.2), [])
    })

    test('what its party replaced without renewing is not told, unless it is used beside the other', async (t) => {
      const store = await opened(t)
      const names = (...values: string[]) => values.map((value) => ({ kind: 'dNSName' as const, value }))
      const anew = { notBefore: hour(50), issuedAt: hour(50), notAfter: hour(150) }
      const parties = ['replaced', 'two-machines', 'fewer-names', 'other-profile', 'shorter', 'revoked'] as const
      const rows = new Map<string, NewCertificate & { id: number }>()
      for (const party of parties) {
        const old = await added(store, row(party, { ...LIFE, names: names('a.example', 'b.example') }))
        await seen(store, old, 40)
        rows.set(
          party,
          await added(
            store,
            row(party, {
              ...anew,
              names: party === 'fewer-names' ? names('a.example') : names('b.example', 'a.example', 'c.example'),
              ...(party === 'other-profile' && { profile: 'server' }),
              ...(party === 'shorter' && { notAfter: hour(99) }),
            }),
          ),
        )
        if (party === 'two-machines') await seen(store, old, 60)
      }
      const lost = rows.get('revoked') ?? assert.fail()
      await store.commit(async (tx) =>
        tx.certificates.revoke(lost, hour(55), 'unspecified', await tx.status.addEvent('status', START)),
      )
      assert.deepEqual(
        (await told(store, 76)).toSorted(),
        ['fewer-names', 'other-profile', 'revoked', 'shorter', 'two-machines'].map(
          (party) => `${party} certificate.expiring`,
        ),
      )
      const { certificates } = await reportEnding(store, { now: hour(76), isOverdue: true, limit: 100 })
      const found = certificates.map(({ certificate, replacedBy }) => [certificate.party, replacedBy !== undefined])
      assert.deepEqual(
        Object.fromEntries(found),
        Object.fromEntries(parties.map((party) => [party, party === 'replaced'])),
      )
    })

    test('lists: where no newer one was signed, and not of an issuer that signs nothing any more', async (t) => {
      const store = await opened(t)
      const issuer = (name: string, id: number, state: 'active' | 'retired') => ({
        ...{ name, id, state, kind: 'intermediate' as const, keyPlace: 'x', profiles: [], createdAt: START },
        spkiSha256: row(name).spkiSha256,
      })
      const list = (of: number, number: number, from: number) => ({
        ...{ issuer: of, number, der: new Uint8Array(), covers: 0 },
        thisUpdate: hour(from),
        nextUpdate: hour(from + 100),
      })
      await store.commit(async (tx) => {
        for (const id of [5, 6])
          await tx.certificates.addAuthority(id, row(`issuer-${id}`, { profile: 'issuing', notAfter: hour(9999) }))
        await tx.issuers.add(issuer('five', 5, 'active'))
        await tx.issuers.add(issuer('six', 6, 'retired'))
        for (const each of [list(5, 1, 0), list(6, 1, 0)]) await tx.status.addCrl(each)
      })
      assert.deepEqual(await told(store, 60), [])
      assert.deepEqual(await told(store, 76), ['five crl.expiring'])
      assert.deepEqual(await told(store, 77), [])
      await store.commit(({ status }) => status.addCrl(list(5, 2, 78)))
      assert.deepEqual(await told(store, 101), [])
      assert.deepEqual((await reportEnding(store, { now: hour(101), limit: 9 })).lists, [])
      assert.deepEqual(await told(store, 170), ['five crl.ending'])
      const { lists } = await reportEnding(store, { now: hour(170), limit: 9 })
      assert.deepEqual(
        lists.map(({ name, number }) => [name, number]),
        [['five', 2]],
      )
      assert.deepEqual(await told(store, 179), ['five crl.expired'])
      assert.equal((await reportEnding(store, { now: hour(999), limit: 9 })).lists.length, 1)
      assert.deepEqual(await told(store, 999), [])
    })

    test('the report: by its end, page by page, whose it is, and what is not overdue only where that is asked for', async (t) => {
      const store = await opened(t)
      for (const [party, end] of [
        ['a', 100],
        ['b', 110],
        ['c', 500],
        ['d', 102],
      ] as const) {
        await store.commit(({ parties }) => parties.ensure(party, START))
        await added(store, row(party, { notBefore: START, notAfter: hour(end) }))
      }
      await added(store, row('gone', { notBefore: START, notAfter: hour(50) }))
      await store.commit(({ parties }) => parties.change('b', { owner: 'team blue' }))
      await told(store, 90)
      const walk = async (query: object) => {
        const found: string[] = []
        for (let after: Parameters<typeof reportEnding>[1]['after']; ; ) {
          const page = await reportEnding(store, { now: hour(90), limit: 1, ...query, after })
          found.push(...page.certificates.map(({ certificate }) => certificate.party))
          if (page.next === undefined) return found.join('')
          after = page.next
        }
      }
      assert.equal(await walk({ isOverdue: true }), 'adb')
      assert.equal(await walk({ isOverdue: true, before: hour(103) }), 'ad')
      assert.equal(await walk({ isOverdue: false }), 'c')
      assert.equal(await walk({}), 'adbc')
      assert.equal(await walk({ isOverdue: true, before: hour(99) }), '')
      const { certificates } = await reportEnding(store, { now: hour(90), isOverdue: true, limit: 9 })
      assert.deepEqual(
        certificates.map(({ owner, isOverdue, renewBefore }) => [
          owner,
          isOverdue,
          renewBefore.since(START).total('hours'),
        ]),
        [
          [undefined, true, 75],
          [undefined, true, 76.5],
          ['team blue', true, 82.5],
        ],
      )
    })
  })
