// One door, real programs on its outside: who comes in, who is refused, and that both sides tell the same story.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { mint } from './support/mint.ts'
import { curl, enrolled, type HttpSeen, type PartyFiles, runProgram } from './support/peers.ts'

const REFERENCE = /M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/

suite('a web door and unmodified peers', needs('curl', 'curl'), () => {
  let house: RunningHouse
  let alice: PartyFiles
  let scratch: string
  let port: string
  let url: string

  before(async () => {
    house = await startHouse()
    alice = await enrolled(house, 'alice')
    scratch = await mkdtemp(join(tmpdir(), 'countersign-web-door-'))
    ;({ port } = new URL(house.ready.doors[0]?.url ?? ''))
    url = `https://127.0.0.1:${port}/`
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  /** What the house logged of a meeting, found by the reference that the peer was shown. */
  const logged = (reference: string) =>
    house.event((event) => event['event'] === 'meeting' && event['reference'] === reference)

  /** Asserts a refusal on both sides: what the peer read, what the door logged, and `countersign why`. */
  async function assertRefused(seen: HttpSeen, code: string): Promise<void> {
    assert.equal(seen.code, 0, seen.stderr)
    assert.equal(seen.status, 403)
    assert.equal(seen.contentType, 'application/problem+json')
    const problem = JSON.parse(seen.body) as Record<string, string>
    assert.equal(problem['code'], code)
    assert.ok(problem['next'], 'a next step')
    const reference = problem['reference'] ?? assert.fail('a reference')
    assert.match(reference, REFERENCE)
    const event = await logged(reference)
    assert.equal(event['code'], code)
    const why = await house.run(['why', reference, '--json'])
    assert.equal(why.code, 0, why.stderr)
    assert.match(why.stdout, new RegExp(code))
  }

  test('curl with a certificate of ours reaches the upstream, which is told who came', async () => {
    const seen = await curl(alice, [], { url })
    assert.equal(seen.status, 200, seen.stderr)
    assert.match(seen.body, /Hello alice/)
    const event = await house.event((e) => e['event'] === 'meeting' && e['ok'] === true && e['caller'] === 'alice')
    assert.match(String(event['reference']), REFERENCE)
  })

  test('curl reads the door’s own record of its meeting, with the reference that was logged', async () => {
    const seen = await curl(alice, [], { url: `${url}.well-known/countersign/meeting` })
    const meeting = JSON.parse(seen.body) as { reference: string; steps: { outcome: string }[] }
    assert.deepEqual(
      meeting.steps.map(({ outcome }) => outcome),
      Array(6).fill('proved'),
    )
    assert.equal((await logged(meeting.reference))['ok'], true)
  })

  test('openssl s_client comes in', needs('openssl', 'openssl'), async () => {
    const seen = await runProgram(
      'openssl',
      // biome-ignore format: options beside their values
      ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'hello.localhost', '-cert', alice.certificate, '-key', alice.key,
        '-CAfile', alice.trust, '-verify_return_error', '-verify_hostname', 'hello.localhost', '-quiet', '-no_ign_eof'],
      { input: 'GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n', holdInput: true },
    )
    assert.match(seen.stdout, /Hello alice/, seen.stderr)
  })

  test('gnutls-cli comes in', needs('gnutls-cli', 'gnutls-bin'), async () => {
    const seen = await runProgram(
      'gnutls-cli',
      // biome-ignore format: options beside their values
      ['--x509cafile', alice.trust, '--x509certfile', alice.certificate, '--x509keyfile', alice.key, '--sni-hostname', 'hello.localhost',
        '--verify-hostname', 'hello.localhost', '-p', port, '127.0.0.1'],
      { input: 'GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n', holdInput: true },
    )
    assert.match(seen.stdout, /Hello alice/, seen.stdout + seen.stderr)
  })

  test('no certificate', async () => {
    await assertRefused(await curl({ trust: alice.trust }, [], { url }), 'ERR_CALLER_NO_CERTIFICATE')
  })

  test('no certificate, and a browser’s Accept: a page with the same reference as the log', async () => {
    const seen = await curl({ trust: alice.trust }, ['--header', 'Accept: text/html'], { url })
    assert.equal(seen.status, 403)
    assert.match(seen.contentType, /^text\/html/)
    const [reference] = REFERENCE.exec(seen.body) ?? assert.fail('a reference on the page')
    assert.equal((await logged(reference))['code'], 'ERR_CALLER_NO_CERTIFICATE')
  })

  test('a certificate of another authority', needs('openssl', 'openssl'), async () => {
    const key = join(scratch, 'other.key')
    const certificate = join(scratch, 'other.pem')
    await runProgram(
      'openssl',
      // biome-ignore format: options beside their values
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate,
        '-subj', '/CN=alice', '-days', '2', '-addext', 'extendedKeyUsage=clientAuth', '-addext', 'basicConstraints=critical,CA:FALSE',
        '-addext', 'subjectAltName=URI:spiffe://house.localhost/alice'],
    )
    const other = { directory: scratch, key, certificate, trust: alice.trust }
    await assertRefused(await curl(other, [], { url }), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  const now = Temporal.Now.instant().round('second')
  for (const [name, wanted, code] of [
    [
      'an expired certificate',
      { notBefore: now.subtract({ hours: 48 }), notAfter: now.subtract({ hours: 24 }) },
      'ERR_CALLER_EXPIRED',
    ],
    [
      'one that is not valid yet',
      { notBefore: now.add({ hours: 24 }), notAfter: now.add({ hours: 48 }) },
      'ERR_CALLER_NOT_YET_VALID',
    ],
    ['a server’s certificate', { purposes: ['serverAuth'] }, 'ERR_CALLER_WRONG_PURPOSE'],
  ] as const)
    test(name, async () => {
      await assertRefused(await curl(await mint(house, { party: 'alice', ...wanted }), [], { url }), code)
    })

  test('the leaf of an enrolled server, as it was issued', async () => {
    const server = await enrolled(house, 'shop', ['--profile', 'server', '--san', 'dns:shop.localhost'])
    await assertRefused(await curl(server, [], { url }), 'ERR_CALLER_WRONG_PURPOSE')
  })

  test('revoked: the next meeting is refused, with the reason to the proved key', async () => {
    const bob = await enrolled(house, 'bob')
    assert.equal((await curl(bob, [], { url })).status, 200)
    const revoked = await house.run(['revoke', 'bob', '--reason', 'keyCompromise', '--json'])
    assert.equal(revoked.code, 0, revoked.stderr)
    await assertRefused(await curl(bob, [], { url }), 'ERR_CALLER_REVOKED')
  })

  test('a ticket from before the revocation opens nothing', needs('openssl', 'openssl'), async () => {
    const carol = await enrolled(house, 'carol')
    const session = join(scratch, 'carol.session')
    const meet = (option: string) =>
      runProgram(
        programPath('openssl'),
        // biome-ignore format: options beside their values
        ['s_client', '-connect', `127.0.0.1:${port}`, '-cert', carol.certificate, '-key', carol.key, '-CAfile', carol.trust, option, session,
          '-no_ign_eof'],
        { input: 'GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n', holdInput: true },
      )
    assert.match((await meet('-sess_out')).stdout, /Hello carol/)
    const resumed = await meet('-sess_in')
    assert.match(resumed.stdout, /Reused, TLSv1\.3/)
    assert.match(resumed.stdout, /Hello carol/)
    assert.equal((await house.run(['revoke', 'carol'])).code, 0)
    const after = await meet('-sess_in')
    assert.match(after.stdout, /Reused, TLSv1\.3/)
    assert.doesNotMatch(after.stdout, /Hello carol/)
    assert.match(after.stdout, /ERR_CALLER_REVOKED/)
    const [reference] =
      REFERENCE.exec(after.stdout.slice(after.stdout.indexOf('HTTP/1.1'))) ?? assert.fail('a reference')
    const event = await logged(reference)
    assert.equal(event['resumed'], true)
    assert.equal(event['code'], 'ERR_CALLER_REVOKED')
  })

  test('identity headers that the caller wrote do not arrive', async () => {
    const forged = [
      'Client-Cert',
      'client_cert',
      'CLIENT-CERT',
      'Client.Cert',
      'Client-Cert-Chain',
      'X-Forwarded-Client-Cert',
      'X-SSL-Client-S-DN',
      'Remote_User',
      'X-Forwarded-For',
      'Forwarded',
    ]
    const seen = await curl(
      alice,
      forged.flatMap((name) => ['--header', `${name}: :Zm9yZ2Vk:`]),
      { url: `${url}headers` },
    )
    assert.equal(seen.status, 200, seen.stderr)
    assert.doesNotMatch(seen.body, /Zm9yZ2Vk/)
    const headers = JSON.parse(seen.body) as [string, string][]
    const told = headers.filter(([name]) => name.toLowerCase() === 'client-cert').map(([, value]) => value)
    assert.equal(told.length, 1)
    // The very certificate, RFC 9440 §2.1.
    const der = await runProgram('openssl', ['x509', '-in', alice.certificate, '-outform', 'PEM'])
    const base64 = der.stdout.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    assert.equal(told[0], `:${base64}:`)
    const chain = headers.filter(([name]) => name.toLowerCase() === 'client-cert-chain')
    assert.equal(chain.length, 1)
  })

  test('the client refuses our door under another name, and says that it is the name', async () => {
    const seen = await curl(alice, ['--resolve', `bank.localhost:${port}:127.0.0.1`], {
      url: `https://bank.localhost:${port}/`,
    })
    assert.equal(seen.code, 60)
    assert.match(seen.stderr, /alternative certificate subject name|does not match/)
    const ours = await house.run([
      'meet',
      `127.0.0.1:${port}`,
      '--name',
      'bank.localhost',
      '--identity',
      alice.directory,
      '--json',
    ])
    assert.equal(ours.code, 1)
    assert.match(ours.stdout, /ERR_CALLEE_WRONG_NAME/)
  })

  test('the client refuses our door under another root, and says that it is the issuer', async () => {
    const other = join(scratch, 'other-root.pem')
    // biome-ignore format: options beside their values
    await runProgram('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(scratch, 'other-root.key'),
      '-out', other, '-subj', '/CN=Other Root', '-days', '2'])
    const seen = await curl({ ...alice, trust: other }, [], { url })
    assert.equal(seen.code, 60)
    assert.match(seen.stderr, /unable to get local issuer certificate|self[- ]signed certificate/)
    const ours = await house.run([
      'meet',
      `127.0.0.1:${port}`,
      '--trust',
      other,
      '--identity',
      alice.directory,
      '--json',
    ])
    assert.equal(ours.code, 1)
    assert.match(ours.stdout, /ERR_CALLEE_UNKNOWN_ISSUER/)
  })

  test('our own client and the door tell the same six steps under one reference', async () => {
    const ours = await house.run(['meet', `127.0.0.1:${port}`, '--identity', alice.directory, '--json'])
    assert.equal(ours.code, 0, ours.stderr)
    const [reference] = REFERENCE.exec(ours.stdout) ?? assert.fail('a reference')
    assert.equal((await logged(reference))['ok'], true)
  })
})
