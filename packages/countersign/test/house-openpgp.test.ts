// OpenPGP keys in the store and the custody of a real authority: made once, certified once, whose they are for good.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { openAuthority } from '@countersign/authority'
import { describeKey, judgeOctets, makePersonKey, readTrust } from '@countersign/openpgp'
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
async function openHouse(t: TestContext, directory: string, passphrase?: string) {
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
})
