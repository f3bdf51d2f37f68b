// OpenPGP keys in the store and the custody of a real authority: made once, certified once, whose they are for good.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { openAuthority } from '@countersign/authority'
import { describeKey, judgeOctets, makePersonKey, readTrust } from '@countersign/openpgp'
import { needs } from '../../../interop/peer.ts'
import { startPostgresql, withPostgresql } from '../../../interop/postgresql.ts'
import { createHouseOpenPgp } from '../src/house/openpgp.ts'

const NAMED = { organization: 'Test', domain: 'house.localhost' }
const ADDRESS = 'alice@acme.example'

/** What is closed before the directory of a test goes. */
const closers = new WeakMap<TestContext, (() => Promise<void>)[]>()

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-'))
  const ends: (() => Promise<void>)[] = []
  closers.set(t, ends)
  t.after(async () => {
    for (const end of ends) await end()
    await rm(directory, { recursive: true, force: true })
  })
  return directory
}

/** An authority that keeps OpenPGP keys, and what its API asks of them. */
async function openHouse(t: TestContext, directory: string, passphrase?: string, store?: string) {
  let now = Temporal.Now.instant()
  const clock = () => now
  const openPgp = (await createHouseOpenPgp(NAMED, clock)) ?? assert.fail('the package is not there')
  const authority = await openAuthority({
    ...NAMED,
    directory,
    name: 'authority.localhost',
    listen: { host: '127.0.0.1', port: 0 },
    parts: openPgp.parts,
    openPgp: openPgp.keys,
    ...(passphrase !== undefined && { passphrase }),
    ...(store !== undefined && { store }),
    clock,
    log: () => undefined,
  })
  let isOpen = true
  const close = async () => {
    if (isOpen) await authority.close()
    isOpen = false
  }
  closers.get(t)?.push(close)
  openPgp.keptIn({ key: (name, isNew) => authority.key(name, isNew), part: authority.part('openpgp') })
  const made = async (address = ADDRESS, profile: 'modern' | 'legacy' = 'modern') =>
    (await makePersonKey({ profile, userIds: [{ address }], now, until: now.add({ hours: 9_000 }) })).publicKey
  const certify = async (key: Uint8Array, party = 'alice', addresses: readonly string[] = [ADDRESS]) =>
    openPgp.keys.certify({ party, addresses, key, evidence: 'certificate 00' })
  return {
    keys: openPgp.keys,
    authority,
    close,
    made,
    certify,
    later: (hours: number) => {
      now = now.add({ hours })
    },
    now: clock,
  }
}

/** What is said of a key by whoever believes these keys of an authority. */
async function said(key: Uint8Array, authorities: readonly Uint8Array[], now: Temporal.Instant) {
  const trust = await readTrust(authorities.map((each) => ({ name: 'Test', key: each })))
  const { trust: judged } = await judgeOctets(key, { side: 'callee', trust, now, address: ADDRESS })
  return judged.ok ? 'good' : judged.refusal.code
}

/** As version 1 of the part was released. */
const VERSION_1 = (integer: string, octets: string, withoutRowid: string) => `
  CREATE TABLE openpgp_authority (
    version ${integer} PRIMARY KEY, created_at ${integer} NOT NULL, public_key ${octets} NOT NULL
  ) ${withoutRowid};
  INSERT INTO openpgp_authority SELECT version, created_at, public_key FROM openpgp_authority_key;
  DROP TABLE openpgp_authority_key;
  UPDATE store_part SET version = 1 WHERE name = 'openpgp';`

suite('OpenPGP keys of a house', () => {
  test('are certified by the authority’s key of their version, which is the same after a restart', async (t) => {
    const directory = await temporary(t)
    const house = await openHouse(t, directory)
    const authorities = await house.keys.authorities()
    assert.deepEqual(await Promise.all(authorities.map(async (key) => (await describeKey(key)).version)), [6, 4])
    const certified = []
    for (const profile of ['modern', 'legacy'] as const) {
      const answer = await house.certify(await house.made(ADDRESS, profile))
      assert.ok(answer.ok)
      certified.push(answer.kept.key)
      house.later(1)
    }
    await house.close()
    const again = await openHouse(t, directory)
    assert.deepEqual(await again.keys.authorities(), authorities)
    const kept = await again.keys.ofAddress(ADDRESS, 10)
    assert.deepEqual(
      kept.map(({ key, party, version }) => [key, party, version]),
      [
        [certified[1], 'alice', 4],
        [certified[0], 'alice', 6],
      ],
    )
    for (const [index, version] of [6, 4].entries()) {
      const trust = await readTrust([{ name: 'Test', key: authorities[index]! }])
      const key = kept.find((each) => each.version === version)?.key ?? assert.fail()
      const at = again.now().add({ hours: 2 })
      assert.ok((await judgeOctets(key, { side: 'callee', trust, now: at, address: ADDRESS })).trust.ok)
      const ended = await judgeOctets(key, {
        side: 'callee',
        trust,
        now: at.add({ hours: 365 * 24 }),
        address: ADDRESS,
      })
      assert.ok(!ended.trust.ok && ended.trust.refusal.code === 'ERR_CALLEE_EXPIRED')
    }
  })

  test('what is secret of the authority’s is in its custody: under its passphrase, and another file is no key of it', async (t) => {
    const directory = await temporary(t)
    const passphrase = join(directory, 'passphrase')
    await writeFile(passphrase, 'correct horse\n', { mode: 0o600 })
    const data = join(directory, 'data')
    const house = await openHouse(t, data, passphrase)
    assert.ok((await house.certify(await house.made())).ok)
    const file = join(data, 'authority', 'program-openpgp-6.key')
    assert.match(await readFile(file, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    await writeFile(file, await readFile(join(data, 'authority', 'ledger.key')))
    const refused = await house.certify(await house.made())
    assert.ok(!refused.ok && refused.refusal.code === 'ERR_AUTHORITY_NO_ISSUER')
    // Nor is one made in the place of a key that is gone.
    await rm(file)
    const gone = await house.certify(await house.made())
    assert.ok(!gone.ok && gone.refusal.code === 'ERR_AUTHORITY_NO_ISSUER')
    await assert.rejects(readFile(file), { code: 'ENOENT' })
  })

  test('the same key again is answered as it was; of another party it is taken', async (t) => {
    const house = await openHouse(t, await temporary(t))
    const key = await house.made()
    const first = await house.certify(key)
    house.later(24)
    assert.deepEqual(await house.certify(key), first)
    assert.equal((await house.keys.ofAddress(ADDRESS, 10)).length, 1)
    const taken = await house.certify(key, 'mallory')
    assert.ok(!taken.ok && taken.refusal.code === 'ERR_ENROLL_KEY_TAKEN')
  })

  test('are as many in an hour as a person makes, and no more', async (t) => {
    const house = await openHouse(t, await temporary(t))
    for (let i = 0; i < 20; i++) assert.ok((await house.certify(await house.made())).ok)
    const key = await house.made()
    const refused = await house.certify(key)
    assert.ok(!refused.ok && refused.refusal.code === 'ERR_ENROLL_TOO_OFTEN')
    assert.equal((await house.keys.ofAddress(ADDRESS, 100)).length, 20)
    assert.equal((await house.keys.ofAddress(ADDRESS, 3)).length, 3)
    house.later(2)
    assert.ok((await house.certify(key)).ok)
  })

  test('of which none is good are not kept', async (t) => {
    const house = await openHouse(t, await temporary(t))
    const refused = await house.certify(await house.made('bob@acme.example'))
    assert.ok(!refused.ok && refused.refusal.code === 'ERR_MAIL_RECIPIENT_KEY')
    const none = await house.certify(Buffer.from('nothing'))
    assert.ok(!none.ok && none.refusal.code === 'ERR_MAIL_FORM')
    assert.deepEqual(await house.keys.ofAddress(ADDRESS, 10), [])
  })

  test('of whom is not that address any more are revoked since when', async (t) => {
    const house = await openHouse(t, await temporary(t))
    const answer = await house.certify(await house.made())
    assert.ok(answer.ok)
    const since = house.now().add({ hours: 1 })
    const key = await house.keys.revoked(answer.kept, ADDRESS, since)
    const authorities = await house.keys.authorities()
    const trust = await readTrust(authorities.map((each) => ({ name: 'Test', key: each })))
    const judged = await judgeOctets(key, { side: 'caller', trust, now: since.add({ hours: 1 }) })
    assert.ok(!judged.trust.ok && judged.trust.refusal.code === 'ERR_CALLER_REVOKED')
    assert.equal(judged.trust.since?.epochMilliseconds, Math.floor(since.epochMilliseconds / 1000) * 1000)
  })

  test('are certified by the next key of the authority, and what the one before has said counts', async (t) => {
    const house = await openHouse(t, await temporary(t))
    const answer = await house.certify(await house.made())
    assert.ok(answer.ok)
    const [first6] = await house.keys.authorities()
    house.later(24)
    const rolled = await house.keys.rollOver({ by: 'ops/olga', force: false })
    assert.ok(rolled.ok)
    assert.deepEqual(
      rolled.keys.map(({ version, state, isHere }) => [version, state, isHere]),
      [
        [6, 'active', true],
        [4, 'active', true],
      ],
    )
    assert.deepEqual(
      (await house.keys.authorityKeys()).map(({ version, state }) => [version, state]),
      [
        [6, 'retiring'],
        [6, 'active'],
        [4, 'retiring'],
        [4, 'active'],
      ],
    )
    const told = await house.keys.authorities()
    assert.equal(told.length, 4)
    const second6 = rolled.keys[0]?.key ?? assert.fail()
    // As it was, by the one that said it; and nobody has said it by the new one.
    assert.equal(await said(answer.kept.key, told, house.now()), 'good')
    assert.equal(await said(answer.kept.key, [second6], house.now()), 'ERR_CALLEE_UNKNOWN_ISSUER')
    const next = await house.certify(await house.made())
    assert.ok(next.ok)
    assert.equal(await said(next.kept.key, [second6], house.now()), 'good')
    assert.equal(await said(next.kept.key, [first6!], house.now()), 'ERR_CALLEE_UNKNOWN_ISSUER')
    // Asked for anew it is certified by both, once, and no longer than before.
    const renewed = await house.keys.renewed(answer.kept, [ADDRESS])
    assert.equal(await said(renewed.key, [second6], house.now()), 'good')
    assert.equal(await said(renewed.key, [first6!], house.now()), 'good')
    assert.deepEqual(await house.keys.renewed(renewed, [ADDRESS]), renewed)
    assert.deepEqual(await house.keys.renewed(answer.kept, [ADDRESS]), renewed, 'what is kept')
    const end = house.now().add({ hours: 364 * 24 })
    assert.equal(await said(renewed.key, told, end.subtract({ hours: 1 })), 'good')
    assert.equal(await said(renewed.key, told, end), 'ERR_CALLEE_EXPIRED')
    // Of whom the party is no more, nothing is said; taken back is what either has said.
    assert.deepEqual(await house.keys.renewed(answer.kept, ['eve@acme.example']), answer.kept)
    house.later(1)
    const revoked = await house.keys.revoked(renewed, ADDRESS, house.now())
    for (const by of [[first6!], [second6], told])
      assert.equal(await said(revoked, by, house.now()), 'ERR_CALLEE_REVOKED')
  })

  test('that a stolen key has certified count no more, and are certified by the next when they are asked for', async (t) => {
    const house = await openHouse(t, await temporary(t))
    const answer = await house.certify(await house.made())
    assert.ok(answer.ok)
    const [old] = await house.keys.authorityKeys()
    const { fingerprint = '' } = old ?? assert.fail()
    const refused = async (named: string) => {
      const outcome = await house.keys.revokeAuthority({ fingerprint: named, by: 'ops/olga' })
      return outcome.ok ? assert.fail() : outcome.refusal.code
    }
    assert.equal(await refused(fingerprint), 'ERR_ISSUER_STATE', 'nothing would certify')
    assert.equal(await refused('00'), 'ERR_ADMIN_NOT_FOUND')
    house.later(24)
    assert.ok((await house.keys.rollOver({ by: 'ops/olga', force: false })).ok)
    const before = await house.keys.renewed(answer.kept, [ADDRESS])
    house.later(1)
    const given = await house.keys.revokeAuthority({ fingerprint: fingerprint.toUpperCase(), by: 'ops/olga' })
    assert.ok(given.ok && given.keys[0]?.state === 'revoked')
    assert.equal(await refused(fingerprint), 'ERR_ADMIN_CONFLICT')
    const told = await house.keys.authorities()
    assert.equal(told.length, 4, 'with its revocation')
    assert.equal(await said(answer.kept.key, told, house.now()), 'ERR_CALLEE_UNKNOWN_ISSUER')
    assert.equal(await said(answer.kept.key, [given.keys[0].key], house.now()), 'ERR_CALLEE_UNKNOWN_ISSUER')
    assert.equal(await said(before.key, told, house.now()), 'good')
    // In a Web Key Directory: of version 4 what certifies, and behind it what is revoked.
    const own = () => house.keys.publishedAuthority('openpgp@house.localhost')
    const of4 = async () => (await house.keys.authorityKeys()).filter(({ version }) => version === 4)
    const [first4, second4] = await of4()
    assert.deepEqual(Buffer.from((await own()) ?? []), Buffer.from(second4!.key), 'one that is retiring is not told')
    assert.ok((await house.keys.revokeAuthority({ fingerprint: first4!.fingerprint, by: 'ops/olga' })).ok)
    const [revoked4] = await of4()
    assert.deepEqual(Buffer.from((await own()) ?? []), Buffer.concat([second4!.key, revoked4!.key]))
    assert.equal(await house.keys.publishedAuthority(ADDRESS), undefined)
    // The same from the store, and of one that nobody had asked for.
    const other = await house.certify(answer.kept.key)
    assert.ok(other.ok)
    assert.equal(await said(other.kept.key, told, house.now()), 'good')
  })

  test('of which the authority’s own is lost: another takes over where that is forced, and does not revoke it', async (t) => {
    const directory = await temporary(t)
    const house = await openHouse(t, directory)
    const answer = await house.certify(await house.made())
    assert.ok(answer.ok)
    await rm(join(directory, 'authority', 'program-openpgp-6.key'))
    const refused = await house.keys.rollOver({ by: 'ops/olga', force: false })
    assert.ok(!refused.ok && refused.refusal.code === 'ERR_ISSUER_KEY_ELSEWHERE')
    assert.equal(
      (await house.keys.authorityKeys()).filter(({ version }) => version === 6).length,
      1,
      'nothing was made',
    )
    const forced = await house.keys.rollOver({ by: 'ops/olga', force: true })
    assert.ok(forced.ok)
    assert.equal(await said(answer.kept.key, await house.keys.authorities(), house.now()), 'good')
    const renewed = await house.keys.renewed(answer.kept, [ADDRESS])
    assert.equal(await said(renewed.key, [forced.keys[0]!.key], house.now()), 'good')
    const [lost] = await house.keys.authorityKeys()
    assert.equal(lost?.isHere, false)
    const outcome = await house.keys.revokeAuthority({ fingerprint: lost.fingerprint, by: 'ops/olga' })
    assert.ok(!outcome.ok && outcome.refusal.code === 'ERR_ISSUER_KEY_ELSEWHERE')
  })

  test('eight keys of the authority stand at most, until the first has ended', async (t) => {
    const house = await openHouse(t, await temporary(t))
    for (let i = 0; i < 8; i++) assert.ok((await house.keys.rollOver({ by: 'ops/olga', force: false })).ok)
    const refused = await house.keys.rollOver({ by: 'ops/olga', force: false })
    assert.ok(!refused.ok && refused.refusal.code === 'ERR_ADMIN_CONFLICT')
    house.later(10 * 365 * 24)
    assert.deepEqual(await house.keys.authorities(), [])
    assert.ok((await house.keys.rollOver({ by: 'ops/olga', force: false })).ok)
    assert.equal((await house.keys.authorities()).length, 2)
  })

  for (const [what, place, options] of [
    ['SQLite', async () => undefined, {}],
    [
      'PostgreSQL',
      async () => ({ server: await startPostgresql() }),
      { ...withPostgresql, ...needs('psql', 'postgresql') },
    ],
  ] as const)
    test(`of version 1 of the store in ${what} are led on`, options, async (t) => {
      const at = await place()
      const url = at?.server.url('postgres')
      const directory = await temporary(t)
      if (at) closers.get(t)?.push(async () => at.server[Symbol.asyncDispose]())
      const house = await openHouse(t, directory, undefined, url)
      const authorities = await house.keys.authorities()
      const answer = await house.certify(await house.made())
      assert.ok(answer.ok)
      await house.close()
      if (url === undefined) {
        using database = new DatabaseSync(join(directory, 'store.db'))
        database.exec(VERSION_1('INTEGER', 'BLOB', 'STRICT, WITHOUT ROWID'))
      } else {
        const ran = spawnSync('psql', [url, '-v', 'ON_ERROR_STOP=1', '-c', VERSION_1('bigint', 'bytea', '')])
        assert.equal(ran.status, 0, `${ran.stderr}`)
      }
      const again = await openHouse(t, directory, undefined, url)
      assert.deepEqual(await again.keys.authorities(), authorities)
      assert.ok((await again.keys.rollOver({ by: 'ops/olga', force: false })).ok)
      const [kept] = await again.keys.ofAddress(ADDRESS, 10)
      assert.deepEqual(kept, answer.kept)
      const renewed = await again.keys.renewed(answer.kept, [ADDRESS])
      assert.equal(await said(renewed.key, (await again.keys.authorities()).slice(1), again.now()), 'good')
    })
})
