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
