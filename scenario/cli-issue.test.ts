// `countersign issue`: OpenSSL makes the key and the request, and verifies what comes back.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { runProgram } from './support/peers.ts'

suite('countersign issue', needs('openssl', 'openssl'), () => {
  let house: RunningHouse
  before(async () => {
    house = await startHouse()
  })
  after(() => house[Symbol.asyncDispose]())

  const at = (name: string) => join(house.directory, name)
  const openssl = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram('openssl', args)
    assert.equal(code, 0, stderr)
    return stdout
  }
  const request = (name: string, ...more: readonly string[]) =>
    openssl(
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        at(`${name}.key`),
      ],
      ...['-out', at(name), '-subj', '/O=Printers/CN=printer', ...more],
    )

  test('the chain alone on standard output, which OpenSSL verifies; what was not granted is said', async () => {
    await request('printer.csr', '-addext', 'keyUsage=keyAgreement')
    const words = [
      'issue',
      'printer',
      '--request',
      'printer.csr',
      '--profile',
      'server',
      '--san',
      'printer.acme.example',
    ]
    const { code, stdout, stderr } = await house.run(words)
    assert.equal(code, 0, stderr)
    assert.match(
      stderr,
      /^printer has certificate [0-9a-f]{32}\nnot granted: subject organizationName=Printers\nnot granted: keyUsage keyAgreement\n$/,
    )
    assert.equal(stdout.match(/BEGIN CERTIFICATE/g)?.length, 2)
    await writeFile(at('printer.pem'), stdout)
    const purpose = ['-purpose', 'sslserver', '-verify_hostname', 'printer.acme.example', '-x509_strict']
    const files = ['-CAfile', house.ready.trust, '-untrusted', at('printer.pem'), at('printer.pem')]
    assert.match(await openssl('verify', ...purpose, ...files), /printer\.pem: OK/)
    const key = await openssl('pkey', '-in', at('printer.csr.key'), '-pubout')
    assert.equal(await openssl('x509', '-in', at('printer.pem'), '-noout', '-pubkey'), key)
    assert.equal((await house.run(['revoke', 'printer'])).code, 0)
  })

  test('DER too, and JSON', async () => {
    await request('scanner.der', '-outform', 'DER')
    const { code, stdout } = await house.run(['issue', 'printer', '--request', 'scanner.der', '--json'])
    assert.equal(code, 0)
    const { party, certificates } = JSON.parse(stdout)
    assert.equal(party, 'printer')
    assert.equal(certificates.length, 3)
  })

  test('refused, with what is wrong', async () => {
    await request('wants-more.csr', '-addext', 'subjectAltName=DNS:www.bank.example')
    await request('wants-authority.csr', '-addext', 'basicConstraints=CA:TRUE')
    await writeFile(at('text'), '-----not PEM\n')
    const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['printer'], 2, /--request FILE is missing/],
      [['printer', '--request', 'nowhere'], 3, /nowhere/],
      [['printer', '--request', 'text'], 3, /does not hold one certification request \[ERR_CLI_FILE\]/],
      [['printer', '--request', house.ready.trust], 3, /does not hold one certification request/],
      [['printer', '--request', 'wants-more.csr'], 1, /ERR_ENROLL_NAME/],
      [['printer', '--request', 'wants-authority.csr'], 1, /ERR_ENROLL_AUTHORITY/],
      [['printer', '--request', 'wants-more.csr', '--profile', 'nothing'], 3, /ERR_ADMIN_REQUEST/],
      [['printer', '--request', 'wants-more.csr', '--san', '*.acme.example', '--profile', 'server'], 3, /wildcard/],
    ]
    for (const [args, expected, text] of rows) {
      const { code, stdout, stderr } = await house.run(['issue', ...args])
      assert.match(stderr, text)
      assert.equal(stdout, '')
      assert.equal(code, expected, args.join(' '))
    }
  })
})
