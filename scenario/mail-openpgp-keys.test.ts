// A person's OpenPGP key: made at their side, certified by the authority's own, found by others, and never told to strangers.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'

interface FoundKey {
  readonly fingerprint: string
  readonly version: number
  readonly ok: boolean
  readonly code?: string
}

suite('OpenPGP keys', () => {
  let house: RunningHouse
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const enroll = async (party: string, ...options: readonly string[]) => {
    const { stdout } = await run(['invite', party, ...options, '--json'])
    await run(['enroll', (JSON.parse(stdout) as { token: string }).token, '--out', party])
  }
  const make = async (party: string, ...options: readonly string[]) =>
    (
      JSON.parse((await run(['mail', 'key', '--openpgp', ...options, '--identity', party, '--json'])).stdout) as {
        made: { fingerprint: string; version: number; addresses: readonly string[] }
      }
    ).made
  const found = async (address: string, code = 0) =>
    (
      JSON.parse((await run(['mail', 'keys', address, '--identity', 'bob', '--json'], code)).stdout) as {
        openPgp: readonly FoundKey[]
      }
    ).openPgp

  before(async () => {
    house = await startHouse()
    await enroll('alice', '--profile', 'person', '--san', 'email:alice@acme.example')
    await enroll('bob', '--profile', 'person', '--san', 'email:bob@acme.example')
  })
  after(() => house[Symbol.asyncDispose]())

  test('are made here: the private key is for nobody else to read', async () => {
    const { fingerprint, version, addresses } = await make('alice')
    assert.deepEqual([version, addresses], [6, ['alice@acme.example']])
    const folder = join(house.directory, 'alice', 'mail')
    assert.deepEqual(
      (await readdir(folder)).sort(),
      [`${fingerprint}.asc`, `${fingerprint}.secret.asc`, 'authority.4.asc', 'authority.6.asc'].sort(),
    )
    assert.equal((await stat(join(folder, `${fingerprint}.secret.asc`))).mode & 0o777, 0o600)
    assert.match(await readFile(join(folder, `${fingerprint}.secret.asc`), 'utf8'), /^-----BEGIN PGP PRIVATE KEY BLOCK/)
    assert.match(await readFile(join(folder, `${fingerprint}.asc`), 'utf8'), /^-----BEGIN PGP PUBLIC KEY BLOCK/)
  })

  test('are found by others: the newest of each version, judged by the authority’s key', async () => {
    const old = await make('alice', '--legacy')
    const legacy = await make('alice', '--legacy')
    assert.notEqual(old.fingerprint, legacy.fingerprint)
    const keys = await found('alice@acme.example')
    assert.deepEqual(keys.map(({ version, ok }) => [version, ok]).sort(), [
      [4, true],
      [6, true],
    ])
    assert.ok(keys.some(({ fingerprint }) => fingerprint === legacy.fingerprint))
    const { stdout } = await run(['mail', 'keys', '--identity', 'alice'])
    assert.match(stdout, /old mail is read with it/)
    assert.deepEqual(await found('bob@acme.example', 1), [])
  })

  test(
    'that GnuPG reads: it is certified by the authority, whose key certifies and nothing else',
    needs('gpg', 'gpg'),
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'countersign-gpg-'))
      const gpg = (...args: readonly string[]) =>
        spawnSync('gpg', ['--batch', '--no-tty', '--no-autostart', ...args], {
          env: { ...process.env, GNUPGHOME: home },
          encoding: 'utf8',
        })
      try {
        const folder = join(house.directory, 'alice', 'mail')
        const { fingerprint } = await make('alice', '--legacy')
        gpg('--import', join(folder, 'authority.4.asc'))
        gpg('--import', join(folder, `${fingerprint}.asc`))
        const listed = gpg('--with-colons', '--check-sigs').stdout
        const [, authority = ''] = /^pub:[^:]*:25[56]:22:([0-9A-F]{16}):[^\n]*:cC:/m.exec(listed) ?? []
        assert.notEqual(authority, '', listed)
        assert.match(listed, new RegExp(`^sig:!::22:${authority}:\\d+:\\d+:.*:13x:`, 'm'))
        assert.match(listed, /^uid:.*<alice@acme\.example>/m)
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    },
  )

  test('are for people alone', async () => {
    await enroll('printer')
    const { stderr } = await run(['mail', 'key', '--openpgp', '--identity', 'printer'], 1)
    assert.match(stderr, /ERR_ENROLL_PROFILE/)
    assert.match(stderr, /--profile person/)
  })

  test('whose certification did not come are asked for again, and are no new ones', async () => {
    const { fingerprint } = await make('bob')
    const path = join(house.directory, 'bob', 'mail', `${fingerprint}.asc`)
    const certified = await readFile(path, 'utf8')
    await unlink(path)
    assert.equal((await make('bob')).fingerprint, fingerprint)
    assert.equal(await readFile(path, 'utf8'), certified)
  })

  test('that others may read, or that are no keys, are not used', async () => {
    const { fingerprint } = await make('bob')
    const path = join(house.directory, 'bob', 'mail', `${fingerprint}.asc`)
    const before = await readFile(path)
    await writeFile(path, 'no key')
    assert.match((await run(['mail', 'keys', '--identity', 'bob'], 1)).stderr, /ERR_MAIL_FORM/)
    await writeFile(path, before)
  })

  test('of whom was revoked are revoked, since then', async () => {
    assert.equal((await found('alice@acme.example')).length, 2)
    await run(['revoke', 'alice'])
    assert.deepEqual(await found('alice@acme.example', 1), [])
  })

  test('without the package are told to be missing, with what brings it', async () => {
    const absent = join(house.directory, 'absent.mjs')
    await writeFile(
      absent,
      `import { registerHooks } from 'node:module'
       registerHooks({ resolve(name, context, next) {
         if (!/^(?:@countersign\\/)?openpgp(?:$|\\/)/.test(name)) return next(name, context)
         throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
       } })`,
    )
    const env = { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${absent}` }
    const ran = await house.run(['mail', 'key', '--openpgp', '--identity', 'bob'], { env })
    assert.equal(ran.code, 3, ran.stderr)
    assert.match(ran.stderr, /ERR_CLI_NO_OPENPGP/)
    assert.match(ran.stderr, /npm install @countersign\/openpgp/)
    assert.equal((await house.run(['mail', 'key', '--identity', 'bob'], { env })).code, 0)
  })
})
