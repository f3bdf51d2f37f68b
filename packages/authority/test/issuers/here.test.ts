// Issuers whose root is here: made, brought from state to state, given up.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { readCertificate, readCertificateList, writePem } from '@countersign/x509'
import { file, openssl, withOpenssl } from '../../../../interop/openssl.ts'
import { askLocally, enrollParty, type Held, type House, meet, openHouse, placeOf } from '../support/house.ts'

const ask = ({ directory }: House, path: string, body: unknown) => askLocally(directory, 'POST', path, body)
const make = (house: House, name: string, more: object = {}) => ask(house, '/v1/issuers', { name, ...more })
const into = (house: House, name: string, state: string, more: object = {}) =>
  ask(house, `/v1/issuers/${name}/state`, { state, ...more })
const stateOf = async ({ directory }: House, name: string) =>
  (await askLocally(directory, 'GET', `/v1/issuers/${name}`)).body.state
const listOf = async ({ directory }: House, name: string) =>
  readCertificateList(Uint8Array.from((await askLocally(directory, 'GET', `/crl/${name}.crl`)).octets))

/** What OpenSSL says of a leaf, by the first of the roots here, with all lists. */
async function verify(
  { directory }: House,
  { certificates: [leaf, ...chain] }: Held,
  which: number = 0,
): Promise<void> {
  const { body } = await askLocally(directory, 'GET', '/status')
  const pem = (label: string) => (one: string) => writePem(label, Uint8Array.fromBase64(one))
  const roots = (await askLocally(directory, 'GET', '/root.pem')).body.split(/(?<=-----END CERTIFICATE-----\n)/)
  const root = file('root.pem', roots[which])
  const lists = file('lists.pem', body.crls.map(pem('X509 CRL')).join(''))
  const below = chain.filter(({ subject, issuer }) => Buffer.compare(subject.der, issuer.der) !== 0)
  const others = file('chain.pem', below.map(({ der }) => writePem('CERTIFICATE', der)).join(''))
  const status = ['-crl_check_all', '-CRLfile', lists]
  const path = file('leaf.pem', writePem('CERTIFICATE', leaf!.der))
  openssl('verify', '-x509_strict', ...status, '-CAfile', root, '-untrusted', others, path)
}

async function serves(t: TestContext, house: House, held: Held): Promise<unknown> {
  const caller = await meet(t, placeOf(house.authority), held)
  const { body } = await caller.ask('GET', '/v1/ready')
  caller.socket.destroy()
  return body.code ?? body.ready
}

suite('issuers that are made here', withOpenssl, () => {
  test('the next one is told, and signs no certificate; the active one signs, and the former retires', async (t) => {
    const house = await openHouse(t)
    const made = await make(house, 'issuing-2')
    assert.deepEqual([made.status, made.body.state, made.body.key], [201, 'next', 'here'], JSON.stringify(made.body))
    const { body: status } = await askLocally(house.directory, 'GET', '/status')
    const names = status.certificates.map(
      (der: string) => readCertificate(Uint8Array.fromBase64(der)).subject.rdnSequence[1]?.[0]?.text,
    )
    assert.deepEqual(names, ['Acme Issuing 1', 'Acme issuing-2', 'Acme Root 1'])
    assert.equal(status.crls.length, 3)
    const alice = await enrollParty(t, house, 'alice')
    assert.deepEqual(alice.certificates[0]!.issuer.der, alice.certificates[1]!.subject.der)
    assert.equal(alice.certificates[1]!.subject.rdnSequence[1]?.[0]?.text, 'Acme Issuing 1')

    assert.equal((await into(house, 'issuing-2', 'active')).body.state, 'active')
    assert.equal(await stateOf(house, 'issuing'), 'retiring')
    const bob = await enrollParty(t, house, 'bob')
    assert.equal(bob.certificates[1]!.subject.rdnSequence[1]?.[0]?.text, 'Acme issuing-2')
    for (const held of [alice, bob]) {
      await verify(house, held)
      assert.equal(await serves(t, house, held), true)
    }
    // One of each is revoked, each on its issuer's list, and on no other.
    for (const party of ['alice', 'bob']) await house.authority.revoke({ subject: party, reason: 'keyCompromise' })
    const serials = async (name: string) =>
      (await listOf(house, name)).revokedCertificates.map((one) => one.userCertificate)
    assert.deepEqual(await serials('issuing'), [alice.certificates[0]!.serialNumber])
    assert.deepEqual(await serials('issuing-2'), [bob.certificates[0]!.serialNumber])
    for (const held of [alice, bob]) assert.equal(await serves(t, house, held), 'ERR_CALLER_REVOKED')
  })

  test('all of it is found again after a restart, and a retired one needs its key no more', async (t) => {
    const first = await openHouse(t)
    await make(first, 'issuing-2')
    await into(first, 'issuing-2', 'active')
    assert.equal(
      (await into(first, 'issuing', 'retired')).body.code,
      'ERR_ISSUER_STATE',
      'its listener was signed by it',
    )
    const retired = await into(first, 'issuing', 'retired', { force: true })
    assert.equal(retired.body.state, 'retired', JSON.stringify(retired.body))
    const last = await listOf(first, 'issuing')
    assert.ok(last.nextUpdate && Temporal.Instant.compare(last.nextUpdate, first.clock().add({ hours: 24 * 365 })) > 0)
    const revoked = (await listOf(first, 'root')).revokedCertificates.map(({ reasonCode }) => reasonCode)
    assert.deepEqual(revoked, ['cessationOfOperation'])
    await first.authority.close()
    rmSync(join(first.directory, 'authority/issuing.key'))
    const second = await openHouse(t, { directory: first.directory })
    const held = await enrollParty(t, second, 'alice')
    await verify(second, held)
    assert.equal((await listOf(second, 'issuing')).cRLNumber, last.cRLNumber, 'its last list stays where it was')
    assert.equal((await into(second, 'issuing', 'active')).body.code, 'ERR_ISSUER_STATE')
  })

  test('a stolen one is given up: what it has signed ends at once', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice')
    const caller = await meet(t, placeOf(house.authority), held)
    await make(house, 'issuing-2')
    await into(house, 'issuing-2', 'active')
    assert.equal((await caller.ask('GET', '/v1/ready')).status, 200)
    const ended = once(caller.socket, 'close')
    const given = await into(house, 'issuing', 'retired', { force: true, reason: 'keyCompromise' })
    assert.equal(given.status, 200, JSON.stringify(given.body))
    await ended
    assert.equal(await serves(t, house, held), 'ERR_CALLER_REVOKED')
    assert.equal((await listOf(house, 'root')).revokedCertificates[0]?.reasonCode, 'keyCompromise')
    assert.equal(await serves(t, house, await enrollParty(t, house, 'bob')), true)
  })

  test('issuers share the profiles, and one signs each', async (t) => {
    const house = await openHouse(t)
    await make(house, 'devices', { profiles: ['device'], algorithm: 'ed25519' })
    assert.equal((await into(house, 'devices', 'active')).status, 200)
    const { body } = await askLocally(house.directory, 'GET', '/v1/issuers/issuing')
    assert.deepEqual([body.state, body.profiles.includes('device'), body.profiles.length], ['active', false, 9])
    const held = await enrollParty(t, house, 'alice')
    assert.equal(held.certificates[1]!.subject.rdnSequence[1]?.[0]?.text, 'Acme Issuing 1')
    const invited = await house.authority.invite({ party: 'sensor', profile: 'device' })
    assert.ok(invited.ok)
  })

  test('a root that is next and the root of now sign each other; either leads to every leaf', async (t) => {
    const house = await openHouse(t)
    const made = await make(house, 'root-2', { kind: 'root' })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const alice = await enrollParty(t, house, 'alice')
    await verify(house, alice, 0)
    await verify(house, alice, 1)
    assert.equal((await into(house, 'root-2', 'active')).status, 200)
    assert.equal(await stateOf(house, 'root'), 'retiring')
    await make(house, 'issuing-2')
    await into(house, 'issuing-2', 'active')
    const bob = await enrollParty(t, house, 'bob')
    await verify(house, bob, 0)
    await verify(house, bob, 1)
    for (const held of [alice, bob]) assert.equal(await serves(t, house, held), true)
    const alone = await into(house, 'root', 'retired')
    // The new root has signed the old one, and the old one is what leads to the old issuer.
    assert.deepEqual(
      [alone.body.code, /issuing is believed by root alone/.test(alone.body.detail)],
      ['ERR_ISSUER_STATE', true],
    )
    assert.equal((await ask(house, '/v1/issuers/issuing/crosses', { by: 'root-2' })).status, 200)
    assert.equal((await into(house, 'root', 'retired')).body.state, 'retired')
    assert.equal(await serves(t, house, bob), true)
    await verify(house, await enrollParty(t, house, 'carol'))
  })

  test('refused, and nothing is changed', async (t) => {
    const house = await openHouse(t)
    await make(house, 'spare')
    const key = join(house.directory, 'authority/root.key')
    for (const [path, body, status, code, detail] of [
      ['/v1/issuers', { name: 'issuing' }, 409, 'ERR_ADMIN_CONFLICT', /already/],
      ['/v1/issuers', { name: '../x' }, 400, 'ERR_ADMIN_REQUEST', /small letters/],
      ['/v1/issuers', { name: 'A' }, 400, 'ERR_ADMIN_REQUEST', /small letters/],
      ['/v1/issuers', { name: 'ledger' }, 400, 'ERR_ADMIN_REQUEST', /something else/],
      ['/v1/issuers', { name: 'x', kind: 'bridge' }, 400, 'ERR_ADMIN_REQUEST', /kind/],
      ['/v1/issuers', { name: 'x', profiles: ['root'] }, 400, 'ERR_ADMIN_REQUEST', /signs no root/],
      ['/v1/issuers', { name: 'x', kind: 'root', profiles: ['client'] }, 400, 'ERR_ADMIN_REQUEST', /signs no client/],
      ['/v1/issuers', { name: 'x', key: '/etc/passwd' }, 400, 'ERR_ADMIN_REQUEST', /key/],
      ['/v1/issuers', { name: 'x', algorithm: 'md5' }, 400, 'ERR_ADMIN_REQUEST', /algorithm/],
      ['/v1/issuers/nobody/state', { state: 'active' }, 404, 'ERR_ADMIN_NOT_FOUND', /so/],
      ['/v1/issuers/spare/state', { state: 'next' }, 400, 'ERR_ADMIN_REQUEST', /state/],
      ['/v1/issuers/spare/state', { state: 'active', profiles: [] }, 400, 'ERR_ADMIN_REQUEST', /at least one/],
      ['/v1/issuers/spare/state', { state: 'active', profiles: ['root'] }, 400, 'ERR_ADMIN_REQUEST', /signs no root/],
      ['/v1/issuers/issuing/state', { state: 'retired' }, 409, 'ERR_ISSUER_STATE', /activate another/],
      ['/v1/issuers/issuing/state', { state: 'retired', force: true }, 409, 'ERR_ISSUER_STATE', /activate another/],
      ['/v1/issuers/root/state', { state: 'retired', force: true }, 409, 'ERR_ISSUER_STATE', /activate another/],
      ['/v1/issuers/issuing/crosses', { by: 'root' }, 409, 'ERR_ADMIN_CONFLICT', /already/],
      ['/v1/issuers/issuing/crosses', { by: 'issuing' }, 404, 'ERR_ADMIN_NOT_FOUND', /no root/],
      ['/v1/issuers/root/crosses', { by: 'root' }, 400, 'ERR_ADMIN_REQUEST', /itself/],
      ['/v1/issuers/ssh/request', {}, 400, 'ERR_ADMIN_REQUEST', /no certificate/],
      ['/v1/revocations', { subject: 'authority/spare' }, 400, 'ERR_ADMIN_REQUEST', /authority state/],
    ] as const) {
      const answer = await ask(house, path, body)
      assert.deepEqual(
        [answer.status, answer.body.code],
        [status, code],
        `${path} ${JSON.stringify(body)} ${JSON.stringify(answer.body)}`,
      )
      assert.match(answer.body.detail, detail)
    }
    // Without the root's key nothing is signed by it, and no key is made for nothing.
    renameSync(key, `${key}.away`)
    const offline = await make(house, 'issuing-9')
    assert.deepEqual([offline.status, offline.body.code], [409, 'ERR_ISSUER_KEY_ELSEWHERE'])
    assert.equal(existsSync(join(house.directory, 'authority/issuing-9.key')), false)
    // One whose key is not here cannot become the one that signs.
    rmSync(join(house.directory, 'authority/spare.key'))
    assert.equal((await into(house, 'spare', 'active')).body.code, 'ERR_ISSUER_KEY_ELSEWHERE')
    assert.equal(await stateOf(house, 'issuing'), 'active')
    assert.equal(await stateOf(house, 'spare'), 'next')
    // One that has ended, too.
    house.clock.advance({ hours: 24 * 365 * 6 })
    assert.equal((await into(house, 'spare', 'active')).body.code, 'ERR_ISSUER_STATE')
  })
})
