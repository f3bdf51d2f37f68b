// `countersign doctor`: what it prints when all is well, which certificate is at fault, whose clock is wrong; and what it says to do is done.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { clockServer, closedPort, opensslServer } from './support/broken-doors.ts'
import { type Clinic, hoursAgo, openClinic } from './support/clinic.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { mint } from './support/mint.ts'
import { runShell } from './support/run-command.ts'
import { clockOff } from './support/wrong-clock.ts'

const NEEDS = { ...needs('openssl', 'openssl'), ...needs('faketime', 'faketime') }
const alice = ['--identity', 'alice']

suite('countersign doctor, to the end', { ...NEEDS, concurrency: 3 }, () => {
  let clinic: Clinic
  let elsewhere: RunningHouse
  before(async () => {
    clinic = await openClinic()
    elsewhere = await startHouse()
    const { key, certificate } = await mint(clinic.house, { party: 'soon', ...hoursAgo(9, -1) })
    clinic.brokenCopy('soon', (directory) => {
      cpSync(key, join(directory, 'identity.key'))
      cpSync(certificate, join(directory, 'identity.pem'))
    })
  })
  after(async () => {
    await elsewhere?.[Symbol.asyncDispose]()
    await clinic?.[Symbol.asyncDispose]()
  })

  test('nothing is wrong: every area is good, with both anchors, both clocks and the picture', async () => {
    const found = await clinic.assertFound(clinic.own, ['--identity', 'alice'], { exit: 0 })
    assert.deepEqual(
      found.checks.map(({ area, outcome }) => `${area} ${outcome}`),
      ['identity', 'status', 'name', 'reach', 'tls', 'clock', 'proof', 'anchors', 'door'].map((area) => `${area} good`),
    )
    assert.deepEqual(found.anchors?.ours, found.anchors?.theirs)
    assert.ok(Math.abs(found.clock.door.aheadMs) < 5_000 && Math.abs(found.clock.authority.aheadMs) < 5_000)
    assert.equal(found.meeting?.outcome.ok, true)
    assert.equal(found.certificates[0]?.subject, 'CN=door/hello')
    const text = await clinic.house.run(['doctor', clinic.own, '--identity', 'alice'])
    assert.match(text.stdout, /^ {2}✔ door +it lets us in, by “.*” \(M-/m)
    assert.match(text.stdout, /^ {2}6 channel +✔ TLSv1\.3/m)
    assert.match(text.stdout, /^nothing is wrong$/m)
  })

  test('a mode that others may read is mended by the very command', async () => {
    const name = clinic.brokenCopy('wide open', (directory) => chmodSync(directory, 0o755))
    chmodSync(clinic.path(`${name}/identity.key`), 0o644)
    const args = ['--identity', name]
    const found = await clinic.assertFound(clinic.own, args, {
      exit: 3,
      area: 'identity',
      code: 'ERR_IDENTITY_MODE',
      by: 'caller',
    })
    const { code, stderr } = await runShell(found.mend?.command ?? '', { cwd: clinic.house.directory })
    assert.equal(code, 0, stderr)
    // The copy is alice's: nothing else was wrong.
    await clinic.assertFound(clinic.own, args, { exit: 0 })
  })

  test('the name that it should have been is met by the very command', async () => {
    const { stdout } = await clinic.house.run(['doctor', clinic.own, ...alice, '--name', 'helo.localhost', '--json'])
    const words = String(JSON.parse(stdout).mend.command).split(' ')
    assert.equal((await clinic.house.run(words.slice(1))).code, 0)
  })

  test('an issuer in between that is none: which certificate, and that the operator mends it', async () => {
    const folder = clinic.path('no-authority')
    mkdirSync(folder)
    writeFileSync(
      join(folder, 'ext'),
      '[ca]\nbasicConstraints=CA:FALSE\n[leaf]\nsubjectAltName=DNS:hello.localhost\nextendedKeyUsage=serverAuth\n',
    )
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    const request = (name: string) =>
      openssl(
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      )
    const signed = (name: string, by: string, extensions: string) =>
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${by}.pem`,
        '-CAkey',
        `${by}.key`,
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-extfile',
        'ext',
        '-extensions',
        extensions,
      )
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'root.key',
      '-out',
      'root.pem',
      '-subj',
      '/CN=root',
    )
    for (const name of ['between', 'door']) request(name)
    signed('between', 'root', 'ca')
    signed('door', 'between', 'leaf')
    const files = { certificate: join(folder, 'door.pem'), key: join(folder, 'door.key') }
    const address = await clinic.opened(opensslServer(files, '-cert_chain', join(folder, 'between.pem')))
    const found = await clinic.assertFound(address, ['--trust', 'no-authority/root.pem'], {
      exit: 1,
      area: 'proof',
      code: 'ERR_CALLEE_INVALID_PATH',
      text: /CN=between/,
      by: 'callee',
    })
    const { more = [] } = found.checks.find(({ area }) => area === 'proof') ?? assert.fail('no proof')
    assert.match(more.join('\n'), /CN=between.*\n.*✘ the issuer CN=between/)
    assert.match(found.mend?.text ?? '', /operator/)
  })

  test('a door that asks for no certificate is noted, and what it asks for elsewhere is listed', async () => {
    const files = await clinic.serverFiles()
    const silent = await clinic.assertFound(await clinic.opened(clinic.withChain(files)), alice, { exit: 0 })
    assert.match(JSON.stringify(silent.checks), /the door asks for no certificate/)
    // What speaks no HTTP does not keep it for ever.
    assert.match(JSON.stringify(silent.checks), /does not say how it decided \(no answer within 5 s\)/)
    const other = join(elsewhere.data, 'root.pem')
    const address = await clinic.opened(clinic.withChain(files, '-www', '-verify', '1', '-CAfile', other))
    const found = await clinic.assertFound(address, alice, {
      exit: 1,
      area: 'anchors',
      code: 'ERR_CALLER_UNKNOWN_ISSUER',
      text: /takes certificates of CN=Countersign Root 1.*we believe CN=Test Root 1/,
    })
    assert.equal(found.anchors?.theirs?.length, 1)
  })

  for (const [off, word] of [
    ['+1d', 'behind'],
    ['-1d', 'ahead of'],
  ] as const)
    test(`our clock is a day off (${off}): door and authority agree against it`, async () => {
      const found = await clinic.assertFound(
        clinic.own,
        alice,
        {
          exit: 1,
          area: 'clock',
          text: new RegExp(`^ours is wrong: the door's is 1 day ${word} ours, the authority's is 1 day ${word} ours$`),
          command: /timedatectl/,
          by: 'caller',
        },
        clockOff(off),
      )
      const dayMs = 86_400_000
      for (const { aheadMs } of [found.clock.door, found.clock.authority])
        assert.ok(Math.abs(Math.abs(aheadMs) - dayMs) < 10_000, JSON.stringify(found.clock))
    })

  test('the door’s clock is an hour off, and the authority’s is not', async () => {
    const address = await clinic.opened(clockServer(await clinic.serverFiles(), 3_600_000))
    await clinic.assertFound(address, alice, {
      exit: 1,
      area: 'clock',
      text: /the door's is 1 hour ahead of ours, the authority's is like ours/,
      by: 'operator',
    })
  })

  test('a revocation list that ran out, with the authority away: how it is fetched', async () => {
    const name = clinic.brokenCopy('stale', () => undefined)
    const file = clinic.path('stale/authority.json')
    const authority = { ...JSON.parse(readFileSync(file, 'utf8')), address: `127.0.0.1:${await closedPort()}` }
    writeFileSync(file, JSON.stringify(authority))
    // Five days on, for us and for a door that says so.
    const address = await clinic.opened(
      clockServer(await clinic.serverFiles({ notAfter: Temporal.Now.instant().add({ hours: 240 }) }), 5 * 86_400_000),
    )
    const found = await clinic.assertFound(
      address,
      ['--identity', name],
      {
        exit: 1,
        area: 'status',
        code: 'ERR_CALLEE_STATUS_UNKNOWN',
        command: /^countersign enroll --keep --out stale$/,
      },
      clockOff('+5d'),
    )
    assert.match(JSON.stringify(found.checks), /new ones did not come/)
  })

  test('an authority that is elsewhere than the identity says: nobody renews it there', async () => {
    const name = clinic.brokenCopy('stranded', () => undefined)
    const file = clinic.path('stranded/authority.json')
    const address = `127.0.0.1:${await closedPort()}`
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), address }))
    await clinic.assertFound(clinic.own, ['--identity', name], {
      exit: 4,
      area: 'authority',
      code: 'ECONNREFUSED',
      text: new RegExp(`^${RegExp.escape(address)} does not answer, so nothing is renewed there`),
      by: 'operator',
    })
  })

  test('an identity that nobody renews is noted before it is too late', async () => {
    const found = await clinic.assertFound(clinic.own, ['--identity', 'soon'], {
      exit: 1,
      area: 'door',
      code: 'ERR_CALLER_NOT_ALLOWED',
    })
    const [identity] = found.checks
    assert.equal(identity?.outcome, 'note')
    assert.match(identity?.text ?? '', /nobody renewed it/)
  })

  test('nobody says whom to believe: what can be seen is told, and nothing is claimed', async () => {
    const { code, stdout } = await clinic.house.run(['doctor', clinic.own])
    assert.equal(code, 0)
    assert.match(stdout, /– proof +nobody said whom to believe/)
    assert.match(stdout, /the door takes certificates of CN=Test Root 1/)
    assert.match(stdout, /nothing is wrong in what could be looked at/)
  })

  for (const address of ['http://hello.localhost', 'a b', ''])
    test(`${address || 'no address'}: exit 2`, async () => {
      assert.equal((await clinic.house.run(['doctor', address])).code, 2)
    })
})
