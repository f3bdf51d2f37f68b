// How long the authority may be away: the pure answer, and what of a store goes into it.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { type OutageBudget, outageBudget, type Reliance } from '../../src/watching/outage.ts'
import { findOutageBudget } from '../../src/watching/reliance.ts'
import { warnOfExpiry } from '../../src/watching/warn.ts'
import { START } from '../support/core.ts'
import { sighting } from '../support/sighting.ts'
import { PLACES, row } from '../support/stores.ts'

const hour = (hours: number) => START.add({ minutes: hours * 60 })
const hoursLeft = ({ holdsUntil }: OutageBudget) => holdsUntil?.since(START).total('hours')
const door = (name: string, revocation: 'require' | 'prefer', isElsewhere = true) => ({ name, revocation, isElsewhere })
const certificate = (party: string, end: number) => ({
  party,
  profile: 'client',
  serial: '0f',
  notAfter: hour(end),
})
const NOBODY: Reliance = { lists: [], doors: [], certificates: [] }
const LISTS = [
  { issuer: 'issuing', nextUpdate: hour(24) },
  { issuer: 'root', nextUpdate: hour(5000) },
]

suite('the outage budget', () => {
  for (const [what, reliance, expected] of [
    ['nobody relies on it', NOBODY, undefined],
    ['a list alone', { ...NOBODY, lists: LISTS }, 24],
    ['the first list, in whatever order', { ...NOBODY, lists: LISTS.toReversed() }, 24],
    ['a list, though each known door goes on', { ...NOBODY, lists: LISTS, doors: [door('web', 'prefer')] }, 24],
    ['a certificate before the list', { ...NOBODY, lists: LISTS, certificates: [certificate('a', 7)] }, 7],
    ['the list before a certificate', { ...NOBODY, lists: LISTS, certificates: [certificate('a', 25)] }, 24],
    ['the first certificate', { ...NOBODY, certificates: [certificate('b', 90), certificate('a', 60)] }, 60],
    ['a list that has run out', { ...NOBODY, lists: [{ issuer: 'issuing', nextUpdate: hour(-3) }] }, 0],
    ['a door alone', { ...NOBODY, doors: [door('web', 'require')] }, undefined],
  ] as const satisfies readonly (readonly [string, Reliance, number | undefined])[])
    test(`${what}: ${expected ?? 'no end'}`, () => {
      assert.equal(hoursLeft(outageBudget(reliance, START)), expected)
    })

  test('names who fails, when and of what, the first first; who goes on; and who ends with it', () => {
    const found = outageBudget(
      {
        lists: LISTS,
        doors: [
          door('door/gate-1:web', 'require'),
          door('door/gate-1:tcp', 'prefer'),
          door('hello', 'require', false),
          door('door/gate-2:web', 'require'),
        ],
        certificates: [certificate('ci', 30), certificate('db', 12)],
      },
      START,
    )
    const doors = ['door/gate-1:web', 'door/gate-2:web']
    assert.deepEqual(found.failures, [
      { at: hour(12), cause: 'certificate', party: 'db', profile: 'client', serial: '0f' },
      { at: hour(24), cause: 'list', issuer: 'issuing', doors },
      { at: hour(30), cause: 'certificate', party: 'ci', profile: 'client', serial: '0f' },
      { at: hour(5000), cause: 'list', issuer: 'root', doors },
    ])
    assert.deepEqual([found.goOn, found.endWithIt], [['door/gate-1:tcp'], ['hello']])
  })

  test('is of the first twenty, however many fail', () => {
    const certificates = Array.from({ length: 100 }, (_, i) => certificate(`party-${i}`, 100 - i))
    const { failures } = outageBudget({ ...NOBODY, certificates }, START)
    assert.deepEqual(
      failures.map(({ at }) => at.since(START).total('hours')),
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
  })
})

for (const [what, placeOf, options] of PLACES)
  suite(`what relies on an authority, in ${what}`, options, () => {
    const added = (store: Store, one: NewCertificate, before?: NewCertificate) =>
      store.commit(async ({ certificates }) => {
        const id = await certificates.add(one)
        if (before) await certificates.succeed(before.sha256, before.party, id)
        return { ...one, id }
      })
    const until = (end: number, more: Partial<NewCertificate> = {}) => ({
      notBefore: START,
      notAfter: hour(end),
      method: 'token' as const,
      ...more,
    })
    const opened = async (t: TestContext) => {
      const store = await openStore(await placeOf(t), () => undefined)
      t.after(() => store.close())
      return store
    }
    const first = async (store: Store, now = START) => {
      const budget = await findOutageBudget(store, [], now)
      return budget.failures.map((failure) => (failure.cause === 'list' ? failure.issuer : failure.party))
    }

    test('certificates that their holders will renew: not what was renewed, replaced, revoked, or is its own', async (t) => {
      const store = await opened(t)
      assert.deepEqual(await first(store), [])
      const renewed = await added(store, row('renewed', until(10)))
      await added(store, row('renewed', until(200)), renewed)
      await added(store, row('own-door', until(11, { method: 'local' })))
      await added(store, row('listener', until(12, { method: 'self' })))
      await added(store, row('person', until(13, { profile: 'ssh-user' })))
      const lost = await added(store, row('lost', until(14)))
      await store.commit(async (tx) =>
        tx.certificates.revoke(lost, START, 'unspecified', await tx.status.addEvent('status', START)),
      )
      await added(store, row('anew', until(15)))
      await added(store, row('anew', until(300)))
      const inUse = await added(store, row('machines', until(16)))
      await added(store, row('machines', until(301)))
      await store.commit(({ watch }) => watch.see([{ ...sighting(inUse.sha256, 60), row: inUse.id }], hour(1)))
      await added(store, row('over', until(-1)))
      assert.deepEqual(await first(store), ['machines', 'renewed', 'anew', 'machines'])
      assert.equal(hoursLeft(await findOutageBudget(store, [], START)), 16)
    })

    test('what is overdue ends either way, and is not counted', async (t) => {
      const store = await opened(t)
      await added(store, row('late', until(100)))
      await added(store, row('fine', until(900)))
      assert.deepEqual(await first(store, hour(74)), ['late', 'fine'])
      await warnOfExpiry({ store, clock: () => hour(76), log: () => undefined })
      assert.deepEqual(await first(store, hour(76)), ['fine'])
    })

    test('of each issuer the newest list; of one that signs nothing any more, none', async (t) => {
      const store = await opened(t)
      await store.commit(async (tx) => {
        for (const [id, name, state] of [
          [5, 'five', 'active'],
          [6, 'six', 'retired'],
          [7, 'seven', 'retiring'],
        ] as const) {
          await tx.certificates.addAuthority(
            id,
            row(name, { profile: 'issuing', method: 'self', notAfter: hour(9999) }),
          )
          const { spkiSha256 } = row(name)
          const own = { id, name, state, kind: 'intermediate', keyPlace: 'x', profiles: [], createdAt: START } as const
          await tx.issuers.add({ ...own, spkiSha256 })
          for (const number of [1, 2])
            await tx.status.addCrl({
              ...{ issuer: id, number, der: new Uint8Array(), covers: 0, thisUpdate: START },
              nextUpdate: hour(number * 10 - id),
            })
        }
      })
      assert.deepEqual(await first(store), ['seven', 'five'])
      assert.equal(hoursLeft(await findOutageBudget(store, [], START)), 13)
    })
  })
