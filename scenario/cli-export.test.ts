// `countersign export --pkcs12`: a file that other programs open and present at a door, and that is nobody else's.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify, stripVTControlCharacters } from 'node:util'
import { needs, programPath } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { BIN } from './support/run-command.ts'

/** Of ASCII, of Latin, and beyond the BMP: programs differ in how they encode it. */
const PASSWORDS = ['open sesame', 'Grüße 😀']
const run = promisify(execFile)

suite('countersign export --pkcs12', () => {
  let house: RunningHouse
  before(async () => {
    house = await startHouse()
    const { stdout: token } = await house.run(['invite', 'alice'])
    const enrolled = await house.run(['enroll', token.trim(), '--out', 'alice'])
    assert.equal(enrolled.code, 0, enrolled.stderr)
  })
  after(() => house[Symbol.asyncDispose]())

  const path = (name: string) => join(house.directory, name)
  const known = new Map<string, string>()
  /** Exports under a password of a file, once for each; answers the path of the PKCS#12. */
  const exported = async (password: string): Promise<string> => {
    const name = known.get(password) ?? `${known.size}.p12`
    if (known.has(password)) return path(name)
    known.set(password, name)
    const args = ['export', '--pkcs12', '--identity', 'alice', '--out', name, '--password-file', '-']
    const { code, stdout, stderr } = await house.run(args, { input: `${password}\n` })
    assert.equal(code, 0, stderr)
    assert.ok(!stdout.includes(password), stdout)
    return path(name)
  }

  test('says what the file holds, for its owner alone, and shows a password that it made once', async () => {
    const { code, stdout, stderr } = await house.run(['export', '--pkcs12', '--identity', 'alice', '--out', 'made.p12'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /made\.p12 holds the private key and the certificate of alice$/m)
    assert.match(stdout, /30 days left; a renewed one must be exported again/)
    assert.match(stdout, /whoever has the file and its password is alice/)
    assert.match(stdout, /^password, shown this once: (?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$/m)
    assert.equal(stderr, '')
    assert.equal(statSync(path('made.p12')).mode & 0o777, 0o600)
  })

  test('--json has file, party, end and password', async () => {
    const { stdout } = await house.run(['export', '--pkcs12', '--identity', 'alice', '--out', 'json.p12', '--json'])
    const { exported: file, party, notAfter, password } = JSON.parse(stdout)
    assert.deepEqual([file, party], [path('json.p12'), 'alice'])
    assert.ok(Temporal.Instant.compare(notAfter, Temporal.Now.instant()) > 0)
    assert.match(password, /^\w{4}-/)
  })

  test('in the directory of the identity no --identity is needed', async () => {
    const { code, stderr } = await house.run(['export', '--pkcs12', '--out', '../here.p12'], { cwd: path('alice') })
    assert.equal(code, 0, stderr)
    assert.ok(statSync(path('here.p12')).isFile())
  })

  test(
    'OpenSSL opens it: key, certificate and issuer, under the party’s name',
    needs('openssl', 'openssl'),
    async () => {
      for (const password of PASSWORDS) {
        const args = ['pkcs12', '-in', await exported(password), '-nodes', '-passin', `pass:${password}`]
        const said = execFileSync('openssl', args, { encoding: 'utf8' })
        assert.match(said, /friendlyName: alice/)
        assert.equal(said.match(/-----BEGIN CERTIFICATE-----/g)?.length, 2)
        const key = /-----BEGIN PRIVATE KEY-----[\s\S]*-----END PRIVATE KEY-----\n/.exec(said)?.[0]
        assert.equal(key, readFileSync(path('alice/identity.key'), 'utf8'))
        const wrong = [...args.slice(0, -1), `pass:${password}.`]
        assert.throws(() => execFileSync('openssl', wrong, { stdio: 'pipe' }), /Mac verify error/)
      }
    },
  )

  test('GnuTLS opens it', needs('certtool', 'gnutls-bin'), async () => {
    for (const password of PASSWORDS) {
      const args = ['--p12-info', '--inraw', '--infile', await exported(password), '--password', password]
      const said = execFileSync('certtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      assert.match(said, /BEGIN (?:ENCRYPTED )?PRIVATE KEY/)
      assert.equal(said.match(/BEGIN CERTIFICATE/g)?.length, 2)
    }
  })

  const nss = { ...needs('certutil', 'libnss3-tools'), ...needs('pk12util', 'libnss3-tools') }
  test('NSS takes it into its store, where Chromium and Firefox find it', nss, async () => {
    for (const [index, password] of PASSWORDS.entries()) {
      const store = `sql:${path(`nss-${index}`)}`
      mkdirSync(path(`nss-${index}`))
      execFileSync('certutil', ['-N', '-d', store, '--empty-password'])
      execFileSync('pk12util', ['-i', await exported(password), '-d', store, '-W', password])
      assert.match(execFileSync('certutil', ['-K', '-d', store], { encoding: 'utf8' }), /alice/)
    }
  })

  test('curl meets the door with it, as alice', needs('curl', 'curl'), async () => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    const [password = ''] = PASSWORDS
    const { stdout } = await run(programPath('curl'), [
      ...['--silent', '--cacert', house.ready.trust, '--resolve', `hello.localhost:${port}:127.0.0.1`],
      ...['--cert-type', 'P12', '--cert', `${await exported(password)}:${password}`],
      `https://hello.localhost:${port}/`,
    ])
    assert.match(stdout, /hello alice/i)
  })

  test('never writes over a file without --force, nor through a link that somebody laid', async () => {
    writeFileSync(path('mine.txt'), 'mine')
    symlinkSync(path('mine.txt'), path('link.p12'))
    for (const name of ['mine.txt', 'link.p12']) {
      const { code, stderr } = await house.run(['export', '--pkcs12', '--identity', 'alice', '--out', name])
      assert.equal(code, 3)
      assert.match(stderr, new RegExp(`${name} is there already.*\n.*--force`))
    }
    const args = ['export', '--pkcs12', '--identity', 'alice', '--out', 'link.p12', '--force']
    assert.equal((await house.run(args)).code, 0)
    assert.equal(readFileSync(path('mine.txt'), 'utf8'), 'mine')
    assert.equal(statSync(path('link.p12')).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(house.directory).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  test('asks on a terminal, twice, and shows nothing of the answer', needs('script', 'bsdutils'), async () => {
    const bin = `${process.execPath} ${BIN} export --pkcs12 --identity alice`
    const typed = async (out: string, answers: readonly string[]) => {
      const child = execFile(programPath('script'), ['-qec', `${bin} --out ${out}`, '/dev/null'], {
        cwd: house.directory,
      })
      let said = ''
      let asked = 0
      child.stdout?.on('data', (text: string) => {
        said += text
        // One answer for each question, once it is asked.
        if (stripVTControlCharacters(text).endsWith(': ') && asked < answers.length)
          child.stdin?.write(`${answers[asked++]}\r`)
      })
      const code = await new Promise((resolve) => child.on('close', resolve))
      return { code, said }
    }
    const good = await typed('typed.p12', ['a good one', 'a good one'])
    assert.equal(good.code, 0, good.said)
    assert.doesNotMatch(good.said, /a good one|shown this once/)
    execFileSync('openssl', ['pkcs12', '-in', path('typed.p12'), '-noout', '-passin', 'pass:a good one'])

    const other = await typed('other.p12', ['a good one', 'a goof one'])
    assert.equal(other.code, 3, other.said)
    assert.match(other.said, /the two passwords are not the same/)

    const none = await typed('none.p12', [''])
    assert.equal(none.code, 0, none.said)
    assert.match(none.said, /password, shown this once: \w{4}-/)
  })

  const bad: readonly (readonly [args: string[], code: number, text: RegExp])[] = [
    [['export', '--out', 'x.p12'], 2, /say in which form/],
    [['export', '--pkcs12'], 2, /say in which form and where to/],
    [['export', '--pkcs12', '--out', 'x.p12'], 3, /ERR_IDENTITY_M/],
    [['export', '--pkcs12', '--identity', 'alice', '--out', 'no/where.p12'], 3, /no\/where\.p12 is not there/],
    [
      ['export', '--pkcs12', '--identity', 'alice', '--out', 'x.p12', '--password-file', 'none'],
      3,
      /none is not there/,
    ],
    [
      ['export', '--pkcs12', '--identity', 'alice', '--out', 'x.p12', '--password-file', '-'],
      3,
      /the password, is empty/,
    ],
  ]
  for (const [args, expected, text] of bad)
    test(`countersign ${args.join(' ')}: exit ${expected}, and no file`, async () => {
      const { code, stderr } = await house.run(args, { input: '' })
      assert.equal(code, expected, stderr)
      assert.match(stderr, text)
      assert.ok(!readdirSync(house.directory).includes('x.p12'))
    })
})
