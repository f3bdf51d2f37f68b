// Issuers whose root is elsewhere: OpenSSL signs what we ask for, and what it signs otherwise is refused.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { file, openssl, refusedByOpenssl, withOpenssl } from '../../../../interop/openssl.ts'
import { askLocally, enrollParty, type Held, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { AUTHORITY, offlineRoot } from '../support/offline-root.ts'

const pem = (der: Uint8Array) => writePem('CERTIFICATE', der)
const ask = ({ directory }: House, path: string, body: unknown) => askLocally(directory, 'POST', path, body)
const take = async (house: House, text: string, more: object = {}) => {
  // What was signed a moment ago begins now, by the clock of OpenSSL.
  house.clock.advance({ seconds: 2 })
  return ask(house, '/v1/issuers/import', { pem: text, ...more })
}

/** The request of an issuer, as `countersign authority csr` asks for it. */
async function requestOf(house: House, name: string): Promise<string> {
  const made = await ask(house, '/v1/issuers', { name, isWaiting: true })
  assert.deepEqual([made.status, made.body.state, made.body.key], [201, 'waiting', 'here'])
  return again(house, name)
}

async function again(house: House, name: string): Promise<string> {
  const { status, body } = await ask(house, `/v1/issuers/${name}/request`, {})
  assert.equal(status, 200)
  return writePem('CERTIFICATE REQUEST', Uint8Array.fromBase64(body.request))
}

async function listOf(house: House, name: string): Promise<string> {
  const { status, octets } = await askLocally(house.directory, 'GET', `/crl/${name}.crl`)
  assert.equal(status, 200)
  return writePem('X509 CRL', Uint8Array.from(octets))
}

/** Judges the leaf by one root and all lists, as OpenSSL does. */
function verify(root: string, held: Held, lists: readonly string[], judged: typeof openssl = openssl): string {
  const [leaf, ...chain] = held.certificates.map(({ der }) => pem(der))
  // OpenSSL follows the first that fits, and comes back to no other: what that root has signed comes first.
  const issuer = openssl('x509', '-in', file('root-of.pem', root), '-noout', '-subject').replace('subject=', '')
  const byIt = (one: string) =>
    openssl('x509', '-in', file('one.pem', one), '-noout', '-issuer').includes(issuer.trim())
  chain.sort((one, other) => Number(byIt(other)) - Number(byIt(one)))
  const files = [file('root-of.pem', root), file('chain-of.pem', chain.join('')), file('lists.pem', lists.join(''))]
  const [anchor = '', others = '', crls = ''] = files
  const status = ['-crl_check_all', '-CRLfile', crls]
  return judged('verify', '-x509_strict', ...status, '-CAfile', anchor, '-untrusted', others, file('leaf.pem', leaf))
}

suite('an issuer that OpenSSL has signed', withOpenssl, () => {
  test('what is asked for is an authority’s, by its own key', async (t) => {
    const house = await openHouse(t)
    const request = file('issuing-2.csr', await requestOf(house, 'issuing-2'))
    const text = openssl('req', '-in', request, '-noout', '-verify', '-text')
    assert.match(text, /Certificate request self-signature verify OK|verify OK/)
    assert.match(text, /Subject: O = Acme, CN = Acme issuing-2/)
    assert.match(text, /CA:TRUE, pathlen:0/)
    assert.match(text, /Certificate Sign, CRL Sign/)
  })

  test('is not taken where everybody is told of as many issuers as can be', async (t) => {
    const house = await openHouse(t)
    // The root, the one that issues and the one for SSH are there.
    await Promise.all(
      Array.from({ length: 45 }, async (_, i) =>
        assert.equal((await ask(house, '/v1/issuers', { name: `ssh-${i}`, kind: 'ssh' })).status, 201),
      ),
    )
    const root = offlineRoot('Corporate Root')
    const full = await take(house, root.pem, { rootSha256: root.sha256 })
    assert.deepEqual([full.status, full.body.code], [409, 'ERR_ISSUER_STATE'])
  })

  test('signs when it is active, and the leaf is believed by the root that is elsewhere', async (t) => {
    const house = await openHouse(t)
    const root = offlineRoot('Corporate Root')
    const signed = root.sign(await requestOf(house, 'issuing-2'))

    const early = await take(house, signed)
    assert.deepEqual([early.status, early.body.code], [400, 'ERR_ISSUER_CERTIFICATE'])
    assert.match(early.body.detail, /no root that is believed here has signed it/)
    const untold = await take(house, root.pem)
    assert.deepEqual([untold.status, untold.body.code], [409, 'ERR_ISSUER_ROOT_UNKNOWN'])
    assert.ok(untold.body.detail.includes(root.sha256), untold.body.detail)
    assert.equal((await take(house, root.pem, { rootSha256: '0'.repeat(64) })).body.code, 'ERR_ISSUER_ROOT_UNKNOWN')
    const told = await take(house, root.pem + signed, { rootSha256: root.sha256, name: 'corporate' })
    assert.deepEqual([told.status, told.body.done?.length], [200, 2], JSON.stringify(told.body))

    const active = () => ask(house, '/v1/issuers/issuing-2/state', { state: 'active' })
    const unlisted = await active()
    assert.deepEqual([unlisted.status, unlisted.body.code], [409, 'ERR_ISSUER_STATE'])
    assert.match(unlisted.body.detail, /no revocation list of corporate/)
    const list = root.list()
    assert.deepEqual((await take(house, list)).status, 200)
    const before = await enrollParty(t, house, 'alice')
    const unbelieved = await active()
    assert.deepEqual([unbelieved.status, unbelieved.body.code], [409, 'ERR_ISSUER_STATE'])
    assert.match(unbelieved.body.detail, /who has enrolled does not believe corporate yet/)
    const crossed = await ask(house, '/v1/issuers/corporate/crosses', { by: 'root' })
    assert.equal(crossed.status, 200, JSON.stringify(crossed.body))
    assert.equal((await active()).body.state, 'active')

    const held = await enrollParty(t, house, 'bob')
    verify(root.pem, held, [list, await listOf(house, 'issuing-2')])
    refusedByOpenssl(
      'verify',
      '-CAfile',
      root.path,
      '-untrusted',
      root.path,
      file('alice.pem', pem(before.certificates[0]!.der)),
    )
    // The authority itself meets both.
    for (const one of [before, held])
      assert.equal((await (await meet(t, placeOf(house.authority), one)).ask('GET', '/v1/ready')).status, 200)
    const { body } = await askLocally(house.directory, 'GET', '/v1/issuers')
    assert.deepEqual(
      body.issuers.map(({ name, state, key }: Record<string, string>) => [name, state, key]),
      [
        ['corporate', 'next', 'elsewhere'],
        ['issuing', 'retiring', 'here'],
        ['issuing-2', 'active', 'here'],
        ['root', 'active', 'here'],
        ['ssh', 'active', 'here'],
      ],
    )
  })

  test('a list from there that revokes it ends what it has signed', async (t) => {
    const house = await openHouse(t)
    const root = offlineRoot('Corporate Root')
    const signed = root.sign(await requestOf(house, 'issuing-2'))
    await take(house, root.pem + signed + root.list(), { rootSha256: root.sha256, name: 'corporate' })
    await ask(house, '/v1/issuers/corporate/crosses', { by: 'root' })
    assert.equal((await ask(house, '/v1/issuers/issuing-2/state', { state: 'active' })).status, 200)
    const held = await enrollParty(t, house, 'bob')
    const caller = await meet(t, placeOf(house.authority), held)
    assert.equal((await caller.ask('GET', '/v1/ready')).status, 200)
    const ended = once(caller.socket, 'close')
    const taken = await take(house, root.list([signed]))
    assert.equal(taken.status, 200, JSON.stringify(taken.body))
    await ended
    const anew = await meet(t, placeOf(house.authority), held)
    assert.equal((await anew.ask('GET', '/v1/ready')).body.code, 'ERR_CALLER_REVOKED')
  })

  test('a further root may sign the key of an issuer, and each root leads to the leaf', async (t) => {
    const house = await openHouse(t)
    const root = offlineRoot('Partner Root')
    const signed = root.sign(await again(house, 'issuing'))
    const list = root.list()
    const taken = await take(house, root.pem + signed + list, { rootSha256: root.sha256, name: 'partner' })
    // OpenSSL names the key by another hash than we do: what the leaf calls its issuer would not be found.
    assert.deepEqual([taken.status, taken.body.code], [400, 'ERR_ISSUER_CERTIFICATE'])
    assert.match(taken.body.detail, /calls the key otherwise/)
    const own = (await askLocally(house.directory, 'GET', '/status')).body.certificates[0]
    const text = openssl(
      'x509',
      '-in',
      file('own.pem', pem(Uint8Array.fromBase64(own))),
      '-noout',
      '-ext',
      'subjectKeyIdentifier',
    )
    const named = root.sign(
      await again(house, 'issuing'),
      `${AUTHORITY}subjectKeyIdentifier=${text.split('\n')[1]?.trim().replaceAll(':', '')}\n`,
    )
    const cross = await take(house, named + list)
    assert.equal(cross.status, 200, JSON.stringify(cross.body))
    const held = await enrollParty(t, house, 'alice')
    const ours = await askLocally(house.directory, 'GET', '/root.pem')
    const [first = ''] = String(ours.body).split(/(?<=-----END CERTIFICATE-----\n)/)
    verify(first, held, [await listOf(house, 'root'), await listOf(house, 'issuing')])
    verify(root.pem, held, [list, await listOf(house, 'issuing')])
    refusedByOpenssl(
      'verify',
      '-CAfile',
      offlineRoot('Stranger').path,
      '-untrusted',
      file('chain-of.pem'),
      file('leaf.pem'),
    )
  })

  for (const [what, extensions, detail, more] of [
    ['no authority', 'basicConstraints=critical,CA:FALSE\n', /not the certificate of an authority/],
    ['one that may sign no lists', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n', /key usage/],
    [
      'one that may sign no certificates',
      'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n',
      /key usage/,
    ],
    [
      'one for other names alone',
      `${AUTHORITY}nameConstraints=critical,permitted;URI:.elsewhere.example\n`,
      /would not be believed/,
    ],
    ['one for servers alone', `${AUTHORITY}extendedKeyUsage=serverAuth\n`, /would not be believed/],
    [
      'one with a critical extension that nobody knows',
      `${AUTHORITY}1.2.3.4=critical,ASN1:NULL\n`,
      /would not be believed/,
    ],
    ['one signed over SHA-1', AUTHORITY, /would not be believed|no root/, ['-days', '1000', '-sha1']],
  ] as const)
    test(`refused: ${what}`, async (t) => {
      const house = await openHouse(t)
      const root = offlineRoot('Corporate Root')
      assert.equal((await take(house, root.pem, { rootSha256: root.sha256, name: 'corporate' })).status, 200)
      const signed = root.sign(await requestOf(house, 'issuing-2'), extensions, more)
      const { status, body } = await take(house, signed)
      assert.deepEqual([status, body.code], [400, 'ERR_ISSUER_CERTIFICATE'], JSON.stringify(body))
      assert.match(body.detail, detail)
      assert.equal((await askLocally(house.directory, 'GET', '/v1/issuers/issuing-2')).body.state, 'waiting')
    })

  test('refused: another name, another key, a root that is none, and what is no certificate', async (t: TestContext) => {
    const house = await openHouse(t)
    const root = offlineRoot('Corporate Root')
    const weak = offlineRoot('No Root', 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n')
    const request = await requestOf(house, 'issuing-2')
    assert.equal((await take(house, root.pem, { rootSha256: root.sha256, name: 'corporate' })).status, 200)
    const subject = ['-days', '1000', '-sha256', '-subj', '/CN=Mallory']
    const key = file('other.key')
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key)
    const stranger = openssl('req', '-new', '-key', key, '-subj', '/O=Acme/CN=Acme issuing-2')
    for (const [text, more, code, detail] of [
      [root.sign(request, AUTHORITY, subject), {}, 'ERR_ISSUER_CERTIFICATE', /its subject is/],
      [root.sign(stranger), {}, 'ERR_ISSUER_CERTIFICATE', /no issuer's of ours/],
      [
        weak.pem,
        { rootSha256: weak.sha256, name: 'weak' },
        'ERR_ISSUER_CERTIFICATE',
        /not the certificate of an authority/,
      ],
      [offlineRoot('Second').pem, { rootSha256: root.sha256 }, 'ERR_ISSUER_ROOT_UNKNOWN', /sha256:/],
      ['', {}, 'ERR_ADMIN_REQUEST', /pem/],
      ['no PEM at all', {}, 'ERR_ISSUER_CERTIFICATE', /nothing in PEM/],
      [request, {}, 'ERR_ISSUER_CERTIFICATE', /CERTIFICATE REQUEST/],
      [writePem('CERTIFICATE', Uint8Array.of(0x30, 0)), {}, 'ERR_ISSUER_CERTIFICATE', /ERR_/],
      [openssl('pkey', '-in', key), {}, 'ERR_ISSUER_CERTIFICATE', /PRIVATE KEY/],
    ] as const) {
      const { status, body } = await take(house, text, more)
      assert.deepEqual([Math.floor(status / 100), body.code], [4, code], `${text} ${JSON.stringify(body)}`)
      assert.match(body.detail, detail)
    }
  })

  test('refused: a further certificate for one that has retired, and one for a key of SSH', async (t) => {
    const house = await openHouse(t)
    const root = offlineRoot('Corporate Root')
    const request = await requestOf(house, 'issuing-2')
    await take(house, root.pem + root.sign(request), { rootSha256: root.sha256, name: 'corporate' })
    assert.equal((await ask(house, '/v1/issuers/issuing-2/state', { state: 'retired' })).body.state, 'retired')
    const key = file('ssh.pub', openssl('pkey', '-in', join(house.directory, 'authority', 'ssh.key'), '-pubout'))
    for (const [signed, words] of [
      [root.sign(request), /issuing-2 has retired/],
      [root.sign(request, AUTHORITY, ['-days', '1000', '-force_pubkey', key]), /ssh signs for SSH/],
    ] as const) {
      const refused = await take(house, signed)
      assert.deepEqual([refused.status, refused.body.code], [400, 'ERR_ISSUER_CERTIFICATE'])
      assert.match(refused.body.detail, words)
    }
    const { body } = await askLocally(house.directory, 'GET', '/v1/issuers')
    const states = body.issuers.map(({ name, state }: Record<string, string>) => `${name} ${state}`)
    assert.deepEqual(states.sort(), [
      'corporate next',
      'issuing active',
      'issuing-2 retired',
      'root active',
      'ssh active',
    ])
  })

  test('refused: lists of strangers, of keys that are here, older ones, and those without a number', async (t) => {
    const house = await openHouse(t)
    const root = offlineRoot('Corporate Root')
    const [first, second] = [root.list(), root.list()]
    const told = await take(house, root.pem + second, { rootSha256: root.sha256, name: 'corporate' })
    assert.equal(told.status, 200)
    for (const [text, code, detail] of [
      [offlineRoot('Stranger').list(), 'ERR_ISSUER_CERTIFICATE', /no issuer here has signed it/],
      [await listOf(house, 'issuing'), 'ERR_ISSUER_CERTIFICATE', /is here, and signs its lists here/],
      [first, 'ERR_ADMIN_CONFLICT', /is not after/],
    ] as const) {
      const { body } = await take(house, text)
      assert.equal(body.code, code, JSON.stringify(body))
      assert.match(body.detail, detail)
    }
    assert.equal((await take(house, second)).status, 200, 'the same again is no fault')
  })
})
