// What an authority sees of certificates in the meetings at its doors, by real callers: ours, and those that are not.
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ALGORITHM, readCertificate, readPem } from '@countersign/x509'
import { type Holder, keysOf, leaf, name, p256, root } from '../../../../interop/chains/house.ts'
import { sha256 } from '../../src/octets.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createSightings } from '../../src/watching/sightings.ts'
import { START, temporaryDirectory, testClock } from '../support/core.ts'
import { follow } from '../support/follow.ts'
import { askLocally, enrollParty, type Held, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { freshOctets, row } from '../support/stores.ts'

const ignore = () => undefined

/** Closes the house, whereupon what waits is written, and opens its store. */
async function storeAfter(t: TestContext, { authority, directory }: House): Promise<Store> {
  await authority.close()
  const store = await openStore(join(directory, 'store.db'), ignore)
  t.after(() => store.close())
  return store
}

/** The issuing authority as whoever stole its key has it. */
function stolen({ directory }: House): Holder {
  const file = (one: string) => readFileSync(join(directory, 'authority', one), 'utf8')
  const privateKey = createPrivateKey(file('issuing.key'))
  const [block] = readPem(file('issuing.pem'))
  return {
    certificate: readCertificate(block?.der ?? assert.fail('no certificate')),
    keys: keysOf({ privateKey, publicKey: createPublicKey(privateKey) }, ALGORITHM.ecdsaWithSHA256, 'sha256'),
  }
}

const validNow = {
  notBefore: Temporal.Now.instant().subtract({ hours: 1 }),
  notAfter: Temporal.Now.instant().add({ hours: 1 }),
}

const asHeld = ({ certificate, keys }: Holder, issuer: Holder): Held => ({
  key: { privateKey: keys.privateKey } as Held['key'],
  certificates: [certificate, issuer.certificate],
})

suite('what doors see of certificates', () => {
  test('ours: when, at which door, and as which side; who only was reported is not seen', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'bob')
    const alice = await enrollParty(t, house, 'alice')
    const before = Temporal.Now.instant()
    const asAlice = await meet(t, placeOf(house.authority), alice)
    assert.equal((await asAlice.ask('GET', '/livez')).status, 200)
    const [ofBob] = (await askLocally(house.directory, 'GET', '/v1/certificates?party=bob')).body.certificates
    const step = (outcome: string) => ({ by: 'caller', outcome })
    const summary = {
      sha256: ofBob.sha256,
      spkiSha256: ofBob.spkiSha256,
      serialNumber: ofBob.serialNumber,
      subject: 'CN=bob',
      issuer: 'CN=Acme Issuing 1',
      notBefore: ofBob.notBefore,
      notAfter: ofBob.notAfter,
    }
    const reported = await asAlice.ask('POST', '/v1/own/meetings', {
      reference: 'M-7F3K-92QD',
      door: '192.0.2.7:8443',
      seenBy: 'caller',
      at: '2026-11-24T12:00:00Z',
      resumed: false,
      caller: { name: 'alice', identities: [] },
      callee: { name: 'bob', identities: [], certificate: summary },
      steps: ['proved', 'proved', 'refused', 'not reached', 'not reached', 'not reached'].map(step),
      outcome: { ok: false, refusal: { code: 'ERR_CALLEE_WRONG_NAME' } },
    })
    assert.equal(reported.status, 201)
    const store = await storeAfter(t, house)
    const seen = async (party: string) => (await store.certificates.byParty(party, 9)).map((one) => one.lastSeen)
    const [aliceSeen] = await seen('alice')
    assert.deepEqual([aliceSeen?.door, aliceSeen?.as], ['authority', 'caller'])
    assert.ok(Math.abs((aliceSeen?.at ?? START).since(before).total('seconds')) < 10)
    assert.deepEqual(await seen('bob'), [undefined])
    const [listener] = await seen('authority')
    assert.deepEqual([listener?.door, listener?.as], ['authority', 'callee'])
    assert.deepEqual((await store.watch.unissued({ limit: 9 })).found, [])
  })

  test('at a door elsewhere, by its word: under its name, and whoever vouches there', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const [ofAlice] = (await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')).body.certificates
    const at = '2026-11-24T12:00:00Z'
    const root = house.authority.root.subjectPublicKeyInfo.der
    const summary = (sha256: string) => ({
      ...{ sha256, spkiSha256: sha256, serialNumber: '0f', subject: 'CN=x', issuer: 'CN=y' },
      ...{ notBefore: at, notAfter: '2026-12-24T12:00:00Z' },
    })
    const meet = (id: number, sha256: string, anchorSpkiSha256: string, more: object) => {
      const verdict = { kind: 'verdict', anchor: 'CN=z', anchorSpkiSha256, status: 'not revoked' }
      const steps = [1, 2, 3, 4, 5, 6].map((step) => ({
        by: 'callee',
        outcome: 'proved',
        ...(step === 5 && { evidence: verdict }),
      }))
      door.say({
        kind: 'meeting',
        id,
        meeting: {
          ...{ reference: 'M-7F3K-92QD', door: 'web', seenBy: 'callee', at, resumed: false, steps },
          caller: { name: 'x', identities: [], certificate: summary(sha256), ...more },
          callee: { name: 'web', identities: [] },
          outcome: { ok: true, decision: { ok: true, rule: 'r' } },
        },
      })
    }
    meet(1, ofAlice.sha256, sha256(root).toHex(), { party: 'alice' })
    meet(2, freshOctets().toHex(), freshOctets().toHex(), { authority: 'partner' })
    meet(3, freshOctets().toHex(), sha256(root).toHex(), { party: 'mallory' })
    await door.until((message) => message.kind === 'kept' && (message as { id?: number }).id === 3)
    const store = await storeAfter(t, house)
    const [alice] = await store.certificates.byParty('alice', 9)
    assert.deepEqual(alice?.lastSeen, { at: Temporal.Instant.from(at), door: 'door/gate-1:web', as: 'caller' })
    assert.deepEqual(
      (await store.watch.unissued({ limit: 9 })).found.map(({ vouched, authority, door: at }) => [
        vouched,
        authority,
        at,
      ]),
      [
        ['other', 'partner', 'door/gate-1:web'],
        ['own', undefined, 'door/gate-1:web'],
      ],
    )
    assert.equal(house.events.filter(([event]) => event === 'certificate.unissued').length, 1)
  })

  test('signed with our key and in no row: an alarm, once; and the rest of the house goes on', async (t) => {
    const house = await openHouse(t)
    const thief = stolen(house)
    const mallory = leaf(thief, { subject: name('mallory'), ...validNow })
    for (let i = 0; i < 2; i++) {
      const caller = await meet(t, placeOf(house.authority), asHeld(mallory, thief))
      assert.equal((await caller.ask('GET', '/livez')).status, 200)
    }
    const store = await storeAfter(t, house)
    const { found } = await store.watch.unissued({ limit: 9 })
    assert.deepEqual(
      found.map(({ vouched, subject, issuer, door, as, meetings }) => [vouched, subject, issuer, door, as, meetings]),
      [['own', 'CN=mallory', 'CN=Acme Issuing 1,O=Acme', 'authority', 'caller', 2]],
    )
    const alarms = house.events.filter(([event]) => event === 'certificate.unissued')
    assert.deepEqual(
      alarms.map(([, fields]) => [fields?.['subject'], fields?.['sha256']]),
      [['CN=mallory', found[0]?.sha256.toHex()]],
    )
  })

  test('claims our issuer, signed by another key: kept, and no alarm; who claims nothing is not kept', async (t) => {
    const house = await openHouse(t)
    const { certificate } = stolen(house)
    const forger: Holder = { certificate, keys: p256() }
    const stranger = root({ subject: name('Elsewhere'), ...validNow })
    for (const held of [
      asHeld(leaf(forger, { subject: name('eve'), ...validNow }), forger),
      asHeld(leaf(stranger, { subject: name('eve'), ...validNow }), stranger),
    ]) {
      const caller = await meet(t, placeOf(house.authority), held)
      await new Promise((resolve) => caller.socket.resume().once('close', resolve))
    }
    const store = await storeAfter(t, house)
    const { found } = await store.watch.unissued({ limit: 9 })
    assert.deepEqual(
      found.map(({ vouched, subject }) => [vouched, subject]),
      [['claimed', 'CN=eve']],
    )
    assert.equal(
      house.events.some(([event]) => event === 'certificate.unissued'),
      false,
    )
  })
})

suite('the writing of what was seen', () => {
  const meeting = (sha256: string, at: Temporal.Instant) =>
    ({
      door: 'web',
      at,
      caller: { certificate: { sha256, issuer: 'CN=x' } },
      callee: {},
      steps: Array.from({ length: 6 }, () => ({ outcome: 'proved' })),
      // biome-ignore lint/suspicious/noExplicitAny: of a meeting, nothing else is looked at
    }) as any

  test('waits where the store cannot be written, loses nothing, and is one for many meetings', async (t) => {
    const store = await openStore(join(temporaryDirectory(t), 'store.db'), ignore)
    t.after(() => store.close())
    const alice = row('alice')
    const id = await store.commit(({ certificates }) => certificates.add(alice))
    const events: (readonly [string, unknown])[] = []
    let commits = 0
    let broken = true
    const sightings = createSightings({
      store: {
        ...store,
        async commit(work) {
          commits++
          if (broken) throw new Error('the disk is full')
          return store.commit(work)
        },
      },
      trust: { anchors: [], issuers: [] },
      clock: testClock(START.add({ hours: 9 })),
      log: (event, fields) => void events.push([event, fields]),
    })
    for (let i = 0; i < 500; i++) sightings.met(meeting(alice.sha256.toHex(), START.add({ seconds: i % 77 })))
    sightings.met(meeting(freshOctets().toHex(), START))
    assert.equal(commits, 0, 'a meeting writes nothing')
    await sightings.flush()
    assert.deepEqual(events, [['sightings.unwritten', { count: 2, cause: 'the disk is full' }]])
    broken = false
    await sightings.close()
    assert.equal(commits, 2)
    const { lastSeen } = (await store.certificates.byId(id)) ?? assert.fail()
    assert.deepEqual(lastSeen, { at: START.add({ seconds: 76 }), door: 'web', as: 'caller' })
    sightings.met(meeting(alice.sha256.toHex(), START.add({ hours: 1 })))
    await sightings.flush()
    assert.equal(commits, 2, 'nothing after the end')
  })
})
