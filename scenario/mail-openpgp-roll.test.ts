// The authority's OpenPGP key is replaced, and the one before is given up: what people's programs, and GnuPG, believe then.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'

interface AuthorityKey {
  readonly fingerprint: string
  readonly version: number
  readonly state: string
}

const ALICE = 'alice@acme.example'
const BOB = 'bob@acme.example'

suite('another OpenPGP key of the authority', () => {
  let house: RunningHouse
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }
  const own = async (...args: readonly string[]) =>
    (JSON.parse(await run(['authority', 'openpgp', ...args, '--json'])) as { authorities: readonly AuthorityKey[] })
      .authorities
  const enroll = async (party: string, address: string) => {
    const token = await run(['invite', party, '--profile', 'person', '--san', `email:${address}`, '--json'])
    await run(['enroll', (JSON.parse(token) as { token: string }).token, '--out', party])
    await run(['mail', 'key', '--openpgp', '--legacy', '--identity', party])
  }
  /** As the authority has it now, in armor. */
  const keyOf = async (party: string) => {
    const made = JSON.parse(await run(['mail', 'keys', '--identity', party, '--json'])) as {
      openPgp: readonly { fingerprint: string }[]
    }
    return readFile(join(house.directory, party, 'mail', `${made.openPgp[0]?.fingerprint}.asc`), 'utf8')
  }
  const isGood = async (address: string, code = 0) =>
    run(['mail', 'keys', address, '--identity', 'carol', '--json'], code)

  /**
   * What GnuPG says of an address, of somebody who trusts one key of the authority to introduce people, and other such keys
   * to that depth, and then imports the rest.
   */
  const validity = (
    { fingerprint }: AuthorityKey,
    [first, ...rest]: readonly [string, ...string[]],
    address: string,
    depth = 2,
  ) => {
    const home = mkdtempSync(join(tmpdir(), 'countersign-gpg-'))
    const env = { ...process.env, GNUPGHOME: home }
    const gpg = (args: readonly string[], input = '') => {
      const fixed = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', '--trust-model', 'pgp']
      const ran = spawnSync('gpg', [...fixed, ...args], { env, encoding: 'utf8', input })
      assert.equal(ran.status, 0, ran.stderr)
      return ran.stdout
    }
    try {
      gpg(['--quick-generate-key', 'Me <me@elsewhere.example>', 'ed25519', 'cert', '1y'])
      gpg(['--import'], first)
      // Full trust, to this depth, in any domain; and yes.
      gpg(['--command-fd', '0', '--edit-key', fingerprint, 'tsign', 'save'], `2\n${depth}\n\ny\n`)
      for (const armored of rest) gpg(['--import'], armored)
      gpg(['--check-trustdb'])
      const listed = gpg(['--with-colons', '--list-keys', address])
      const [, word = assert.fail(listed)] = /^uid:([^:]*):/m.exec(listed) ?? []
      // Unknown and undefined are one to whoever asks.
      return word === 'q' ? '-' : word
    } finally {
      spawnSync('gpgconf', ['--kill', 'all'], { env })
      rmSync(home, { recursive: true, force: true })
    }
  }
  const withGpg = { ...needs('gpg', 'gpg'), ...needs('gpg-agent', 'gpg-agent'), ...needs('gpgconf', 'gpgconf') }

  let old: AuthorityKey
  let next: AuthorityKey
  let oldAlone: string
  let aliceBefore: string
  before(async () => {
    house = await startHouse()
    await enroll('alice', ALICE)
    await enroll('carol', 'carol@acme.example')
    old = (await own()).find(({ version }) => version === 4) ?? assert.fail()
    oldAlone = await run(['authority', 'openpgp', '--export', '4'])
    aliceBefore = await keyOf('alice')
  })
  after(() => house[Symbol.asyncDispose]())

  test('is made, certifies from then on, and programs of the house go on', async () => {
    const made = await own('new')
    assert.deepEqual(
      made.map(({ version, state }) => [version, state]),
      [
        [6, 'active'],
        [4, 'active'],
      ],
    )
    next = made.find(({ version }) => version === 4) ?? assert.fail()
    await enroll('bob', BOB)
    await isGood(ALICE)
    await isGood(BOB)
    const listed = await run(['authority', 'openpgp'])
    assert.match(listed, /4\s+retiring\s+here/)
    // Carol's program has both beside her identity, and reads them again where the authority is away.
    const file = await readFile(join(house.directory, 'carol', 'mail', 'authority.4.asc'), 'utf8')
    assert.equal(file.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----/g)?.length, 2)
    assert.match(JSON.stringify(await own()), new RegExp(`${old.fingerprint}.*"retiring"`))
  })

  test('GnuPG that trusts either believes what both have certified', withGpg, async () => {
    const both = await run(['authority', 'openpgp', '--export', '4'])
    const bob = await keyOf('bob')
    for (const [trusted, first] of [
      [old, oldAlone],
      [next, both],
    ] as const) {
      assert.equal(validity(trusted, [first, both, aliceBefore], ALICE), 'f', trusted.state)
      assert.equal(validity(trusted, [first, both, bob], BOB), 'f', trusted.state)
    }
    // Who has not fetched the new one, or trusts the old one to introduce people alone, does not.
    assert.equal(validity(old, [oldAlone, bob], BOB), '-')
    assert.equal(validity(old, [oldAlone, both, bob], BOB, 1), '-')
    assert.equal(validity(old, [oldAlone, both], next.fingerprint, 1), 'f', 'the key itself is known')
  })

  test('the one before is given up by its fingerprint, and the one that certifies is not', async () => {
    const refused = await house.run(['authority', 'openpgp', 'revoke', next.fingerprint])
    assert.equal(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /ERR_ISSUER_STATE/)
    assert.equal((await house.run(['authority', 'openpgp', 'revoke', '0'.repeat(40)])).code, 1)
    assert.match(await run(['authority', 'openpgp', 'revoke', old.fingerprint]), /is revoked/)
    // Certified by the new one, as soon as somebody asks.
    await isGood(ALICE)
    await run(['mail', 'key', '--openpgp', '--legacy', '--identity', 'bob'])
  })

  test(
    'GnuPG that has the revocation believes nothing of it, and what the new one has certified',
    withGpg,
    async () => {
      const both = await run(['authority', 'openpgp', '--export', '4'])
      const bob = await keyOf('bob')
      assert.equal(validity(next, [both, aliceBefore], ALICE), '-')
      assert.equal(validity(old, [oldAlone, both, aliceBefore], ALICE), '-')
      assert.equal(validity(old, [oldAlone, both, bob], BOB), '-', 'its word of the new one counts no more')
      assert.equal(validity(next, [both, bob], BOB), 'f')
    },
  )
})
