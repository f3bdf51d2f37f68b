// `countersign trust install` and `remove`: stores of NSS and of the system, by their own tools, in places of the test's own.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { needs, programPath } from '../interop/peer.ts'
import { NEEDS_MOUNT, OWN_MOUNTS } from '../tools/testing/small-disk.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'
import { BIN, type Ran, runCommand } from './support/run-command.ts'

const NSS = { ...needs('certutil', 'libnss3-tools'), ...needs('pk12util', 'libnss3-tools') }

suite('countersign trust', NSS, () => {
  let home: string
  let house: RunningHouse
  let rootSha256: string
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'countersign-home-'))
    house = await startHouse()
    rootSha256 = house.ready.root.replace('sha256:', '')
    cpSync(house.ready.trust, path('root.pem'))
    await enroll(house, 'alice')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })

  /** Alice's identity of a house, in a directory here. */
  async function enroll(from: RunningHouse, name: string): Promise<void> {
    rmSync(path(name), { recursive: true, force: true })
    renameSync((await enrolled(from, 'alice')).directory, path(name))
  }

  const path = (name: string) => join(home, name)
  const trust = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    runCommand(['trust', ...args], { cwd: home, env: { HOME: home, ...env }, input: '' })
  const certutil = (...args: string[]) => execFileSync('certutil', args, { encoding: 'utf8' })
  /** Nickname and flags of each line of a store's list. */
  const rows = (store: string) =>
    certutil('-L', '-d', `sql:${path(store)}`)
      .split('\n')
      .flatMap((line) => /^(\S.*?) +([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*) *$/.exec(line)?.slice(1).join(' ') ?? [])
  const keys = (store: string) => {
    const { stdout } = spawnSync('certutil', ['-K', '-d', `sql:${path(store)}`], { encoding: 'utf8' })
    return stdout.split('\n').filter((line) => line.startsWith('<')).length
  }
  const newStore = (name: string, ...how: string[]) => {
    mkdirSync(path(name))
    certutil('-N', '-d', `sql:${path(name)}`, ...(how.length === 0 ? ['--empty-password'] : how))
    return name
  }
  let count = 0
  const another = () => `nss-${++count}`

  test('makes an NSS store that is not there, says what it believes, and takes it out again', async () => {
    const store = another()
    const { code, stdout, stderr } = await trust(['install', '--trust', 'root.pem', '--nss', store, '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, new RegExp(`sha256:${rootSha256}`))
    assert.match(stderr, /whoever has the key of this authority can then pass for any website there/)
    assert.match(stdout, /^✔ NSS, .*: the authority is trusted for servers$/m)
    const [, undo = ''] = /; to undo: countersign (.*)$/m.exec(stdout) ?? []
    assert.equal(undo, `trust remove --trust ${path('root.pem')} --nss ${store}`)
    assert.equal(statSync(path(store)).mode & 0o777, 0o700)
    const tag = rootSha256.slice(0, 8)
    assert.deepEqual(rows(store), [`Countersign root ${tag} ${rootSha256.slice(0, 16)} C,,`])

    const again = await trust(['install', '--trust', 'root.pem', '--nss', store, '--yes'])
    assert.match(again.stdout, /it was there already/)
    const removed = await trust(['remove', '--trust', 'root.pem', '--nss', store, '--yes'])
    assert.equal(removed.code, 0, removed.stderr)
    assert.deepEqual(rows(store), [])
    assert.match(
      (await trust(['remove', '--trust', 'root.pem', '--nss', store, '--yes'])).stdout,
      /nothing of it was there/,
    )
  })

  test('--client brings certificate, issuers and key; a renewed one takes its place; remove leaves no key', async () => {
    const store = another()
    const install = () => trust(['install', '--identity', 'alice', '--nss', store, '--client', '--yes'])
    assert.match((await install()).stdout, /the certificate and the key of alice are there/)
    const first = rows(store)
    assert.deepEqual(
      first.map((row) => row.replace(/ [0-9a-f]{8} [0-9a-f]{16} /, ' ')),
      ['Countersign root C,,', 'Countersign issuer ,,', 'Countersign alice u,u,u'],
    )
    assert.equal(keys(store), 1)
    assert.match((await install()).stdout, /it was there already/)

    await enroll(house, 'alice')
    assert.equal((await install()).code, 0)
    assert.equal(keys(store), 1)
    assert.equal(rows(store).length, 3)
    assert.notDeepEqual(rows(store), first)

    assert.equal((await trust(['remove', '--identity', 'alice', '--nss', store, '--yes'])).code, 0)
    assert.deepEqual([rows(store), keys(store)], [[], 0])
  })

  test('leaves alone what others put there: another authority of the same name, and a client of it', async () => {
    const store = another()
    await using elsewhere = await startHouse()
    await enroll(elsewhere, 'other')
    for (const whose of [
      ['--trust', 'other/trust.pem'],
      ['--identity', 'other', '--client'],
    ])
      assert.equal((await trust(['install', ...whose, '--nss', store, '--yes'])).code, 0)
    const others = rows(store)
    assert.equal(others.length, 3)
    assert.equal((await trust(['install', '--identity', 'alice', '--client', '--nss', store, '--yes'])).code, 0)
    assert.deepEqual([rows(store).length, keys(store)], [6, 2])
    assert.equal((await trust(['remove', '--identity', 'alice', '--nss', store, '--yes'])).code, 0)
    assert.deepEqual([rows(store), keys(store)], [others, 1])
  })

  test('a root that somebody put there under another name is trusted, told, and left by remove', async () => {
    const store = newStore(another())
    certutil('-A', '-d', `sql:${path(store)}`, '-n', 'theirs', '-t', ',,', '-i', path('root.pem'))
    const { stdout } = await trust(['install', '--trust', 'root.pem', '--nss', store, '--yes'])
    assert.match(stdout, /somebody put it there under another name before: trust remove leaves it/)
    assert.deepEqual(rows(store), ['theirs C,,'])
    await trust(['remove', '--trust', 'root.pem', '--nss', store, '--yes'])
    assert.deepEqual(rows(store), ['theirs C,,'])
  })

  test('--json: fingerprint, stores, and what was done; the plan goes to standard error', async () => {
    const store = another()
    const { stdout } = await trust(['install', '--trust', 'root.pem', '--nss', store, '--yes', '--json'])
    assert.deepEqual(JSON.parse(stdout), {
      roots: [`sha256:${rootSha256}`],
      stores: [{ store: 'NSS', path: path(store), did: ['the authority is trusted for servers'] }],
    })
  })

  test(
    'a store with a password of its own: exit 3, how to go on, and the other store is done',
    needs('setsid', 'util-linux'),
    () => {
      writeFileSync(path('password'), 'secret\n')
      const [locked, open] = [newStore(another(), '-f', path('password')), another()]
      // Without a terminal nobody can be asked for it: certutil asks on the terminal itself.
      const args = ['trust', 'install', '--trust', 'root.pem', '--nss', locked, '--nss', open, '--yes']
      const { status, stdout, stderr } = spawnSync('setsid', ['--wait', process.execPath, BIN, ...args], {
        ...{ cwd: home, env: { PATH: process.env['PATH'], HOME: home }, encoding: 'utf8' },
      })
      assert.equal(status, 3, stderr)
      assert.match(stderr, /the store did not take it: .*\n.*the store has a password of its own/)
      assert.match(stdout, new RegExp(`✔ NSS, ${path(open)}`))
      assert.equal(rows(open).length, 1)
    },
  )

  test('asks before it changes anything: no is exit 1, yes does it', needs('script', 'bsdutils'), async () => {
    const answered = async (answer: string, store: string) => {
      const line = `${process.execPath} ${BIN} trust install --trust root.pem --nss ${store}`
      const child = execFile(programPath('script'), ['-qec', line, '/dev/null'], { cwd: home })
      let said = ''
      child.stdout?.on('data', (text: string) => {
        said += text
        if (stripVTControlCharacters(text).endsWith('[y/N] ')) child.stdin?.write(`${answer}\r`)
      })
      const code = await new Promise((resolve) => child.on('close', resolve))
      return { code, said }
    }
    const store = another()
    const no = await answered('', store)
    assert.equal(no.code, 1, no.said)
    assert.match(no.said, /nothing was changed/)
    assert.throws(() => statSync(path(store)), { code: 'ENOENT' })
    const yes = await answered('y', store)
    assert.equal(yes.code, 0, yes.said)
    assert.equal(rows(store).length, 1)
  })

  const bad: readonly (readonly [args: string[], code: number, text: RegExp, env?: Record<string, string>])[] = [
    [['install', '--nss', 'x', '--yes'], 2, /say whose authority/],
    [['install', '--nss', 'x', '--trust', 'root.pem', '--identity', 'alice', '--yes'], 2, /say whose authority/],
    [['install', '--nss', 'x', '--trust', 'root.pem', '--client', '--yes'], 2, /--client needs --identity DIR/],
    [['install', '--nss', 'x', '--trust', 'root.pem'], 2, /nothing was changed.*\n.*--yes/],
    [['install', '--nss', 'x', '--trust', 'none.pem', '--yes'], 3, /ERR_TRUST_FILE_MISSING/],
    [['install', '--nss', 'x', '--trust', 'alice/identity.pem', '--yes'], 3, /not the certificate of an authority/],
    [['install', '--nss', 'x', '--identity', 'none', '--yes'], 3, /ERR_TRUST_FILE_MISSING/],
    [
      ['install', '--nss', 'x', '--trust', 'root.pem', '--yes'],
      3,
      /Firefox: Settings.*[\s\S]*ERR_CLI_NO_STORE/,
      { PATH: '/nowhere' },
    ],
    [['remove', '--nss', 'x', '--trust', 'root.pem'], 2, /nothing was changed/],
  ]
  for (const [args, expected, text, env] of bad)
    test(`countersign trust ${args.join(' ')}: exit ${expected}, and no store`, async () => {
      const { code, stderr } = await trust(args, env)
      assert.equal(code, expected, stderr)
      assert.match(stderr, text)
      assert.throws(() => statSync(path('x')), { code: 'ENOENT' })
    })

  const namespaces = {
    ...NEEDS_MOUNT,
    ...needs('unshare', 'util-linux'),
    ...needs('update-ca-certificates', 'ca-certificates'),
    ...needs('openssl', 'openssl'),
  }
  test('without a store named: the system’s, Chromium’s and every Firefox profile’s', namespaces, () => {
    // The machine of the test stays as it is: what the system keeps is copied, and mounted over in a namespace of its own.
    const user = path('user')
    const profile = '.mozilla/firefox/ab12.default'
    mkdirSync(join(user, profile), { recursive: true })
    mkdirSync(join(user, '.pki/nssdb'), { recursive: true })
    certutil('-N', '-d', `sql:${join(user, profile)}`, '--empty-password')
    cpSync('/etc/ssl/certs', path('certs'), { recursive: true, verbatimSymlinks: true })
    const command = `${process.execPath} ${BIN} trust`
    const script = `
      mount -t tmpfs tmpfs /usr/local/share/ca-certificates
      mount --bind ${path('certs')} /etc/ssl/certs
      verify() { openssl verify -CApath /etc/ssl/certs -untrusted alice/identity.pem alice/identity.pem; }
      if verify; then echo before; exit 1; fi
      ${command} install --identity alice --yes
      verify
      ${command} install --identity alice --yes
      certutil -L -d sql:${user}/.pki/nssdb; certutil -L -d sql:${user}/${profile}
      ${command} remove --identity alice --yes
      if verify; then echo after; exit 1; fi
      certutil -L -d sql:${user}/.pki/nssdb; certutil -L -d sql:${user}/${profile}
      ls /usr/local/share/ca-certificates
    `
    const { status, stdout, stderr } = spawnSync('unshare', [...OWN_MOUNTS, 'sh', '-ec', script], {
      ...{ cwd: home, env: { PATH: process.env['PATH'], HOME: user }, encoding: 'utf8' },
    })
    assert.equal(status, 0, stdout + stderr)
    for (const label of ['the system, /usr/local/share/ca-certificates', 'Chromium, ', 'Firefox, ']) {
      const told = [...stdout.matchAll(new RegExp(`^✔ ${label}.*?: (.*)$`, 'gm'))].map(([, did]) => did)
      assert.equal(told.length, 3, stdout)
      assert.deepEqual(told.slice(0, 2), ['the authority is trusted for servers', 'it was there already'])
      assert.match(told[2] ?? '', /^taken out: /)
    }
    assert.equal(stdout.match(/^Countersign root .* C,, *$/gm)?.length, 2)
    assert.ok(!stdout.trimEnd().endsWith('.crt'), stdout)
    assert.ok(!readFileSync(path('certs/ca-certificates.crt'), 'utf8').includes(readFileSync(path('root.pem'), 'utf8')))
  })

  test('the system’s store is root’s alone: who is not root is told how', {
    ...namespaces,
    ...needs('setpriv', 'util-linux'),
  }, () => {
    const script = `
      mount -t tmpfs -o mode=755 tmpfs /usr/local/share/ca-certificates
      mount -t tmpfs -o mode=755 tmpfs /mnt
      cp root.pem /mnt
      cd /mnt
      setpriv --reuid=65534 --clear-groups ${process.execPath} ${BIN} trust install --trust root.pem --system --yes
    `
    const { status, stderr } = spawnSync('unshare', [...OWN_MOUNTS, 'sh', '-ec', script], {
      ...{ cwd: home, env: { PATH: process.env['PATH'], HOME: '/nonexistent' }, encoding: 'utf8' },
    })
    assert.equal(status, 3, stderr)
    assert.match(stderr, /may be changed by root alone\n.*sudo/)
  })
})
