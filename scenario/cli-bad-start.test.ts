// What a house cannot start with: each gets one clear line (what, where, what to do) and its exit code; nothing is lost.
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { startHouse } from './support/house.ts'
import { runCommand } from './support/run-command.ts'

async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'countersign-bad-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function listenOnAnyPort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { server, port: address.port }
}

const HOUSE = {
  authority: { name: 'authority.localhost', domain: 'house.localhost', organization: 'Test', listen: '127.0.0.1:0' },
  doors: [
    { name: 'hello', kind: 'web', host: 'hello.localhost', listen: '127.0.0.1:0', upstream: 'demo', allow: ['*'] },
  ],
}

suite('a start that cannot be', () => {
  test('a configuration with an unknown key: line, path and nearest name, exit 3', async () => {
    await using directory = await scratch()
    await writeFile(join(directory.path, 'c.yaml'), 'authorty: {}\n')
    const { code, stderr, stdout } = await runCommand(['up', '--config', 'c.yaml'], { cwd: directory.path })
    assert.equal(code, 3)
    assert.equal(stdout, '')
    assert.match(stderr, /c\.yaml:1: .*there is no key authorty; did you mean authority\?/)
    assert.deepEqual(await readdir(directory.path), ['c.yaml'])
  })

  test('a configuration that is not there: exit 3', async () => {
    await using directory = await scratch()
    const { code, stderr } = await runCommand(['up', '--config', 'c.yaml'], { cwd: directory.path })
    assert.equal(code, 3)
    assert.match(stderr, /c\.yaml is not there \[ENOENT\]\n {2}check the path/)
  })

  test('a data directory that others can enter: exit 3', async () => {
    await using directory = await scratch()
    await mkdir(join(directory.path, 'countersign-data'))
    await chmod(join(directory.path, 'countersign-data'), 0o755)
    const { code, stderr } = await runCommand(['up'], { cwd: directory.path })
    assert.equal(code, 3)
    assert.match(
      stderr,
      /countersign-data: others can enter .*\[ERR_AUTHORITY_DIRECTORY_MODE\]\n {2}close it to others with chmod 700/,
    )
  })

  test('a data directory that is a file: exit 3', async () => {
    await using directory = await scratch()
    await writeFile(join(directory.path, 'countersign-data'), '')
    const { code, stderr } = await runCommand(['up'], { cwd: directory.path })
    assert.equal(code, 3)
    assert.match(stderr, /ERR_AUTHORITY_DIRECTORY\b/)
  })

  test('a data directory in use: exit 3, and the other process goes on', async () => {
    await using house = await startHouse()
    const second = await house.run(['up'])
    assert.equal(second.code, 3)
    assert.match(
      second.stderr,
      /\[ERR_AUTHORITY_IN_USE\]\n {2}stop the other process, or name another data directory with --data/,
    )
    assert.equal((await house.run(['list'])).code, 0)
  })

  test('a data directory of a newer version: exit 3, and it is left as it was', async () => {
    await using house = await startHouse()
    await house.stop()
    const [file = ''] = (await readdir(house.data)).filter((name) => /\.(db|sqlite)$/.test(name))
    const db = new DatabaseSync(join(house.data, file))
    db.exec('PRAGMA user_version = 999')
    db.close()
    const { code, stderr } = await house.run(['up'])
    assert.equal(code, 3)
    assert.match(stderr, /\[ERR_AUTHORITY_STORE_NEWER\]/)
  })

  test('remembered ports that are damaged: exit 3, and what heals it', async () => {
    await using house = await startHouse()
    await house.stop()
    await writeFile(join(house.data, 'ports.json'), '{"authority": "x"}')
    const { code, stderr } = await house.run(['up'])
    assert.equal(code, 3)
    assert.match(stderr, /ports\.json does not hold ports \[ERR_CLI_PORTS\]\n {2}delete it/)
  })

  test('a port of the configuration that is taken: exit 4', async () => {
    await using directory = await scratch()
    const { server, port } = await listenOnAnyPort()
    try {
      const config = { ...HOUSE, doors: [{ ...HOUSE.doors[0], listen: `127.0.0.1:${port}` }] }
      await writeFile(join(directory.path, 'c.yaml'), JSON.stringify(config))
      const { code, stderr } = await runCommand(['up', '--config', 'c.yaml'], { cwd: directory.path })
      assert.equal(code, 4, stderr)
      assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}.*\\n {2}stop .*, or choose another`))
    } finally {
      server.close()
    }
  })

  test('a port that was chosen once and is taken later: exit 4, for addresses were handed out', async () => {
    await using house = await startHouse()
    await house.stop()
    const port = Number(new URL(house.ready.doors[0]?.url ?? '').port)
    const server = createServer().listen(port, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const { code, stderr } = await house.run(['up'])
      assert.equal(code, 4, stderr)
      assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}, where this house was before, is taken`))
      assert.match(stderr, /\n {2}stop that process; or delete .*ports\.json/)
    } finally {
      server.close()
    }
  })

  test('an address that is not of this machine: exit 4', async () => {
    await using directory = await scratch()
    const config = { ...HOUSE, authority: { ...HOUSE.authority, listen: '192.0.2.1:7443' } }
    await writeFile(join(directory.path, 'c.yaml'), JSON.stringify(config))
    const { code, stderr } = await runCommand(['up', '--config', 'c.yaml'], { cwd: directory.path })
    assert.equal(code, 4, stderr)
    assert.match(stderr, /192\.0\.2\.1:7443/)
  })
})

test('a door that listens everywhere is called by its own name', async () => {
  await using house = await startHouse({ config: { ...HOUSE, doors: [{ ...HOUSE.doors[0], listen: '0.0.0.0:0' }] } })
  assert.match(house.ready.doors[0]?.url ?? '', /^https:\/\/hello\.localhost:\d+$/)
  const { stdout: token } = await house.run(['invite', 'alice'])
  await house.run(['enroll', token.trim()])
  const met = await house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', 'alice'])
  assert.equal(met.code, 0, met.stdout + met.stderr)
})

test('a configured house starts, is the same the next time, and a preferred door takes callers', async () => {
  const config = { ...HOUSE, doors: [{ ...HOUSE.doors[0], revocation: 'prefer', allow: ['alice'] }] }
  await using house = await startHouse({ config })
  await house.stop()
  await using again = await startHouse({ config, directory: house.directory })
  assert.deepEqual({ ...again.ready, pid: house.ready.pid }, house.ready)
  for (const [party, expected] of [
    ['alice', 0],
    ['mallory', 1],
  ] as const) {
    const { stdout: token } = await again.run(['invite', party])
    await again.run(['enroll', token.trim()])
    const met = await again.run([
      'meet',
      again.ready.doors[0]?.url ?? '',
      '--name',
      'hello.localhost',
      '--identity',
      party,
    ])
    assert.equal(met.code, expected, met.stdout + met.stderr)
    if (expected === 1) assert.match(met.stdout, /ERR_CALLER_NOT_ALLOWED/)
  }
})
