// Issuers on both databases: what each may sign, and that of a profile one signs.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { NewIssuer } from '../../src/store/issuers.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START } from '../support/core.ts'
import { freshOctets, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined

function issuer(name: string, fields: Partial<NewIssuer> = {}): NewIssuer {
  const common = { name, kind: 'intermediate', state: 'next', profiles: ['client', 'server'] } as const
  return { ...common, spkiSha256: freshOctets(), createdAt: START, ...fields }
}

for (const [what, placeOf, options] of PLACES)
  suite(`issuers in ${what}`, options, () => {
    const opened = async (t: TestContext): Promise<Store> => {
      const store = await openStore(await placeOf(t), ignore)
      t.after(() => store.close())
      return store
    }
    const add = (store: Store, ...all: NewIssuer[]) =>
      store.commit(async ({ issuers }) => {
        for (const one of all) await issuers.add(one)
      })

    test('one is read as it was written, by name, by number and by key', async (t) => {
      const store = await opened(t)
      const [one, waiting] = [
        issuer('one', { id: 7, keyPlace: 'one.key' }),
        issuer('two', { publicKey: freshOctets() }),
      ]
      await add(store, one, waiting)
      assert.deepEqual(await store.issuers.byName('one'), one)
      assert.deepEqual(await store.issuers.byId(7), one)
      assert.deepEqual(await store.issuers.byKey(waiting.spkiSha256), waiting)
      assert.equal(await store.issuers.byName('three'), undefined)
      await store.commit(({ issuers }) => issuers.change('one', { state: 'retired', keyPlace: null }))
      const { keyPlace: _, ...rest } = one
      assert.deepEqual(await store.issuers.byName('one'), { ...rest, state: 'retired' })
    })

    test('of a profile one issuer signs, and a second is refused whole', async (t) => {
      const store = await opened(t)
      await add(store, issuer('one', { state: 'active' }), issuer('two', { profiles: ['client'] }))
      assert.equal(await store.issuers.signerOf('client'), 'one')
      assert.equal(await store.issuers.signerOf('device'), undefined)
      const second = store.commit(async ({ issuers }) => {
        await issuers.change('two', { state: 'active' })
        await issuers.setProfiles('two', ['client'], true)
      })
      await assert.rejects(second, /unique/i)
      assert.equal((await store.issuers.byName('two'))?.state, 'next')
      await store.commit(async ({ issuers }) => {
        await issuers.setProfiles('one', ['server'], true)
        await issuers.setProfiles('two', ['client'], true)
      })
      assert.equal(await store.issuers.signerOf('client'), 'two')
      assert.equal(await store.issuers.signerOf('server'), 'one')
    })

    for (const [which, fields] of [
      ['name', { name: 'one' }],
      ['number', { id: 7 }],
      ['key', { spkiSha256: new Uint8Array(32).fill(9) }],
    ] as const)
      test(`a second issuer of the same ${which} is refused`, async (t) => {
        const store = await opened(t)
        await add(store, issuer('one', { id: 7, spkiSha256: new Uint8Array(32).fill(9) }))
        await assert.rejects(add(store, issuer('two', fields)), /unique/i)
        assert.equal((await store.issuers.list({ limit: 9 })).found.length, 1)
      })

    test('they are listed by name, page by page, and by state', async (t) => {
      const store = await opened(t)
      await add(store, issuer('b'), issuer('a', { state: 'retired' }), issuer('c', { state: 'retiring' }))
      const first = await store.issuers.list({ limit: 2 })
      assert.deepEqual([first.found.map(({ name }) => name), first.next], [['a', 'b'], 'b'])
      const second = await store.issuers.list({ limit: 2, after: 'b' })
      assert.deepEqual([second.found.map(({ name }) => name), second.next], [['c'], undefined])
      const retired = await store.issuers.list({ limit: 2, state: 'retired' })
      assert.deepEqual(
        retired.found.map(({ name }) => name),
        ['a'],
      )
      const told = await store.issuers.published(9)
      assert.deepEqual(
        told.map(({ name }) => name),
        ['b', 'c'],
      )
    })

    test('further certificates of a key are of an issuer that is there, until they end', async (t) => {
      const store = await opened(t)
      await add(store, issuer('one'))
      const cross = { issuer: 'one', sha256: freshOctets(), der: freshOctets(), notAfter: START.add({ hours: 1 }) }
      await store.commit(({ issuers }) => issuers.addCross(cross))
      assert.deepEqual(await store.issuers.crossesOf(['one', 'two'], START), [cross])
      assert.deepEqual(await store.issuers.crossesOf(['one'], cross.notAfter), [])
      const ofNobody = store.commit(({ issuers }) =>
        issuers.addCross({ ...cross, sha256: freshOctets(), issuer: 'two' }),
      )
      await assert.rejects(ofNobody, /foreign key/i)
    })

    test('a store of before knows its root and its issuer, and the lists that it had', async (t) => {
      const place = await placeOf(t)
      const before = await openStore(place, ignore)
      const [root, issuing] = [
        row('authority/root', { profile: 'root', issuer: 1 }),
        row('a', { profile: 'issuing', issuer: 1 }),
      ]
      const list = { issuer: 2, number: 4, der: freshOctets(), thisUpdate: START, nextUpdate: START, covers: 0 }
      await before.commit(async ({ certificates, status }) => {
        await certificates.addAuthority(1, root)
        await certificates.addAuthority(2, issuing)
        await certificates.add(row('alice'))
        await status.addCrl(list)
      })
      await before.close()
      await setBack(place, 9)
      const store = await openStore(place, ignore)
      t.after(() => store.close())
      const { found } = await store.issuers.list({ limit: 9 })
      assert.deepEqual(
        found.map(({ name, kind, id, state, keyPlace, profiles }) => [
          name,
          kind,
          id,
          state,
          keyPlace,
          profiles.length,
        ]),
        [
          ['issuing', 'intermediate', 2, 'active', 'issuing.key', 10],
          ['root', 'root', 1, 'active', 'root.key', 1],
        ],
      )
      assert.deepEqual(found[0]?.spkiSha256, issuing.spkiSha256)
      assert.equal(await store.issuers.signerOf('client'), 'issuing')
      assert.equal(await store.issuers.signerOf('intermediate'), 'root')
      assert.deepEqual(await store.status.newestCrl(2), list)
    })
  })
