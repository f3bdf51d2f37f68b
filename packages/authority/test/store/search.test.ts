// What is found by what, on both databases: held against a plain filter over the same rows.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { SCHEMA_VERSION } from '../../src/store/schema.ts'
import type { CertificateFilter, CertificateState, Place } from '../../src/store/search.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START } from '../support/core.ts'
import { execute, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined
const ROWS = 60

/** What a row was made to be, so that the test knows by itself what must be found. */
interface Known {
  readonly party: string
  readonly state: CertificateState
  readonly names: readonly string[]
  readonly profile: string
  readonly issuer: number
  readonly endsIn: number
  readonly serial: string
  readonly spkiSha256: Uint8Array
}

const PROFILES = ['client', 'server', 'service', 'admin'] as const
const STATES = ['valid', 'expired', 'revoked'] as const

async function filled(store: Store): Promise<readonly Known[]> {
  return store.commit(async ({ certificates, status }) => {
    const known: Known[] = []
    for (let i = 0; i < ROWS; i++) {
      const state = STATES[i % 3] ?? 'valid'
      // Several end at the same moment, and pages must not lose any of them.
      const endsIn = state === 'expired' ? -10 - (i % 5) : 3600 - (i % 7)
      const party = ['alice', 'bob', 'carol', 'dave'][i % 4] ?? ''
      const names = [`${party}-${i % 10}.example`, ...(i % 5 === 0 ? [`${party}.example`, 'alice-.example'] : [])]
      const certificate = row(party, {
        names: names.map((value) => ({ kind: 'dNSName', value })),
        profile: PROFILES[i % 7 === 0 ? 3 : i % 3] ?? 'client',
        issuer: i % 11 === 0 ? 9 : 2,
        notAfter: START.add({ seconds: endsIn }),
      })
      const id = await certificates.add(certificate)
      if (state === 'revoked')
        await certificates.revoke({ ...certificate, id }, START, 'unspecified', await status.addEvent('status', START))
      const { profile, issuer, serial, spkiSha256 } = certificate
      known.push({ party, state, names, profile, issuer, endsIn, serial, spkiSha256 })
    }
    return known
  })
}

/** All pages of four; the serial numbers in the order in which they came. */
async function walk(store: Store, filter: CertificateFilter): Promise<readonly string[]> {
  const found: string[] = []
  for (let after: Place | undefined; ; ) {
    const page = await store.certificates.list({ ...filter, now: START, limit: 4, after })
    assert.ok(page.found.length <= 4)
    found.push(...page.found.map(({ serial }) => serial))
    if (page.next === undefined) return found
    assert.equal(page.found.length, 4, 'a page with a next one is full')
    after = page.next
  }
}

const before = START.add({ seconds: 3597 })
const FILTERS: readonly (readonly [string, CertificateFilter, (one: Known) => boolean])[] = [
  ['all', {}, () => true],
  ['a party', { party: 'bob' }, (one) => one.party === 'bob'],
  ['a name whole', { name: 'alice.example' }, (one) => one.names.includes('alice.example')],
  ['how a name begins', { namePrefix: 'alice' }, (one) => one.names.some((name) => name.startsWith('alice'))],
  ['a beginning that is a whole name', { namePrefix: 'bob.example' }, (one) => one.names.includes('bob.example')],
  ['a profile', { profile: 'admin' }, (one) => one.profile === 'admin'],
  ['an issuer', { issuer: 9 }, (one) => one.issuer === 9],
  ['profile and issuer', { profile: 'client', issuer: 2 }, (one) => one.profile === 'client' && one.issuer === 2],
  ['profile and party', { profile: 'client', party: 'bob' }, (one) => one.profile === 'client' && one.party === 'bob'],
  ['name and party', { namePrefix: 'alice', party: 'bob' }, (one) => one.party === 'bob' && one.names.length > 1],
  ['a name that is none', { name: 'alice' }, () => false],
  ['a beginning that none has', { namePrefix: 'alice!' }, () => false],
  ['an expression, which is none here', { namePrefix: 'alice%' }, () => false],
  ['an unknown party', { party: "' OR 1=1 --" }, () => false],
]

for (const [what, placeOf, options] of PLACES)
  suite(`search in ${what}`, options, () => {
    const opened = async (t: TestContext): Promise<Store> => {
      const store = await openStore(await placeOf(t), ignore)
      t.after(() => store.close())
      return store
    }

    test('each question in each state, none twice, none left out', async (t) => {
      const store = await opened(t)
      const known = await filled(store)
      for (const [name, filter, fits] of FILTERS)
        for (const state of [undefined, ...STATES])
          for (const expiresBefore of [undefined, before]) {
            const expected = known.filter((one) => {
              const ends = expiresBefore === undefined || (one.endsIn < 3597 && (state ?? one.state) === one.state)
              const isNotRevoked = expiresBefore === undefined || state === 'revoked' || one.state !== 'revoked'
              return fits(one) && (state === undefined || one.state === state) && ends && isNotRevoked
            })
            const found = await walk(store, { ...filter, state, expiresBefore })
            assert.deepEqual(found.toSorted(), expected.map(({ serial }) => serial).toSorted(), `${name}, ${state}`)
          }
      for (const { serial, spkiSha256 } of known) {
        assert.deepEqual(await walk(store, { serial }), [serial])
        assert.deepEqual(await walk(store, { spkiSha256 }), [serial])
      }
      const [one, other] = [known[0] ?? assert.fail(), known[1] ?? assert.fail()]
      assert.deepEqual(await walk(store, { serial: one.serial, spkiSha256: other.spkiSha256 }), [])
    })

    test('what ends first comes first, and names in the order of their octets', async (t) => {
      const store = await opened(t)
      const known = await filled(store)
      const bySerial = new Map(known.map((one) => [one.serial, one]))
      const ends = (await walk(store, { state: 'valid' })).map((serial) => bySerial.get(serial)?.endsIn ?? 0)
      assert.deepEqual(
        ends,
        ends.toSorted((one, two) => one - two),
      )
      const upper = row('eve', { names: [{ kind: 'dNSName', value: 'X.example' }] })
      const lower = row('eve', { names: [{ kind: 'dNSName', value: 'x.example' }] })
      await store.commit(async ({ certificates }) => {
        for (const each of [lower, upper]) await certificates.add(each)
      })
      // Octet by octet, on every machine: capital letters before small ones.
      assert.deepEqual(await walk(store, { party: 'eve', namePrefix: '' }), [upper.serial, lower.serial])
      assert.deepEqual(await walk(store, { namePrefix: 'X' }), [upper.serial])
    })

    test('the keys that a party has had, and since when one is nobody’s', async (t) => {
      const store = await opened(t)
      const [first, second] = [row('alice'), row('alice')]
      await store.commit(async ({ certificates, status }) => {
        await certificates.takeKey(second.spkiSha256, 'alice', START.add({ hours: 1 }), before)
        await certificates.takeKey(first.spkiSha256, 'alice', START, before)
        await certificates.takeKey(row('bob').spkiSha256, 'bob', START, before)
        const id = await certificates.add(first)
        await certificates.revoke({ ...first, id }, before, 'superseded', await status.addEvent('status', before))
      })
      const alice = await store.keys.ofParty({ party: 'alice', limit: 10 })
      assert.deepEqual(alice.found, [
        { spkiSha256: first.spkiSha256, firstSeen: START, endsAt: before, revokedAt: before },
        { spkiSha256: second.spkiSha256, firstSeen: START.add({ hours: 1 }), endsAt: before },
      ])
      assert.equal(alice.next, undefined)
      const { found, next } = await store.keys.ofParty({ party: 'alice', limit: 1 })
      assert.deepEqual(found, alice.found.slice(0, 1))
      const rest = await store.keys.ofParty({ party: 'alice', limit: 1, after: next })
      assert.deepEqual(rest, { found: alice.found.slice(1) })
      assert.deepEqual(await store.keys.ofParty({ party: 'nobody', limit: 9 }), { found: [] })
      const { serial, sha256, profile, notBefore, notAfter } = first
      const certificates = [{ serial, sha256, profile, notBefore, notAfter, revokedAt: before }]
      assert.deepEqual(await store.keys.certificatesOf(first.spkiSha256, 9), certificates)
      assert.deepEqual(await store.keys.certificatesOf(second.spkiSha256, 9), [])
    })

    test('a store of version 3 gets what search needs, and keeps what it holds', async (t) => {
      const place = await placeOf(t)
      const store = await openStore(place, ignore)
      const known = await filled(store)
      await store.close()
      await setBack(place, 3)
      const again = await openStore(place, ignore)
      assert.equal(
        (await walk(again, { profile: 'admin' })).length,
        known.filter((one) => one.profile === 'admin').length,
      )
      await again.close()
      const [version] = await execute(place, 'PRAGMA user_version', 'SELECT version FROM schema_version')
      assert.deepEqual(Object.values(version ?? {}), [SCHEMA_VERSION])
      const named = "IN ('certificate_profile', 'certificate_issuer')"
      const indexes = await execute(
        place,
        `SELECT name FROM sqlite_schema WHERE name ${named}`,
        `SELECT indexname FROM pg_indexes WHERE indexname ${named}`,
      )
      assert.equal(indexes.length, 2)
    })
  })
