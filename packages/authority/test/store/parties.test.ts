// Parties on both databases: what they are, their labels, and who is locked when.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { PartyQuery } from '../../src/store/parties.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START } from '../support/core.ts'
import { freshOctets, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined

for (const [what, placeOf, options] of PLACES)
  suite(`parties in ${what}`, options, () => {
    const opened = async (t: TestContext): Promise<Store> => {
      const store = await openStore(await placeOf(t), ignore)
      t.after(() => store.close())
      return store
    }

    test('one is known from its first time on, and changed in what is named alone', async (t) => {
      const store = await opened(t)
      assert.equal(await store.parties.byName('alice'), undefined)
      await store.commit(async ({ parties }) => {
        await parties.ensure('alice', START)
        await parties.ensure('alice', START.add({ hours: 1 }))
        await parties.change('alice', { kind: 'person', owner: 'bob', labels: ['group:ops', 'group:dev', 'group:ops'] })
      })
      const alice = {
        name: 'alice',
        kind: 'person',
        owner: 'bob',
        labels: ['group:dev', 'group:ops'],
        createdAt: START,
      }
      assert.deepEqual(await store.parties.byName('alice'), alice)
      await store.commit(({ parties }) => parties.change('alice', { role: 'viewer', owner: null }))
      const { owner: _, ...rest } = alice
      assert.deepEqual(await store.parties.byName('alice'), { ...rest, role: 'viewer' })
      await store.commit(({ parties }) => parties.change('alice', { labels: [] }))
      assert.deepEqual((await store.parties.byName('alice'))?.labels, [])
      await assert.rejects(
        store.commit(({ parties }) => parties.change('nobody', { labels: ['a:b'] })),
        /FOREIGN KEY|foreign key/,
      )
    })

    test('a lock holds until it is taken away or over', async (t) => {
      const store = await opened(t)
      const until = START.add({ hours: 1 })
      await store.commit(async ({ parties }) => {
        for (const name of ['alice', 'bob', 'carol']) await parties.ensure(name, START)
        await parties.lock('bob', { at: START, until })
        await parties.lock('alice', { at: START, reason: 'lost' })
      })
      const alice = { party: 'alice', reason: 'lost' }
      assert.deepEqual(await store.parties.locks(START), [alice, { party: 'bob', until }])
      assert.deepEqual(await store.parties.locks(until), [alice])
      assert.deepEqual(
        await Promise.all(['alice', 'bob', 'carol', 'nobody'].map((name) => store.parties.isLocked(name, until))),
        [true, false, false, false],
      )
      assert.equal(await store.parties.isLocked('bob', until.subtract({ milliseconds: 1 })), true)
      await store.commit(({ parties }) => parties.unlock('alice'))
      assert.deepEqual(await store.parties.locks(until), [])
      assert.equal((await store.parties.byName('alice'))?.lock, undefined)
    })

    test('lists by each column, page by page in the order of their names', async (t) => {
      const store = await opened(t)
      await store.commit(async ({ parties }) => {
        for (let i = 0; i < 20; i++) {
          const name = `p${String(i).padStart(2, '0')}`
          await parties.ensure(name, START)
          await parties.change(name, {
            kind: i % 2 === 0 ? 'person' : 'device',
            owner: i % 3 === 0 ? 'ann' : null,
            role: i % 5 === 0 ? 'auditor' : undefined,
            labels: i % 4 === 0 ? ['group:ops', `own:${i}`] : [],
          })
          if (i % 7 === 0) await parties.lock(name, { at: START, until: START.add({ hours: i }) })
        }
      })
      const walk = async (query: Omit<PartyQuery, 'now' | 'limit'>) => {
        const found: number[] = []
        for (let after: string | undefined; ; ) {
          const page = await store.parties.list({ ...query, now: START, limit: 3, after })
          found.push(...page.found.map(({ name }) => Number(name.slice(1))))
          after = page.next
          if (after === undefined) return found
        }
      }
      const those = (fits: (i: number) => boolean) => Array.from({ length: 20 }, (_, i) => i).filter(fits)
      assert.deepEqual(
        await walk({}),
        those(() => true),
      )
      assert.deepEqual(
        await walk({ kind: 'device' }),
        those((i) => i % 2 === 1),
      )
      assert.deepEqual(
        await walk({ owner: 'ann' }),
        those((i) => i % 3 === 0),
      )
      assert.deepEqual(
        await walk({ role: 'auditor' }),
        those((i) => i % 5 === 0),
      )
      assert.deepEqual(
        await walk({ label: 'group:ops' }),
        those((i) => i % 4 === 0),
      )
      assert.deepEqual(
        await walk({ label: 'group:ops', kind: 'person', owner: 'ann' }),
        those((i) => i % 12 === 0),
      )
      // The lock of 0 was over when it began.
      assert.deepEqual(await walk({ locked: true }), [7, 14])
      assert.deepEqual(
        await walk({ locked: false }),
        those((i) => i !== 7 && i !== 14),
      )
      for (const query of [{ label: 'group' }, { owner: 'an' }, { kind: 'host' }] as const)
        assert.deepEqual(await walk(query), [])
    })

    test('a store of version 4 knows who was certified or invited, and goes on with its events', async (t) => {
      const place = await placeOf(t)
      const store = await openStore(place, ignore)
      const certificate = row('alice', { issuedAt: START.add({ hours: 1 }) })
      await store.commit(async ({ certificates, invitations, status }) => {
        const id = await certificates.add(certificate)
        await certificates.revoke({ ...certificate, id }, START, 'superseded', await status.addEvent('status', START))
        for (const [party, hours] of [
          ['alice', 0],
          ['bob', 2],
        ] as const) {
          const createdAt = START.add({ hours })
          const [invitation, macKey] = [freshOctets(), freshOctets()]
          await invitations.add({
            id: invitation,
            macKey,
            party,
            profile: 'client',
            names: [],
            createdAt,
            expiresAt: createdAt,
          })
        }
      })
      await store.close()
      await setBack(place, 4)
      const again = await openStore(place, ignore)
      t.after(() => again.close())
      const { found } = await again.parties.list({ now: START, limit: 10 })
      assert.deepEqual(
        found.map(({ name, createdAt }) => [name, createdAt.toString()]),
        [
          ['alice', START.toString()],
          ['bob', START.add({ hours: 2 }).toString()],
        ],
      )
      const sequence = await again.commit(({ status }) => status.addEvent('lock', START))
      assert.deepEqual(
        (await again.status.eventsAfter(0, 9)).map(({ sequence, kind }) => [sequence, kind]),
        [
          [sequence - 1, 'status'],
          [sequence, 'lock'],
        ],
      )
    })
  })
