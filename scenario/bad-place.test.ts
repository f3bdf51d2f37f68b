// A data directory in the wrong place or of the wrong kind: each says what, where and what to do, exits with its code,
// changes nothing, and once the place is mended the house is as it was.
import assert from 'node:assert/strict'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { makeSmallDisk, NEEDS_MOUNT } from '../tools/testing/small-disk.ts'
import { startHouse } from './support/house.ts'
import { runCommand } from './support/run-command.ts'
import { makeStandingHouse, type StandingHouse, treeOf } from './support/standing-house.ts'

/** One way to spoil a data directory. */
interface Place {
  spoil(data: string): Promise<unknown>
  mend(data: string): Promise<unknown>
  readonly says: RegExp
  readonly options?: { readonly skip?: string }
}

const NEEDS_ROOT = process.getuid?.() === 0 ? {} : { skip: 'only root can give a directory away' }

const LATER = 900

function changeVersion(data: string, by: number): void {
  const db = new DatabaseSync(join(data, 'store.db'))
  const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {}
  db.exec(`PRAGMA user_version = ${Number(version) + by}`)
  db.close()
}

const PLACES: Readonly<Record<string, Place>> = {
  'others can enter it (mode 0755)': {
    spoil: (data) => chmod(data, 0o755),
    mend: (data) => chmod(data, 0o700),
    says: /others can enter the data directory \(mode 755\) \[ERR_AUTHORITY_DIRECTORY_MODE\]\n {2}close it to others with chmod 700/,
  },
  'it is read-only (mode 0500)': {
    spoil: (data) => chmod(data, 0o500),
    mend: (data) => chmod(data, 0o700),
    says: /the data directory is read-only \[ERR_AUTHORITY_DIRECTORY_READ_ONLY\]\n {2}make the data directory writable/,
  },
  "it is someone else's": {
    spoil: (data) => chown(data, 65_534, 65_534),
    mend: (data) => chown(data, 0, 0),
    says: /belongs to user 65534, and this process runs as user 0 \[ERR_AUTHORITY_DIRECTORY_OWNER\]\n {2}start as the owner/,
    options: NEEDS_ROOT,
  },
  'it is from a newer version': {
    spoil: async (data) => changeVersion(data, LATER),
    mend: async (data) => changeVersion(data, -LATER),
    says: /store\.db: it was written by a newer version \(schema 9\d\d; .*\[ERR_AUTHORITY_STORE_NEWER\]\n {2}start the newer version/,
  },
  'a directory is where its socket goes': {
    spoil: (data) => mkdir(join(data, 'admin.sock')),
    mend: (data) => rm(join(data, 'admin.sock'), { recursive: true }),
    says: /admin\.sock: this cannot be written .*\n {2}\S/,
  },
  'a directory is where the root certificate is told': {
    spoil: async (data) => {
      await rm(join(data, 'root.pem'))
      await mkdir(join(data, 'root.pem'))
    },
    mend: (data) => rm(join(data, 'root.pem'), { recursive: true }),
    says: /root\.pem: this cannot be written \(EISDIR\) .*\n {2}\S/,
  },
  'a directory is where its ports are remembered, and the process ends all the same': {
    spoil: async (data) => {
      await rm(join(data, 'ports.json'))
      await mkdir(join(data, 'ports.json'))
    },
    mend: (data) => rm(join(data, 'ports.json'), { recursive: true }),
    says: /ports\.json is a directory \[EISDIR\]\n {2}\S/,
  },
}

suite('a data directory that cannot be used', () => {
  let standing: StandingHouse
  before(async () => {
    standing = await makeStandingHouse(73, async (house) => {
      const { stdout } = await house.run(['invite', 'alice'])
      assert.equal((await house.run(['enroll', stdout.trim()])).code, 0)
    })
  })
  after(() => standing[Symbol.asyncDispose]())

  const up = (cwd: string) => runCommand(['up', '--config', 'countersign.yaml'], { cwd, timeoutMs: 10_000 })

  async function assertWhole(directory: string): Promise<void> {
    await using house = await startHouse({ directory, config: standing.config })
    const met = await house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', 'alice'])
    assert.equal(met.code, 0, met.stdout + met.stderr)
  }

  for (const [what, { spoil, mend, says, options = {} }] of Object.entries(PLACES))
    test(what, options, async () => {
      await using copy = await standing.copy()
      await spoil(copy.data)
      const spoilt = await treeOf(copy.data)
      const { code, stdout, stderr } = await up(copy.directory)
      assert.equal(code, 3, stderr)
      assert.equal(stdout, '')
      assert.ok(stderr.startsWith(`countersign: ${copy.data}`), stderr)
      assert.match(stderr, says)
      assert.equal(stderr.trimEnd().split('\n').length, 2, stderr)
      assert.deepEqual(await treeOf(copy.data), spoilt, 'it is left as it was')
      await mend(copy.data)
      await assertWhole(copy.directory)
    })

  test('it is on a read-only file system', NEEDS_MOUNT, async () => {
    await using copy = await standing.copy()
    using disk = makeSmallDisk(4096)
    await cp(copy.directory, disk.directory, { recursive: true })
    disk.remount('ro')
    const before = await treeOf(disk.directory)
    const { code, stderr } = await up(disk.directory)
    assert.equal(code, 3)
    assert.match(stderr, /data: this cannot be written \(EROFS\) \[ERR_AUTHORITY_DIRECTORY_READ_ONLY\]\n {2}make the/)
    assert.deepEqual(await treeOf(disk.directory), before)
    disk.remount('rw')
    await assertWhole(disk.directory)
  })

  test('it is in use: exit 3, nothing changes, and the other goes on', async () => {
    await using copy = await standing.copy()
    const { directory } = copy
    await using house = await startHouse({ directory, config: standing.config })
    const before = Object.keys(await treeOf(copy.data))
    const { code, stderr } = await up(directory)
    assert.equal(code, 3)
    assert.match(stderr, /store\.db: another process uses .* \[ERR_AUTHORITY_IN_USE\]\n {2}stop the other process/)
    assert.deepEqual(Object.keys(await treeOf(copy.data)), before)
    const met = await house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', 'alice'])
    assert.equal(met.code, 0, met.stderr)
  })

  test('it is of another trust domain than the configuration: exit 3, and the right one starts it', async () => {
    await using copy = await standing.copy()
    const other = JSON.stringify(standing.config).replace('house.localhost', 'other.localhost')
    await writeFile(join(copy.directory, 'countersign.yaml'), other)
    const { code, stderr } = await up(copy.directory)
    assert.equal(code, 3)
    assert.match(
      stderr,
      /this authority is of the trust domain house\.localhost \[ERR_AUTHORITY_DOMAIN\]\n {2}use the trust/,
    )
    await assertWhole(copy.directory)
  })

  test('the port of its door is taken: exit 4, and once it is free the house is there', async () => {
    await using copy = await standing.copy()
    const { hostname, port } = await (async () => {
      await using house = await startHouse({ directory: copy.directory, config: standing.config })
      return new URL(house.ready.doors[0]?.url ?? '')
    })()
    const server = createServer().listen(Number(port), hostname)
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const { code, stderr } = await up(copy.directory)
      assert.equal(code, 4, stderr)
      assert.match(stderr, new RegExp(`${hostname}:${port},? .*\\n {2}stop`))
    } finally {
      server.close()
    }
    await assertWhole(copy.directory)
  })
})

suite('a first start that cannot be leaves nothing', () => {
  const cases: Readonly<Record<string, readonly [data: string, says: RegExp]>> = {
    'the path is too long for a socket': [
      `d/${'d'.repeat(110)}`,
      /admin\.sock: a socket's path has at most 103 octets \[ERR_AUTHORITY_SOCKET_PATH\]\n {2}use a data directory/,
    ],
    'a file is in the way': [
      'file/data',
      /\/file\/data: it cannot be read \(ENOTDIR\) \[ERR_AUTHORITY_DIRECTORY\]\n {2}name/,
    ],
  }
  for (const [what, [data, says]] of Object.entries(cases))
    test(what, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'countersign-bad-'))
      try {
        await writeFile(join(directory, 'file'), '')
        const { code, stderr } = await runCommand(['up', '--data', data], { cwd: directory })
        assert.equal(code, 3, stderr)
        assert.match(stderr, says)
        assert.deepEqual(await readdir(directory), ['file'])
      } finally {
        await rm(directory, { recursive: true })
      }
    })
})
