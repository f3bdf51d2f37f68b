// The command as an older Node starts it: it finds the Node that `npm ci` brought, or says in one line what to do.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { BIN } from './support/run-command.ts'

const oldNode = findOldNode()
const needsOldNode = oldNode === undefined ? { skip: 'no Node older than 26 is installed' } : {}

suite('the launcher under an older Node', needsOldNode, () => {
  test('help, exit codes and arguments pass through', async () => {
    const help = await run(['--help'])
    assert.equal(help.code, 0, help.stderr)
    assert.match(help.stdout, /usage: countersign COMMAND/)
    const refused = await run(['invit', '--json'])
    assert.equal(refused.code, 2)
    assert.equal(JSON.parse(refused.stdout).error.code, 'ERR_CLI_COMMAND')
  })

  test('without a newer Node near: one line, exit 2', async () => {
    await using scratch = await directory()
    await copyFile(BIN, join(scratch.path, 'bin.mjs'))
    const { code, stdout, stderr } = await run(['--help'], { bin: join(scratch.path, 'bin.mjs') })
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^countersign needs Node 26 or newer; this is Node 2\d\.\d+\.\d+ \(.*node\)\. Run npm ci .*\n$/,
    )
  })

  test('a signal is passed on, and nothing is left running', async () => {
    await using scratch = await directory()
    const child = spawn(oldNode ?? '', [BIN, 'up', '--json'], { cwd: scratch.path, env: environment(), stdio: 'pipe' })
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
    await new Promise((resolve) => {
      child.stdout.on('data', (chunk) => String(chunk).includes('"ready"') && resolve(undefined))
    })
    child.kill('SIGTERM')
    // `close` comes only when the house has let go of its end of standard output.
    assert.deepEqual(await ended, { code: 0, signal: null })
  })
})

test('compiled code is kept in a directory of this user alone, and not where others may write', async () => {
  await using scratch = await directory()
  const help = () => run(['--help'], { node: process.execPath, env: { XDG_CACHE_HOME: scratch.path } })
  await chmod(scratch.path, 0o777)
  assert.equal((await help()).code, 0)
  const cache = join(scratch.path, 'countersign', 'compile')
  assert.deepEqual(await readdir(cache), [], 'whoever may write there would decide what runs')
  await chmod(scratch.path, 0o700)
  assert.equal((await help()).code, 0)
  assert.notDeepEqual(await readdir(cache), [])
  assert.equal((await stat(cache)).mode & 0o777, 0o700)
})

interface RunOptions {
  readonly bin?: string
  readonly node?: string
  readonly env?: Readonly<Record<string, string>>
}

async function run(args: readonly string[], { bin = BIN, node = oldNode ?? '', env = {} }: RunOptions = {}) {
  const child = spawn(node, [bin, ...args], { cwd: '/', env: { ...environment(), ...env }, stdio: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ])
  return { code, stdout, stderr }
}

/** A user's: without what this test run sets for its own Node. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, NODE_COMPILE_CACHE: ___, ...rest } = process.env
  return rest
}

async function directory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'countersign-launcher-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The system's Node, as a user has it on PATH: `npm` puts ours before it. */
function findOldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const node = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
  if (node === undefined) return undefined
  const version = execFileSync(node, ['--version'], { env: environment(), encoding: 'utf8' })
  return Number(version.slice(1).split('.')[0]) < 26 ? node : undefined
}
