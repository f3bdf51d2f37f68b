import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { OID, readCertificate } from '@countersign/x509'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

const ADDRESS = 'alice@acme.example'
const find = (address: string) => `/v1/mail/keys?address=${encodeURIComponent(address)}`

suite('keys for mail', () => {
  const setUp = async (t: Parameters<typeof openHouse>[0]) => {
    const house = await openHouse(t)
    const alice = await enrollParty(t, house, 'alice', { profile: 'person', san: [`email:${ADDRESS}`] })
    const asAlice = await meet(t, placeOf(house.authority), alice)
    const keep = async () => {
      const answer = await asAlice.ask('POST', '/renew', {
        request: Buffer.from(requestFor(newKey())).toString('base64'),
        beside: 'person-encryption',
      })
      assert.equal(answer.status, 201)
      return answer.body.certificates[0] as string
    }
    const asBob = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'bob'))
    return { house, asAlice, asBob, keep }
  }

  test('are found by address: the newest of each party, as its certificate', async (t) => {
    const { asBob, keep } = await setUp(t)
    assert.deepEqual((await asBob.ask('GET', find(ADDRESS))).body.keys, [])
    await keep()
    const second = await keep()
    const { status, body } = await asBob.ask('GET', find(ADDRESS))
    assert.equal(status, 200)
    assert.deepEqual(body.keys, [{ party: 'alice', certificate: second }])
    const certificate = readCertificate(Uint8Array.fromBase64(second))
    assert.deepEqual(certificate.extendedKeyUsage, [OID.emailProtection])
    assert.ok(body.issuers.length > 0)
  })

  test('are found by the newest, however many its party has had', async (t) => {
    const { asBob, keep } = await setUp(t)
    let last = ''
    for (let i = 0; i < 101; i++) last = await keep()
    assert.deepEqual((await asBob.ask('GET', find(ADDRESS))).body.keys, [{ party: 'alice', certificate: last }])
  })

  test('are of an address, octet by octet: another case, a beginning or an unknown one finds nobody', async (t) => {
    const { asBob, keep } = await setUp(t)
    await keep()
    for (const address of ['Alice@acme.example', 'alice@acme.exampl', 'alice@acme.example.', 'carol@acme.example'])
      assert.deepEqual((await asBob.ask('GET', find(address))).body.keys, [], address)
  })

  test('of a party that is locked, or of a certificate that is revoked, are none', async (t) => {
    const { house, asBob, keep } = await setUp(t)
    const first = await keep()
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    assert.deepEqual((await asBob.ask('GET', find(ADDRESS))).body.keys, [])
    await askLocally(house.directory, 'POST', '/v1/parties/alice/unlock', {})
    assert.equal((await asBob.ask('GET', find(ADDRESS))).body.keys.length, 1)
    const serialNumber = readCertificate(Uint8Array.fromBase64(first)).serialNumber.toString(16)
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: serialNumber, reason: 'superseded' })
    assert.deepEqual((await asBob.ask('GET', find(ADDRESS))).body.keys, [])
  })

  test('are told to no stranger, whether the address is somebody’s or not', async (t) => {
    const { house, keep } = await setUp(t)
    await keep()
    const stranger = await meet(t, placeOf(house.authority))
    const [known, unknown] = [
      await stranger.ask('GET', find(ADDRESS)),
      await stranger.ask('GET', find('x@acme.example')),
    ]
    assert.deepEqual([known.status, known.body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
    assert.deepEqual(known.body, unknown.body)
  })

  for (const query of ['', '?address=', '?address=alice', `?address=${ADDRESS}&all=1`, `?address=a%00@acme.example`])
    test(`are not asked for by ${query === '' ? 'nothing' : query}`, async (t) => {
      const { asBob } = await setUp(t)
      const answer = await asBob.ask('GET', `/v1/mail/keys${query}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'ERR_ADMIN_REQUEST'])
    })
})

suite('OpenPGP keys', () => {
  const setUp = async (t: Parameters<typeof openHouse>[0]) => {
    const house = await openHouse(t, { openPgp: true })
    const alice = await enrollParty(t, house, 'alice', { profile: 'person', san: [`email:${ADDRESS}`] })
    const asAlice = await meet(t, placeOf(house.authority), alice)
    const asBob = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'bob'))
    const keep = async (...octets: readonly number[]) =>
      asAlice.ask('POST', '/v1/mail/keys', { key: Buffer.from(octets).toString('base64') })
    const found = async () => {
      const { openPgp } = (await asBob.ask('GET', find(ADDRESS))).body
      return openPgp.keys.map(({ fingerprint, current }: { fingerprint: string; current: boolean }) => [
        fingerprint,
        current,
      ])
    }
    return { house, asAlice, asBob, keep, found }
  }

  test('are certified by the certificate in hand, and found by address: the newest of each version is the one to encrypt to', async (t) => {
    const { asBob, keep, found } = await setUp(t)
    assert.deepEqual(await found(), [])
    const { status, body } = await keep(6, 1)
    assert.deepEqual([status, body], [201, { party: 'alice', fingerprint: '01', key: 'BgE=', authorities: ['Bg=='] }])
    await keep(4, 2)
    await keep(6, 3)
    assert.deepEqual(await found(), [
      ['03', true],
      ['02', true],
      ['01', false],
    ])
    const { openPgp } = (await asBob.ask('GET', find('alice@acme.exampl'))).body
    assert.deepEqual(openPgp, { authorities: ['Bg=='], keys: [] })
  })

  test('of a party that is locked are not to encrypt to; of one that was revoked, that is said, and since when', async (t) => {
    const { house, asBob, keep, found } = await setUp(t)
    await keep(6, 1)
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    assert.deepEqual(await found(), [['01', false]])
    await askLocally(house.directory, 'POST', '/v1/parties/alice/unlock', {})
    assert.deepEqual(await found(), [['01', true]])
    const revoked = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    const [key] = (await asBob.ask('GET', find(ADDRESS))).body.openPgp.keys
    assert.equal(key.current, false)
    const until = Temporal.Instant.from(revoked.body.at).epochMilliseconds
    assert.equal(Buffer.from(key.key, 'base64').subarray(2).toString(), ` of ${ADDRESS} until ${until}`)
  })

  test('after the authority’s own key was replaced are certified anew where they are asked for, of whom is that address', async (t) => {
    const { house, asAlice, asBob, keep } = await setUp(t)
    await keep(6, 1)
    const own = '/v1/openpgp/authorities'
    for (const asked of [asAlice, asBob])
      assert.equal((await asked.ask('POST', own, {})).body.code, 'ERR_ADMIN_FORBIDDEN')
    assert.equal((await askLocally(house.directory, 'POST', own, {})).status, 201)
    const tail = async () => {
      const { openPgp } = (await asBob.ask('GET', find(ADDRESS))).body
      assert.equal(openPgp.authorities.length, 2)
      return Buffer.from(openPgp.keys[0].key, 'base64').subarray(2).toString()
    }
    assert.equal(await tail(), ` anew for ${ADDRESS}`)
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    assert.equal(await tail(), '')
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.match(await tail(), /^ of .* until /)
  })

  test('are certified for nobody else: no certificate, none of a person, revoked, no key, too large', async (t) => {
    const { house, asAlice, asBob, keep } = await setUp(t)
    const body = { key: 'BgE=' }
    const stranger = await meet(t, placeOf(house.authority))
    const codeOf = async (asked: Promise<{ body: { code?: string } }>) => (await asked).body.code
    assert.equal(await codeOf(stranger.ask('POST', '/v1/mail/keys', body)), 'ERR_CALLER_NO_CERTIFICATE')
    assert.equal(await codeOf(asBob.ask('POST', '/v1/mail/keys', body)), 'ERR_ENROLL_PROFILE')
    assert.equal(await codeOf(asAlice.ask('POST', '/v1/mail/keys', {})), 'ERR_ADMIN_REQUEST')
    assert.equal(await codeOf(asAlice.ask('POST', '/v1/mail/keys', { key: '-' })), 'ERR_ADMIN_REQUEST')
    assert.equal(await codeOf(keep(6, 0)), 'ERR_MAIL_FORM')
    assert.equal((await keep(...Array(64 * 1024).fill(1))).status, 413)
    assert.equal(await codeOf(askLocally(house.directory, 'POST', '/v1/mail/keys', body)), 'ERR_CALLER_NO_CERTIFICATE')
  })

  test('of an authority without OpenPGP are not certified: it says what is missing', async (t) => {
    const house = await openHouse(t)
    const alice = await enrollParty(t, house, 'alice', { profile: 'person', san: [`email:${ADDRESS}`] })
    const answer = await (await meet(t, placeOf(house.authority), alice)).ask('POST', '/v1/mail/keys', { key: 'BgE=' })
    assert.deepEqual([answer.status, answer.body.code], [501, 'ERR_ENROLL_NO_OPENPGP'])
    assert.match(answer.body.next, /@countersign\/openpgp/)
  })
})
