// The programs of the README of @countersign/mtls, from its tarball, in an empty project, by identities of a real authority.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { enroll, IdentityError, refreshStatus } from '@countersign/mtls'
import { freePort, untilListening } from '../tools/testing/ports.ts'
import { startAuthority, type TestAuthority } from './support/authority.ts'

const HOUSE = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
/** Our own conditions must not reach what is installed: it has no sources. */
const { NODE_OPTIONS: _, NODE_COMPILE_CACHE: __, ...env } = process.env
/** The package and all that it brings along. */
const PACKAGES = ['x509', 'ssh', 'verify', 'protocol', 'mtls']

/** One of the README's, running; `text` is all that it said, `complaints` what it said on its error stream. */
interface Program {
  readonly child: ChildProcess
  text: string
  complaints: string
  readonly ended: Promise<unknown>
}

suite('the programs of the README, as installed and as printed', () => {
  let project: string
  let acme: TestAuthority
  let programs: ReadonlyMap<string, string>

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'countersign-programs-'))
    acme = await startAuthority()
    const words = ['pack', '--json', '--pack-destination', project]
    const { stdout } = await run('npm', [...words, ...PACKAGES.flatMap((name) => ['-w', `packages/${name}`])], {
      cwd: HOUSE,
      env,
    })
    const packed = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as readonly { readonly filename: string }[]
    await writeFile(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }\n')
    const tarballs = packed.map(({ filename }) => `./${filename}`)
    const still = ['--offline', '--no-audit', '--no-fund', '--omit=peer']
    await run('npm', ['install', ...still, ...tarballs], { cwd: project, env })
    // What a user installs beside, from here, as there is no network.
    for (const name of ['fastify', 'ws'])
      await symlink(join(HOUSE, 'node_modules', name), join(project, 'node_modules', name))
    const readme = await readFile(join(project, 'node_modules/@countersign/mtls/README.md'), 'utf8')
    programs = new Map([...readme.matchAll(/```ts (\w+)\n(.*?)```/gs)].map(([, name = '', text = '']) => [name, text]))

    await enrollAt(acme, 'shop', { profile: 'server', san: ['dns:shop.localhost'] })
    await enrollAt(acme, 'alice')
  })
  after(async () => {
    await acme[Symbol.asyncDispose]()
    await rm(project, { recursive: true })
  })

  const enrollAt = async (authority: TestAuthority, party: string, more: Parameters<TestAuthority['invite']>[1] = {}) =>
    enroll(await authority.invite(party, more), { directory: join(project, party) })

  /** Only the port is another than printed: this machine may have a service there. */
  const start = async (name: string, port: number, folder = project): Promise<Program> => {
    const text = programs.get(name) ?? assert.fail(`the README has no program ${name}`)
    assert.ok(text.trimEnd().split('\n').length < 30, `${name} has 30 lines or more`)
    await writeFile(join(folder, `${name}.js`), text.replaceAll('9000', String(port)))
    const child = spawn(process.execPath, [`${name}.js`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const program = { child, text: '', complaints: '', ended: once(child, 'close') }
    child.stdout.on('data', (chunk) => {
      program.text += chunk
    })
    child.stderr.on('data', (chunk) => {
      program.text += chunk
      program.complaints += chunk
    })
    return program
  }
  const said = async (name: string, port: number, folder?: string): Promise<string> => {
    const program = await start(name, port, folder)
    await program.ended
    return program.text
  }
  /** A folder beside whose ./alice is somebody else. */
  const folderOf = async (party: string): Promise<string> => {
    const folder = join(project, `as-${party}`)
    await mkdir(folder)
    // Whoever runs there may take or give back the lock at this very moment.
    const filter = (from: string) => !from.endsWith('.lock')
    await cp(join(project, party), join(folder, 'alice'), { recursive: true, filter })
    await cp(join(project, 'shop'), join(folder, 'shop'), { recursive: true, filter })
    return folder
  }

  for (const name of ['server', 'fastify'])
    test(`${name} lets in whom it names, and tells others why not`, async () => {
      const port = await freePort()
      const server = await start(name, port)
      try {
        await untilListening(port, server.child)
        assert.equal(await said('client', port), 'hello alice\n')

        const bob = `bob-of-${name}`
        await enrollAt(acme, bob)
        assert.match(
          await said('client', port, await folderOf(bob)),
          /^ERR_CALLER_NOT_ALLOWED: .*\(M-\w{4}-\w{4}\); next: ask its operator to allow you\n$/,
        )

        await using other = await startAuthority()
        const stranger = `stranger-at-${name}`
        await enrollAt(other, stranger)
        assert.match(await said('client', port, await folderOf(stranger)), /^ERR_CALLEE_UNKNOWN_ISSUER: /)
      } finally {
        server.child.kill()
        await server.ended
      }
      assert.equal(server.complaints, '')
    })

  test('websocket: both ends meet', async () => {
    assert.equal(await said('websocket', await freePort()), 'hello alice\n')
  })

  test('websocket: who is not allowed is refused, and the program ends', async () => {
    await enrollAt(acme, 'carol')
    assert.match(
      await said('websocket', await freePort(), await folderOf('carol')),
      /: Unexpected server response: 403\n$/,
    )
  })

  test('who is revoked is told so, by the server that is open already', async () => {
    const port = await freePort()
    const server = await start('server', port)
    try {
      await untilListening(port, server.child)
      assert.equal(await said('client', port), 'hello alice\n')
      const revoked = await acme.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
      assert.ok(revoked.ok)
      await refreshStatus(join(project, 'shop')).catch((error: unknown) => {
        // The server itself is writing what it has just been told: then that is what it goes by.
        if (!(error instanceof IdentityError && error.code === 'ERR_IDENTITY_IN_USE')) throw error
      })
      // The server follows its directory.
      for (let i = 0; i < 20; i++) {
        const text = await said('client', port)
        if (text !== 'hello alice\n') {
          assert.match(text, /^ERR_CALLER_REVOKED: .* \(M-\w{4}-\w{4}\); next: /)
          return
        }
        await pause(50)
      }
      assert.fail('alice was still let in')
    } finally {
      server.child.kill()
      await server.ended
    }
  })
})
