// Damaged files in the data directory: `countersign up` names the file and what to do, exits 3, leaves everything as it is,
// and once the file is back the house is as it was. What can be made anew is, without a word.
import assert from 'node:assert/strict'
import { chmod, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { startHouse } from './support/house.ts'
import { randomOctets } from './support/random-octets.ts'
import { runCommand } from './support/run-command.ts'
import { makeStandingHouse, type StandingHouse, treeOf } from './support/standing-house.ts'

const DAMAGES: Readonly<Record<string, (path: string, octets: Buffer) => Promise<void>>> = {
  missing: (path) => rm(path),
  empty: (path) => truncate(path),
  truncated: (path, octets) => truncate(path, octets.length >> 1),
  random: (path, octets) => writeFile(path, randomOctets(octets.length, 7)),
}

const RESTORE = /\n {2}restore it from a backup/
const MALFORMED = /\[ERR_AUTHORITY_FILE_MALFORMED\]/

/** For each file and damage what is said: what, with its code, and what to do. The file is named in any case. */
const TOLD: Readonly<Record<string, Readonly<Record<string, readonly [what: RegExp, next: RegExp]>>>> = {
  'authority/root.pem': {
    missing: [/this file is missing \[ERR_AUTHORITY_FILE_MISSING\]/, RESTORE],
    empty: [MALFORMED, RESTORE],
    truncated: [/the text ends inside a block \(RFC 7468 §2, line 1\) \[ERR_AUTHORITY_FILE_MALFORMED\]/, RESTORE],
    random: [MALFORMED, RESTORE],
  },
  'authority/issuing.pem': {
    missing: [/\[ERR_AUTHORITY_FILE_MISSING\]/, RESTORE],
    truncated: [MALFORMED, RESTORE],
  },
  'authority/issuing.key': {
    missing: [/\[ERR_AUTHORITY_FILE_MISSING\]/, RESTORE],
    empty: [/this is not a private key in PKCS#8 PEM \[ERR_AUTHORITY_FILE_MALFORMED\]/, RESTORE],
    truncated: [MALFORMED, RESTORE],
    random: [MALFORMED, RESTORE],
  },
  'authority/listener.pem': {
    empty: [MALFORMED, /\n {2}delete it; a new one is made/],
    truncated: [MALFORMED, /\n {2}delete it/],
    random: [MALFORMED, /\n {2}delete it/],
  },
  'store.db': {
    missing: [/its store is missing \[ERR_AUTHORITY_STORE_MISSING\]/, /\n {2}restore .*revocations would be forgotten/],
    truncated: [/this is not a whole database \[ERR_AUTHORITY_STORE_MALFORMED\]/, RESTORE],
    random: [/\[ERR_AUTHORITY_STORE_MALFORMED\]/, RESTORE],
  },
  'meetings.db': {
    truncated: [/\[ERR_AUTHORITY_STORE_MALFORMED\]/, /\n {2}delete it; the memory of past meetings goes with it/],
    random: [/\[ERR_AUTHORITY_STORE_MALFORMED\]/, /\n {2}delete it/],
  },
  'ports.json': {
    empty: [/\[ERR_CLI_PORTS\]/, /\n {2}delete it/],
    random: [/\[ERR_CLI_PORTS\]/, /\n {2}delete it/],
  },
}

/** What is made anew without a word, all damaged at once. */
const HEALED: readonly Readonly<Record<string, string>>[] = [
  {
    'authority/listener.pem': 'missing',
    'meetings.db': 'missing',
    'root.pem': 'random',
    'doors/hello/identity.key': 'empty',
  },
  { 'root.pem': 'missing', 'doors/hello/identity.key': 'random', 'doors/hello/identity.pem': 'truncated' },
]

suite('a file of the data directory is damaged', () => {
  let standing: StandingHouse
  /** What the tests damage and mend, one after the other. */
  let copy: Awaited<ReturnType<StandingHouse['copy']>>
  before(async () => {
    standing = await makeStandingHouse(72, async (house) => {
      for (const party of ['alice', 'rita']) {
        const { stdout } = await house.run(['invite', party])
        assert.equal((await house.run(['enroll', stdout.trim()])).code, 0)
      }
      assert.equal((await house.run(['revoke', 'rita'])).code, 0)
    })
    copy = await standing.copy()
  })
  after(async () => {
    await copy[Symbol.asyncDispose]()
    await standing[Symbol.asyncDispose]()
  })

  const up = () => runCommand(['up', '--config', 'countersign.yaml'], { cwd: copy.directory })

  /** The house is whole: who may meets, and who was revoked stays so. */
  async function assertWhole(directory: string): Promise<void> {
    await using house = await startHouse({ directory, config: standing.config })
    const url = house.ready.doors[0]?.url ?? ''
    const meet = (party: string) => house.run(['meet', url, '--identity', party])
    const [alice, rita] = await Promise.all([meet('alice'), meet('rita')])
    assert.equal(alice.code, 0, alice.stdout)
    assert.equal(rita.code, 1, rita.stdout)
    assert.match(rita.stdout, /ERR_CALLER_REVOKED/)
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  }

  for (const [file, damages] of Object.entries(TOLD))
    test(`${file}, ${Object.keys(damages).join(', ')}: said, and left alone`, async () => {
      const path = join(copy.data, file)
      const octets = await readFile(path)
      const { mode } = await stat(path)
      for (const [damage, [what, next]] of Object.entries(damages)) {
        await DAMAGES[damage]?.(path, octets)
        const before = await treeOf(copy.data)
        const { code, stdout, stderr } = await up()
        assert.equal(code, 3, `${damage}: ${stderr}`)
        assert.equal(stdout, '')
        assert.ok(stderr.startsWith(`countersign: ${path}`), stderr)
        assert.match(stderr, what)
        assert.match(stderr, next)
        assert.equal(stderr.trimEnd().split('\n').length, 2, stderr)
        assert.deepEqual(await treeOf(copy.data), before, damage)
        await writeFile(path, octets, { mode })
      }
    })

  test('store.db, damaged where only reading finds it: said, and no bug of ours', async () => {
    const path = join(copy.data, 'store.db')
    const octets = await readFile(path)
    // The first page, with the header and the schema, stays.
    const rest = randomOctets(octets.length - 4096, 8)
    await writeFile(path, Buffer.concat([octets.subarray(0, 4096), rest]))
    const { code, stderr } = await up()
    assert.equal(code, 3, stderr)
    assert.match(stderr, /store\.db: this is not a whole database \[ERR_AUTHORITY_STORE_MALFORMED\]\n {2}restore/)
    await writeFile(path, octets)
  })

  test('store.db, damaged where only a request finds it: the request is refused, and no bug of ours', async () => {
    await using other = await standing.copy()
    const path = join(other.data, 'store.db')
    const db = new DatabaseSync(path)
    const size = Number(db.prepare('PRAGMA page_size').get()?.['page_size'])
    const page = Number(
      db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'certificate_party'").get()?.['rootpage'],
    )
    db.close()
    const octets = await readFile(path)
    randomOctets(size, 9).copy(octets, (page - 1) * size)
    await writeFile(path, octets)
    await using house = await startHouse({ directory: other.directory, config: standing.config })
    const { code, stderr } = await house.run(['show', 'alice'])
    assert.equal(code, 1, stderr)
    assert.match(stderr, /\[ERR_AUTHORITY_STORE\]\n {2}see the log of the authority/)
    const failed = await house.event(({ event }) => /^(store|api)\.failed$/.test(String(event)))
    assert.equal(failed['event'], 'store.failed')
    assert.equal(failed['code'], 'ERR_AUTHORITY_STORE_MALFORMED')
  })

  test('a private key that others can read: said, and mended by what is said', async () => {
    for (const name of ['issuing.key', 'listener.pem']) {
      const path = join(copy.data, 'authority', name)
      await chmod(path, 0o644)
      const { code, stderr } = await up()
      assert.equal(code, 3, name)
      assert.ok(stderr.startsWith(`countersign: ${path}: this private key can be read by others`), stderr)
      assert.match(stderr, /\n {2}close it to others with chmod 600/)
      await chmod(path, 0o600)
    }
  })

  test('after all that, with its files back, the house is whole', () => assertWhole(copy.directory))

  for (const damages of HEALED)
    test(`${Object.keys(damages).join(', ')}: made anew`, async () => {
      await using other = await standing.copy()
      for (const [file, damage] of Object.entries(damages)) {
        const path = join(other.data, file)
        await DAMAGES[damage]?.(path, await readFile(path))
      }
      await assertWhole(other.directory)
    })
})
