// `countersign verify`: files as people have them, judged; both answers, and files that are no such thing.
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'
import { randomOctets } from './support/random-octets.ts'

suite('countersign verify', () => {
  let house: RunningHouse
  let alice: PartyFiles
  let shop: PartyFiles
  let crls: string[]

  before(async () => {
    house = await startHouse()
    alice = await enrolled(house, 'alice')
    shop = await enrolled(house, 'shop', ['--profile', 'server', '--san', 'dns:shop.localhost'])
    const status = join(alice.directory, 'status')
    crls = (await readdir(status)).filter((name) => name.endsWith('.crl')).map((name) => join(status, name))
  })
  after(() => house?.[Symbol.asyncDispose]())

  const verify = (party: PartyFiles, ...more: string[]) =>
    house.run(['verify', party.certificate, '--anchor', party.trust, ...more])
  const client = ['--purpose', 'clientAuth', '--profile', 'meeting']

  test('accepted: the path from the anchor down, and exit 0', async () => {
    const { code, stdout, stderr } = await verify(alice, ...client)
    assert.equal(code, 0, stdout + stderr)
    assert.match(
      stdout,
      /^accepted\n {2}CN=Countersign Root 1.*, anchor\n {2}└─ CN=Countersign Issuing 1.*\n {5}└─ CN=alice, 30 days left\n/,
    )
  })

  test('accepted with the lists that came with the identity, and --json says by which', async () => {
    const { code, stdout, stderr } = await verify(
      alice,
      ...client,
      ...crls.flatMap((file) => ['--crl', file]),
      '--json',
    )
    assert.equal(code, 0, stdout + stderr)
    const answer = JSON.parse(stdout)
    assert.equal(answer.accepted, true)
    assert.deepEqual(
      answer.evidence.map(({ kind, depth, issuer }: Record<string, unknown>) => [kind, depth, issuer]),
      [
        ['crl', 1, 'CN=Countersign Root 1,O=Countersign'],
        ['crl', 0, 'CN=Countersign Issuing 1,O=Countersign'],
      ],
    )
    for (const { number } of answer.evidence) assert.match(number, /^\d+$/)
  })

  test('revoked, by the list of the authority: exit 1 with the reason', async () => {
    const rita = await enrolled(house, 'rita')
    assert.equal((await house.run(['revoke', 'rita', '--reason', 'keyCompromise'])).code, 0)
    const later = await enrolled(house, 'later')
    const status = join(later.directory, 'status')
    const lists = (await readdir(status)).filter((name) => name.endsWith('.crl')).map((name) => join(status, name))
    const { code, stdout } = await verify(rita, ...client, ...lists.flatMap((file) => ['--crl', file]))
    assert.equal(code, 1, stdout)
    assert.match(
      stdout,
      /^refused\n[^✘]*✘ the certificate was revoked (just now|[0-9]+ s ago) \(key compromise\) \(RFC 5280 §6.3.3\) \[ERR_VERIFY_REVOKED\]\n +exactly: revoked at .*\n +next: ask the authority/m,
    )
  })

  for (const [what, more, code] of [
    ['another purpose', ['--purpose', 'clientAuth'], 'ERR_VERIFY_EXTENDED_KEY_USAGE'],
    ['another name', ['--name', 'bank.localhost'], 'ERR_VERIFY_NAME'],
    ['a time before', ['--at', '2020-01-01T00:00:00Z'], 'ERR_VERIFY_NOT_YET_VALID'],
    ['a time after', ['--at', '2045-01-01T00:00:00Z'], 'ERR_VERIFY_EXPIRED'],
  ] as const)
    test(`${what}: exit 1, with its code and clause, in both forms`, async () => {
      const [plain, json] = await Promise.all([verify(shop, ...more), verify(shop, ...more, '--json')])
      assert.equal(plain.code, 1, plain.stdout)
      assert.match(plain.stdout, new RegExp(`✘ .* \\((RFC|BR) .*\\) \\[${code}\\]`))
      assert.equal(json.code, 1)
      assert.ok(JSON.parse(json.stdout).findings.some((finding: { code: string }) => finding.code === code))
    })

  test('another root: exit 1', needs('openssl', 'openssl'), async () => {
    const other = join(house.directory, 'other.pem')
    // biome-ignore format: options beside their values
    await runProgram('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(house.directory, 'other.key'),
      '-out', other, '-subj', '/CN=Other Root', '-days', '2'])
    const { code, stdout } = await house.run(['verify', shop.certificate, '--anchor', other])
    assert.equal(code, 1, stdout)
    assert.match(stdout, /^refused\n {2}└?.*CN=Countersign Issuing 1[\s\S]*\[ERR_VERIFY_(NO_ANCHOR|ISSUER_NOT_FOUND)\]/)
  })

  test(
    'the leaf and its issuers in files apart, in PKCS#7 and in DER, as openssl writes them',
    needs('openssl', 'openssl'),
    async () => {
      const p7 = join(house.directory, 'shop.p7b')
      const p7der = join(house.directory, 'shop.p7')
      const der = join(house.directory, 'shop.der')
      const made = await Promise.all([
        runProgram('openssl', ['crl2pkcs7', '-nocrl', '-certfile', shop.certificate, '-out', p7]),
        runProgram('openssl', ['crl2pkcs7', '-nocrl', '-certfile', shop.certificate, '-outform', 'DER', '-out', p7der]),
        runProgram('openssl', ['x509', '-in', shop.certificate, '-outform', 'DER', '-out', der]),
      ])
      assert.deepEqual(
        made.map(({ code }) => code),
        [0, 0, 0],
      )
      for (const bag of [p7, p7der, shop.certificate]) {
        const { code, stdout, stderr } = await house.run([
          'verify',
          der,
          bag,
          '--anchor',
          shop.trust,
          '--name',
          'shop.localhost',
        ])
        assert.equal(code, 0, `${bag}: ${stdout}${stderr}`)
      }
    },
  )

  test('PKCS#12 as openssl writes it: the certificate of its key is judged', needs('openssl', 'openssl'), async () => {
    const file = join(house.directory, 'shop.p12')
    const password = join(house.directory, 'password')
    await writeFile(password, 'a picture of a bird\n')
    // biome-ignore format: options beside their values
    const made = await runProgram('openssl', ['pkcs12', '-export', '-in', shop.certificate, '-inkey', shop.key,
      '-passout', `file:${password}`, '-out', file])
    assert.equal(made.code, 0, made.stderr)
    const common = ['verify', file, '--anchor', shop.trust, '--name', 'shop.localhost']
    const { code, stdout, stderr } = await house.run([...common, '--password-file', password])
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /└─ CN=shop/)
    const piped = await house.run([...common, '--password-file', '-'], { input: 'a picture of a bird\n' })
    assert.equal(piped.code, 0, piped.stdout + piped.stderr)
    for (const more of [[], ['--password-file', shop.trust]]) {
      const refused = await house.run([...common, ...more])
      assert.equal(refused.code, 3)
      assert.match(refused.stderr, /shop\.p12: the password is wrong[^\n]*\n.*--password-file/)
    }
  })

  test('the profile of the public web refuses what ours lets pass', async () => {
    const { code, stdout } = await verify(alice, '--purpose', 'clientAuth', '--profile', 'webpki')
    assert.equal(code, 1, stdout)
    assert.match(stdout, /\[ERR_VERIFY_COMMON_NAME\]/)
    const { code: ours } = await verify(alice, '--purpose', 'clientAuth')
    assert.equal(ours, 0)
  })

  test('a name in any script is asked for in A-labels', async () => {
    const { code, stdout } = await verify(shop, '--name', 'bücher.example')
    assert.equal(code, 1, stdout)
    assert.match(stdout, /xn--bcher-kva\.example/)
    const shelf = await enrolled(house, 'shelf', ['--profile', 'server', '--san', 'dns:bücher.example'])
    const proved = await verify(shelf, '--name', 'BÜCHER.example')
    assert.equal(proved.code, 0, proved.stdout + proved.stderr)
    const bad = await verify(shop, '--name', 'bü cher.example')
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /is no domain name/)
  })

  test('text around the blocks is no matter', async () => {
    const { stdout } = await runProgram('openssl', ['x509', '-in', shop.certificate, '-text'])
    const file = join(house.directory, 'with-text.pem')
    await writeFile(file, `Bag Attributes\n${stdout}\nand more\n`)
    const { code, stdout: said } = await house.run(['verify', file, shop.certificate, '--anchor', shop.trust])
    assert.equal(code, 0, said)
  })

  test('a private key where a certificate is expected: exit 3, and it is not printed', async () => {
    const { code, stdout, stderr } = await house.run(['verify', alice.key, '--anchor', alice.trust])
    assert.equal(code, 3)
    assert.match(stderr, /identity\.key holds a private key where a certificate is expected/)
    assert.doesNotMatch(stdout + stderr, /MIG|BEGIN/)
  })

  for (const [what, octets] of [
    ['empty', ''],
    ['truncated', '-----BEGIN CERTIFICATE-----\nMIIB\n'],
    ['random', randomOctets(4096, 3)],
    ['text', 'hello\n'],
  ] as const)
    test(`a file that is ${what}: exit 3, one line and the next step`, async () => {
      const file = join(house.directory, `${what}.pem`)
      await writeFile(file, octets)
      for (const args of [
        [file, '--anchor', alice.trust],
        [alice.certificate, '--anchor', file],
        [alice.certificate, '--anchor', alice.trust, '--crl', file],
      ]) {
        const { code, stdout, stderr } = await house.run(['verify', ...args])
        assert.equal(code, 3, `${args}: ${stdout}${stderr}`)
        assert.match(stderr, new RegExp(`${what}\\.pem`))
        assert.ok(stderr.trimEnd().split('\n').length <= 2, stderr)
      }
    })

  for (const [args, words] of [
    [[], /FILE is missing/],
    [['x.pem'], /say whom to believe/],
    [['x.pem', '--anchor', 'y.pem', '--purpose', 'serverauth'], /must be one of serverAuth, clientAuth/],
    [['x.pem', '--anchor', 'y.pem', '--at', 'noon'], /is no time/],
    [['x.pem', '--anchor', 'y.pem', '--profile', 'web'], /must be one of private, meeting, webpki/],
  ] as const)
    test(`countersign verify ${args.join(' ')}: exit 2`, async () => {
      const { code, stderr } = await house.run(['verify', ...args])
      assert.equal(code, 2, stderr)
      assert.match(stderr, words)
    })
})
