// What a store must do, asked of SQLite and of PostgreSQL alike.

import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { HAPPENED_FROM_SETTING } from '../../src/store/ledger.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START } from '../support/core.ts'
import { freshOctets, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined
const invitation = (party: string, expiresAt = START.add({ minutes: 10 })) => ({
  id: freshOctets(),
  macKey: freshOctets(),
  party,
  profile: 'client' as const,
  names: [],
  createdAt: START,
  expiresAt,
})

for (const [what, placeOf, options] of PLACES)
  suite(`a store in ${what}`, options, () => {
    const opened = async (t: TestContext, place?: string): Promise<Store> => {
      const store = await openStore(place ?? (await placeOf(t)), ignore)
      t.after(() => store.close())
      return store
    }
    /** Adds a certificate, and answers it as it is stored. */
    const added = (store: Store, certificate: NewCertificate) =>
      store.commit(async ({ certificates }) => {
        assert.ok(await certificates.takeKey(certificate.spkiSha256, certificate.party, START, certificate.notAfter))
        const id = await certificates.add(certificate)
        return { ...certificate, id }
      })

    test('a row is read as it was written, and after a restart', async (t) => {
      const place = await placeOf(t)
      const store = await openStore(place, ignore)
      const certificate = await added(store, row('alice'))
      await store.close()
      const { certificates } = await opened(t, place)
      assert.deepEqual(await certificates.byId(certificate.id), certificate)
      assert.deepEqual(await certificates.bySha256(certificate.sha256), certificate)
      assert.deepEqual(await certificates.bySerial(certificate.serial), [certificate])
      assert.deepEqual(await certificates.byParty('alice', 10), [certificate])
      assert.equal(await certificates.byId(certificate.id + 1), undefined)
    })

    test('of an address are those in force: the newest first, and none that was renewed, revoked or has ended', async (t) => {
      const store = await opened(t)
      const [address, profile] = ['alice@acme.example', 'person-encryption'] as const
      const mail = (party: string, fields: Partial<NewCertificate> = {}) =>
        added(store, row(party, { profile, names: [{ kind: 'rfc822Name', value: address }], ...fields }))
      const of = async (at = START) =>
        (await store.certificates.currentOfAddress(address, profile, at, 2)).map(({ id }) => id)
      const first = await mail('alice')
      const second = await mail('alice')
      await mail('alice', { profile: 'person' })
      await mail('carol', { names: [{ kind: 'rfc822Name', value: 'Alice@acme.example' }] })
      await mail('carol', { names: [{ kind: 'dNSName', value: address }] })
      const third = await mail('bob')
      assert.deepEqual(await of(), [third.id, second.id])
      await store.commit(({ certificates }) => certificates.succeed(first.sha256, 'alice', second.id))
      await store.commit(async ({ certificates, status }) => {
        const held = (await certificates.byId(third.id)) ?? assert.fail()
        await certificates.revoke(held, START, 'superseded', await status.addEvent('status', START))
      })
      assert.deepEqual(await of(), [second.id])
      assert.deepEqual(await of(second.notAfter), [])
    })

    test('the authority’s own certificates have their rows, and all others come behind', async (t) => {
      const store = await opened(t)
      await store.commit(async ({ certificates }) => {
        await certificates.addAuthority(1, row('authority/root', { profile: 'root', issuer: 1 }))
        await certificates.addAuthority(2, row('authority/issuing', { profile: 'issuing', issuer: 1 }))
      })
      assert.equal((await added(store, row('alice'))).id, 3)
    })

    test('a serial number is one issuer’s once, and another issuer may have it too', async (t) => {
      const store = await opened(t)
      const first = await added(store, row('alice'))
      const again = row('bob', { serial: first.serial })
      await assert.rejects(
        store.commit(({ certificates }) => certificates.add(again)),
        /unique/i,
      )
      assert.equal(await store.certificates.bySha256(again.sha256), undefined)
      await added(store, row('bob', { serial: first.serial, issuer: 3 }))
      assert.equal((await store.certificates.bySerial(first.serial)).length, 2)
    })

    test('work that throws leaves nothing, and what is committed beside it stays', async (t) => {
      const store = await opened(t)
      const outcomes = await Promise.allSettled([
        added(store, row('alice')),
        store.commit(async (tx) => {
          await tx.certificates.add(row('bob'))
          await tx.set('a', 'b')
          throw new RangeError('not this one')
        }),
        added(store, row('carol')),
      ])
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.equal(await store.setting('a'), undefined)
      const { found: all } = await store.certificates.list({ now: START, limit: 10 })
      assert.deepEqual(all.map(({ party }) => party).sort(), ['alice', 'carol'])
    })

    test('nothing of a transaction is seen before it is committed', async (t) => {
      const store = await opened(t)
      const outside = Promise.withResolvers<void>()
      // PostgreSQL answers meanwhile, SQLite afterwards: both answer what was committed when they did.
      const seen = outside.promise.then(() => store.setting('a'))
      await store.commit(async (tx) => {
        await tx.set('a', 'b')
        assert.equal(await tx.setting('a'), 'b')
        outside.resolve()
      })
      assert.ok([undefined, 'b'].includes(await seen))
      assert.equal(await store.setting('a'), 'b')
    })

    test('a key is one party’s, whoever asks at the same time; and nobody’s any more once it was revoked', async (t) => {
      const store = await opened(t)
      const key = freshOctets()
      const ask = (party: string) => store.commit(({ certificates }) => certificates.takeKey(key, party, START, START))
      const parties = Array.from({ length: 8 }, (_, i) => `p${i}`)
      const answers = await Promise.all(parties.map(ask))
      assert.equal(answers.filter(Boolean).length, 1)
      const winner = parties[answers.indexOf(true)] ?? assert.fail()
      assert.equal(await ask(winner), true)
      assert.equal(await store.certificates.keyTaken(key, winner), false)
      assert.equal(await store.certificates.keyTaken(key, 'mallory'), true)
      const certificate = await added(store, row(winner, { spkiSha256: key }))
      await store.commit(async ({ certificates, status }) => {
        const sequence = await status.addEvent('status', START)
        await certificates.revoke({ ...certificate }, START, 'keyCompromise', sequence)
      })
      assert.equal(await ask(winner), false)
      assert.equal(await store.certificates.keyTaken(key, winner), true)
    })

    test('an invitation is spent once, whoever races', async (t) => {
      const store = await opened(t)
      const one = invitation('alice')
      await store.commit(({ invitations }) => invitations.add(one))
      const { id } = await added(store, row('alice'))
      const spent = { at: START, requestSha256: freshOctets(), certificate: id }
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => store.commit(({ invitations }) => invitations.spend(one.id, spent))),
      )
      assert.equal(answers.filter(Boolean).length, 1)
      assert.deepEqual(await store.invitations.byId(one.id), { ...one, spent })
      assert.equal(await store.invitations.byId(freshOctets()), undefined)
    })

    test('invitations end with their party, and their keys are erased when they have expired', async (t) => {
      const store = await opened(t)
      const [mine, other, old] = [
        invitation('alice'),
        invitation('bob'),
        invitation('carol', START.subtract({ minutes: 1 })),
      ]
      await store.commit(async ({ invitations }) => {
        for (const one of [mine, other, old]) await invitations.add(one)
      })
      assert.equal(await store.invitations.isInvited('alice', START), true)
      assert.equal(await store.invitations.isInvited('carol', START), false)
      await store.commit(({ invitations }) => invitations.endOfParty('alice', START))
      assert.equal(await store.invitations.isInvited('alice', START), false)
      assert.equal(await store.invitations.isInvited('bob', START), true)
      assert.equal((await store.invitations.byId(mine.id))?.macKey, undefined)
      assert.deepEqual((await store.invitations.byId(mine.id))?.expiresAt, START)
      assert.equal(await store.commit(({ invitations }) => invitations.eraseExpired(START, 10)), 1)
      assert.equal((await store.invitations.byId(old.id))?.macKey, undefined)
      assert.deepEqual(await store.invitations.byId(other.id), other)
    })

    test('renewals are counted among the newest of one party', async (t) => {
      const store = await opened(t)
      for (const method of ['token', 'certificate', 'certificate'] as const)
        await added(store, row('alice', { method, issuedAt: START.add({ seconds: 1 }) }))
      await added(store, row('bob', { method: 'certificate', issuedAt: START.add({ seconds: 1 }) }))
      assert.equal(await store.certificates.renewedOf('alice', START, 10), 2)
      assert.equal(await store.certificates.renewedOf('alice', START, 1), 1)
      assert.equal(await store.certificates.renewedOf('alice', START.add({ seconds: 1 }), 10), 0)
    })

    test('events are seen in the order of their numbers', async (t) => {
      const store = await opened(t)
      assert.equal(await store.status.newest(), 0)
      const numbers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.commit(({ status }) => status.addEvent(i % 4 === 3 ? 'crl' : 'status', START)),
        ),
      )
      assert.equal(new Set(numbers).size, 20)
      const seen = await store.status.eventsAfter(0, 100)
      assert.deepEqual(
        seen.map(({ sequence }) => sequence),
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(await store.status.newest(), Math.max(...numbers))
      const status = seen.filter(({ kind }) => kind === 'status')
      assert.equal(status.length, 15)
      assert.equal(await store.status.newestStatus(), status.at(-1)?.sequence)
      assert.deepEqual(
        (await store.status.eventsAfter(seen[4]?.sequence ?? 0, 3)).map(({ sequence }) => sequence),
        seen.slice(5, 8).map(({ sequence }) => sequence),
      )
      await assert.rejects(store.status.addEvent('status', START), /belongs into a transaction/)
    })

    test('a list keeps the one before it, and a number is one list once', async (t) => {
      const store = await opened(t)
      const { id: issuer } = await added(store, row('issuer'))
      const list = (number: number) => ({
        issuer,
        number,
        der: freshOctets(),
        thisUpdate: START,
        nextUpdate: START.add({ hours: 1 }),
        covers: 0,
      })
      const third = list(3)
      for (const one of [list(1), list(2), third]) await store.commit(({ status }) => status.addCrl(one))
      assert.deepEqual(await store.status.newestCrl(issuer), third)
      assert.equal(await store.status.newestCrl(issuer + 1), undefined)
      await assert.rejects(
        store.commit(({ status }) => status.addCrl(list(3))),
        /unique/i,
      )
    })

    test('what a list must name: what has not expired, and what was not told yet', async (t) => {
      const store = await opened(t)
      const revoke = async (certificate: NewCertificate) => {
        const stored = await added(store, certificate)
        return store.commit(async ({ certificates, status }) => {
          const sequence = await status.addEvent('status', START)
          await certificates.revoke(stored, START, 'superseded', sequence)
          return { serial: stored.serial, notAfter: stored.notAfter, revokedAt: START, reason: 'superseded', sequence }
        })
      }
      const past = { notAfter: START.subtract({ hours: 1 }) }
      const current = await revoke(row('alice'))
      const told = await revoke(row('bob', past))
      const untold = await revoke(row('carol', past))
      await revoke(row('elsewhere', { issuer: 9 }))
      const bySerial = (one: { serial: string }, two: { serial: string }) => (one.serial < two.serial ? -1 : 1)
      assert.deepEqual((await store.certificates.revokedOf(2, START, told.sequence)).toSorted(bySerial), [
        current,
        untold,
      ])
      assert.deepEqual(await store.certificates.revokedBy(current.sequence), [
        { issuer: 2, serial: current.serial, party: 'alice', at: START, reason: 'superseded' },
      ])
    })

    test('within a transaction the store itself is not asked: it would wait for ever', async (t) => {
      const store = await opened(t)
      const asked = store.commit(async () => store.setting('a'))
      if (what === 'SQLite') await assert.rejects(asked, /within a transaction/)
      else assert.equal(await asked, undefined)
      assert.equal(await store.setting('a'), undefined)
    })

    test('settings are replaced', async (t) => {
      const store = await opened(t)
      await store.commit((tx) => tx.set('a', '1'))
      await store.commit((tx) => tx.set('a', '2'))
      assert.equal(await store.setting('a'), '2')
      assert.equal(await store.setting('b'), undefined)
    })

    test('entries of the ledger get numbers without a gap when they are committed, each its own, whoever gives them', async (t) => {
      const store = await opened(t)
      const add = (text: string) => store.commit((tx) => tx.ledger.add(new TextEncoder().encode(text)))
      const number = (limit: number) => store.commit((tx) => tx.ledger.number(limit))
      const texts = async (first: number, limit: number) =>
        (await store.ledger.from(first, limit)).map((each) => new TextDecoder().decode(each))
      await add('0')
      const undone = store.commit(async (tx) => {
        await tx.ledger.add(new TextEncoder().encode('undone'))
        throw new RangeError('undone')
      })
      await assert.rejects(undone, RangeError)
      assert.equal(await store.ledger.isWaiting(), true)
      assert.deepEqual(await texts(0, 10), [])
      await number(10)
      for (const text of ['1', '2', '3']) await add(text)
      await number(2)
      assert.deepEqual(await texts(0, 10), ['0', '1', '2'])
      assert.equal(await store.ledger.isWaiting(), true)
      await number(2)
      assert.deepEqual([await texts(1, 2), await texts(3, 10)], [['1', '2'], ['3']])
      assert.equal(await store.ledger.isWaiting(), false)

      const rivals = Array.from({ length: 8 }, (_, i) => add(`rival ${i}`).then(() => number(3)))
      await Promise.all(rivals)
      while (await store.ledger.isWaiting()) await number(3)
      assert.deepEqual(
        (await texts(4, 20)).sort(),
        Array.from({ length: 8 }, (_, i) => `rival ${i}`),
      )
      await assert.rejects(store.ledger.number(1), TypeError)
    })

    test('all that happened has one order, and what is no act has no place in the ledger', async (t) => {
      const store = await opened(t)
      const octets = (text: string) => new TextEncoder().encode(text)
      const text = (of: Uint8Array) => new TextDecoder().decode(of)
      const [act, other] = await store.commit(async (tx) => {
        const first = await tx.ledger.add(octets('act'))
        await tx.ledger.addNotice(octets('notice'))
        return [first, await tx.ledger.add(octets('another'))]
      })
      assert.deepEqual(await store.ledger.happenedAfter(0, 10), [])
      assert.equal(await store.ledger.newest(), 0)
      assert.deepEqual(
        (await store.ledger.byIds([act, other])).map(({ id, position }) => [id, position]),
        [
          [act, undefined],
          [other, undefined],
        ],
      )
      // A batch that ends with the notice, and one that has a notice alone.
      await store.commit((tx) => tx.ledger.number(2))
      await store.commit((tx) => tx.ledger.addNotice(octets('late')))
      await store.commit((tx) => tx.ledger.number(2))
      const seen = async (after: number, limit: number) =>
        (await store.ledger.happenedAfter(after, limit)).map((one) => [one.number, text(one.octets), one.position])
      const all = [
        [1, 'act', 0],
        [2, 'notice', undefined],
        [3, 'another', 1],
        [4, 'late', undefined],
      ]
      assert.deepEqual(await seen(0, 10), all)
      assert.deepEqual(await seen(1, 2), all.slice(1, 3))
      assert.deepEqual(await seen(4, 10), [])
      assert.equal(await store.ledger.newest(), 4)
      assert.deepEqual((await store.ledger.from(0, 10)).map(text), ['act', 'another'])
      const notice = other - 1
      assert.deepEqual(
        (await store.ledger.byIds([other, notice, act, 999])).map(({ id, position }) => [id, position]),
        [
          [act, 0],
          [other, 1],
        ],
      )
    })

    test('numbers go on behind those that were given out before a restore', async (t) => {
      const store = await opened(t)
      const add = () => store.commit((tx) => tx.ledger.add(new Uint8Array(1)))
      await store.commit((tx) => tx.set(HAPPENED_FROM_SETTING, '1000'))
      assert.equal(await store.ledger.newest(), 1_000)
      await add()
      await store.commit((tx) => tx.ledger.number(9))
      await add()
      await store.commit((tx) => tx.ledger.number(9))
      const found = await store.ledger.happenedAfter(5, 9)
      assert.deepEqual(
        found.map(({ number, position }) => [number, position]),
        [
          [1_001, 0],
          [1_002, 1],
        ],
      )
    })

    test('one answer is kept for a key of a caller, of rivals the first', async (t) => {
      const store = await opened(t)
      const name = { caller: 'alice', keySha256: freshOctets() }
      const answer = { requestSha256: freshOctets(), at: START, status: 202, body: freshOctets(), isWhole: false }
      const added = await Promise.all(
        Array.from({ length: 8 }, () => store.commit((tx) => tx.answers.add(name, answer))),
      )
      assert.equal(added.filter((each) => each).length, 1)
      assert.deepEqual(await store.answers.byName(name), answer)
      assert.equal(await store.answers.byName({ ...name, caller: 'bob' }), undefined)
      assert.equal(await store.answers.byName({ ...name, keySha256: freshOctets() }), undefined)
      const body = freshOctets()
      await store.commit((tx) => tx.answers.complete(name, { status: 200, body }))
      assert.deepEqual(await store.answers.byName(name), { ...answer, status: 200, body, isWhole: true })
    })

    test('answers are forgotten when they are old, and the oldest of who has too many', async (t) => {
      const store = await opened(t)
      const keys = new Map<string, Uint8Array>()
      const add = async (caller: string, minutes: number) => {
        const name = { caller, keySha256: freshOctets() }
        keys.set(`${caller} ${minutes}`, name.keySha256)
        const at = START.add({ minutes })
        const answer = { requestSha256: name.keySha256, at, status: 200, body: new Uint8Array(1), isWhole: true }
        await store.commit((tx) => tx.answers.add(name, answer))
      }
      for (const minutes of [1, 2, 3, 4]) await add('alice', minutes)
      for (const minutes of [1, 2]) await add('bob', minutes)
      const left = async () => {
        const found: string[] = []
        for (const [text, keySha256] of keys)
          if (await store.answers.byName({ caller: text.split(' ')[0] ?? '', keySha256 })) found.push(text)
        return found
      }
      await store.commit((tx) => tx.answers.eraseBeyond(3))
      assert.deepEqual(await left(), ['alice 2', 'alice 3', 'alice 4', 'bob 1', 'bob 2'])
      await store.commit((tx) => tx.answers.eraseBefore(START.add({ minutes: 3 }), 2))
      assert.deepEqual(await left(), ['alice 3', 'alice 4', 'bob 2'])
      await store.commit((tx) => tx.answers.eraseBefore(START.add({ minutes: 3 }), 2))
      assert.deepEqual(await left(), ['alice 3', 'alice 4'])
    })

    test('what was in the ledger before all that happened had numbers, has them', async (t) => {
      const place = await placeOf(t)
      const before = await openStore(place, ignore)
      for (const each of [1, 2, 3]) await before.commit((tx) => tx.ledger.add(new Uint8Array([each])))
      await before.commit((tx) => tx.ledger.number(2))
      await before.close()
      await setBack(place, 7)
      const store = await opened(t, place)
      assert.equal(await store.ledger.isWaiting(), true)
      await store.commit((tx) => tx.ledger.number(9))
      assert.deepEqual(
        (await store.ledger.happenedAfter(0, 9)).map((one) => [one.number, one.octets[0], one.position]),
        [
          [1, 1, 0],
          [2, 2, 1],
          [3, 3, 2],
        ],
      )
    })

    test('a certificate knows the entries that say that it was issued, and revoked', async (t) => {
      const store = await opened(t)
      const id = await store.commit(({ certificates }) => certificates.add(row('alice', { entry: 7 })))
      const issued = (await store.certificates.byId(id)) ?? assert.fail()
      assert.equal(issued.entry, 7)
      await store.commit(async ({ certificates, status }) =>
        certificates.revoke(issued, START, 'superseded', await status.addEvent('status', START), 8),
      )
      assert.equal((await store.certificates.byId(id))?.revocation?.entry, 8)
    })

    test('who must be alone waits for who is', async (t) => {
      const store = await opened(t)
      let inside = 0
      const work = () =>
        store.commit(async (tx) => {
          await tx.alone('one at a time')
          assert.equal(inside++, 0)
          await tx.setting('a')
          inside--
        })
      await Promise.all(Array.from({ length: 10 }, work))
    })
  })
