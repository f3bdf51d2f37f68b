// What the authority signs, judged by OpenSSL and curl; requests that OpenSSL makes, certified by it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type Authority, openAuthority, type ProfileName } from '@countersign/authority'
import { channelBinding, connect } from '@countersign/mtls'
import { enrollmentMacInput, parseToken, TOKEN_ID_LABEL, TOKEN_MAC_KEY_LABEL } from '@countersign/protocol'
import { readCertificationRequest, readPem, writePem } from '@countersign/x509'
import { needs, programPath } from './peer.ts'

const NEEDS_OPENSSL = needs('openssl', 'openssl')
const NEEDS_CURL = needs('curl', 'curl')

interface Ran {
  readonly status: number | null
  readonly text: string
}

/** Runs a program without holding up the authority, which lives in this process. */
async function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  const child = spawn(programPath(program), args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.on('error', reject)
  child.on('close', (status) => resolve({ status, text }))
  return promise
}

async function open(
  t: TestContext,
): Promise<{ authority: Authority; folder: string; openssl: (...args: string[]) => Promise<Ran> }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-openssl-'))
  const ends = new AsyncDisposableStack()
  ends.defer(() => rmSync(folder, { recursive: true }))
  // In reverse: at its end an authority still writes there.
  t.after(() => ends.disposeAsync())
  const authority = await openAuthority({
    directory: join(folder, 'data'),
    name: 'authority.localhost',
    domain: 'acme.example',
    organization: 'Acme',
    listen: { host: '127.0.0.1', port: 0 },
    clock: () => Temporal.Now.instant(),
    log: () => undefined,
  })
  ends.defer(() => authority.close())
  writeFileSync(join(folder, 'root.pem'), writePem('CERTIFICATE', authority.root.der))
  return { authority, folder, openssl: (...args) => run('openssl', args, folder) }
}

const KEYS = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  Ed25519: ['-newkey', 'ed25519'],
  'RSA-2048': ['-newkey', 'rsa:2048'],
} as const

/** Makes a request with `openssl req` and enrolls it. Writes `NAME.pem`, `issuing.pem` and `crls.pem`. */
async function enrollWith(
  { authority, folder, openssl }: Awaited<ReturnType<typeof open>>,
  party: string,
  options: { key?: keyof typeof KEYS; profile?: ProfileName; san?: readonly string[]; subject?: string } = {},
): Promise<{ status: number; code?: string }> {
  const { key = 'P-256', profile = 'client', san = [], subject = `/CN=${party}` } = options
  const invited = await authority.invite({ party, profile, san })
  assert.ok(invited.ok)
  const made = await openssl(
    'req',
    '-new',
    '-nodes',
    ...KEYS[key],
    '-keyout',
    `${party}.key`,
    '-out',
    `${party}.csr`,
    '-subj',
    subject,
  )
  assert.equal(made.status, 0, made.text)
  const [block] = readPem(readFileSync(join(folder, `${party}.csr`), 'utf8'))
  assert.ok(block)
  readCertificationRequest(block.der)

  const { secret, rootSha256, name } = parseToken(invited.token)
  const [host = '', port = ''] = authority.address.split(':')
  const { socket } = await connect({ host, port: Number(port), firstContact: { rootSha256, name }, alpn: ['http/1.1'] })
  const mac = (mackey: Uint8Array, input: Uint8Array | string) => createHmac('sha256', mackey).update(input).digest()
  const digest = Uint8Array.from(createHash('sha256').update(block.der).digest())
  const body = JSON.stringify({
    token: mac(secret, TOKEN_ID_LABEL).toString('base64url'),
    request: block.der.toBase64(),
    mac: mac(mac(secret, TOKEN_MAC_KEY_LABEL), enrollmentMacInput(channelBinding(socket), digest)).toString(
      'base64url',
    ),
  })
  const head = `POST /enroll HTTP/1.1\r\nhost: ${name}\r\ncontent-type: application/json\r\nconnection: close\r\n`
  socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  const [first = '', answer = ''] = text.split('\r\n\r\n')
  const status = Number(first.split(' ')[1])
  const json = JSON.parse(answer)
  if (status === 201) {
    const pem = (label: string, der: string) => writePem(label, Uint8Array.fromBase64(der))
    writeFileSync(join(folder, `${party}.pem`), pem('CERTIFICATE', json.certificates[0]))
    writeFileSync(join(folder, 'issuing.pem'), pem('CERTIFICATE', json.certificates[1]))
    writeFileSync(join(folder, 'crls.pem'), json.crls.map((der: string) => pem('X509 CRL', der)).join(''))
  }
  return { status, code: json.code }
}

const CHAIN = ['-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem']
const WITH_LISTS = ['-crl_check_all', '-CRLfile', 'crls.pem', ...CHAIN]

suite('what the authority signs, by OpenSSL', () => {
  for (const key of ['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)
    test(`a certificate for a ${key} key of its making stands, strictly, with both lists`, NEEDS_OPENSSL, async (t) => {
      const house = await open(t)
      assert.deepEqual(await enrollWith(house, 'alice', { key }), { status: 201, code: undefined })
      const { status, text } = await house.openssl('verify', ...WITH_LISTS, '-purpose', 'sslclient', 'alice.pem')
      assert.equal(status, 0, text)
    })

  test('each profile is for its purpose, and for no other', NEEDS_OPENSSL, async (t) => {
    const house = await open(t)
    for (const [profile, client, server] of [
      ['client', 0, 2],
      ['server', 2, 0],
      ['service', 0, 0],
      ['admin', 0, 2],
    ] as const) {
      await enrollWith(house, profile, { profile })
      for (const [purpose, expected] of [
        ['sslclient', client],
        ['sslserver', server],
      ] as const) {
        const { status, text } = await house.openssl('verify', ...WITH_LISTS, '-purpose', purpose, `${profile}.pem`)
        assert.equal(status, expected, `${profile} as ${purpose}: ${text}`)
      }
    }
  })

  test('the granted names are in it', NEEDS_OPENSSL, async (t) => {
    const house = await open(t)
    await enrollWith(house, 'alice', { san: ['dns:alice.localhost', 'ip:10.0.0.7', 'email:alice@acme.example'] })
    const { text } = await house.openssl('x509', '-in', 'alice.pem', '-noout', '-subject', '-ext', 'subjectAltName')
    assert.match(text, /subject=CN = alice/)
    assert.match(
      text,
      /URI:spiffe:\/\/acme\.example\/alice, DNS:alice\.localhost, IP Address:10\.0\.0\.7, email:alice@acme\.example/,
    )
    for (const [flag, value, expected] of [
      ['-verify_hostname', 'alice.localhost', 0],
      ['-verify_hostname', 'bob.localhost', 2],
      ['-verify_ip', '10.0.0.7', 0],
      ['-verify_ip', '10.0.0.8', 2],
      ['-verify_email', 'alice@acme.example', 0],
    ] as const)
      assert.equal((await house.openssl('verify', ...CHAIN, flag, value, 'alice.pem')).status, expected, value)
  })

  test('after its revocation it does not stand, and the list says why', NEEDS_OPENSSL, async (t) => {
    const house = await open(t)
    await enrollWith(house, 'alice')
    await enrollWith(house, 'bob')
    const revoked = await house.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
    assert.ok(revoked.ok)
    const lists = house.authority.trust.crls.map(({ crl }) => writePem('X509 CRL', crl.der))
    writeFileSync(join(house.folder, 'crls.pem'), lists.join(''))
    const alice = await house.openssl('verify', ...WITH_LISTS, 'alice.pem')
    assert.equal(alice.status, 2)
    assert.match(alice.text, /certificate revoked/)
    assert.equal((await house.openssl('verify', ...WITH_LISTS, 'bob.pem')).status, 0)

    for (const [list, issuer] of [
      ['issuing', 'issuing.pem'],
      ['root', 'root.pem'],
    ] as const) {
      const which = house.authority.trust.crls.find(
        ({ crl }) => crl.revokedCertificates.length === (list === 'issuing' ? 1 : 0),
      )
      writeFileSync(join(house.folder, 'one.crl'), which?.crl.der ?? '')
      const { text } = await house.openssl(
        'crl',
        '-inform',
        'DER',
        '-in',
        'one.crl',
        '-CAfile',
        issuer,
        '-noout',
        '-text',
      )
      assert.match(text, /verify OK/, list)
      if (list === 'issuing') assert.match(text, /Key Compromise/)
    }
  })

  test('a request for another name is refused', NEEDS_OPENSSL, async (t) => {
    const house = await open(t)
    assert.deepEqual(await enrollWith(house, 'alice', { subject: '/CN=bob' }), { status: 403, code: 'ERR_ENROLL_NAME' })
  })

  test("s_client verifies the listener's chain by the root alone", NEEDS_OPENSSL, async (t) => {
    const { authority, openssl } = await open(t)
    const args = ['-connect', authority.address, '-servername', 'authority.localhost', '-verify_return_error', '-brief']
    const good = await openssl('s_client', ...args, '-CAfile', 'root.pem', '-verify_hostname', 'authority.localhost')
    assert.equal(good.status, 0, good.text)
    assert.match(good.text, /Verification: OK/)
    assert.match(good.text, /TLSv1\.3/)
    const wrong = await openssl('s_client', ...args, '-CAfile', 'root.pem', '-verify_hostname', 'other.localhost')
    assert.notEqual(wrong.status, 0)
  })
})

suite('the API, by curl', () => {
  test('the root, the lists and the status are there for anyone', { ...NEEDS_OPENSSL, ...NEEDS_CURL }, async (t) => {
    const { authority, folder, openssl } = await open(t)
    const curl = (path: string, ...args: string[]) =>
      run('curl', ['-sS', '--cacert', 'root.pem', ...args, `https://${authority.address}${path}`], folder)
    const root = await curl('/root.pem')
    assert.equal(root.text, readFileSync(authority.rootFile, 'utf8'))
    await curl('/crl/issuing.crl', '-o', 'issuing.crl')
    assert.match(
      (await openssl('crl', '-inform', 'DER', '-in', 'issuing.crl', '-noout', '-crlnumber')).text,
      /crlNumber=0x01/i,
    )
    const refused = await curl('/v1/sessions', '-w', '\n%{http_code} %{content_type}')
    const [problem = '', status] = refused.text.split('\n')
    assert.equal(status, '403 application/problem+json')
    assert.equal(JSON.parse(problem).code, 'ERR_ADMIN_FORBIDDEN')
  })

  test('an administrator invites over TLS; a client may not', { ...NEEDS_OPENSSL, ...NEEDS_CURL }, async (t) => {
    const house = await open(t)
    await enrollWith(house, 'ops', { profile: 'admin' })
    await enrollWith(house, 'alice')
    const invite = (party: string) =>
      run(
        'curl',
        [
          '-sS',
          '--cacert',
          'root.pem',
          '--cert',
          `${party}.pem`,
          '--key',
          `${party}.key`,
          '--json',
          '{"party":"carol"}',
          `https://${house.authority.address}/v1/invitations`,
        ],
        house.folder,
      )
    assert.equal(JSON.parse((await invite('ops')).text).party, 'carol')
    assert.equal(JSON.parse((await invite('alice')).text).code, 'ERR_ADMIN_FORBIDDEN')
  })
})
