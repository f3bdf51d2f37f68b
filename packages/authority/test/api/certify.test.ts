// A certificate on an administrator's word: what is asked for is input, what is signed is the profile's.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readCertificate } from '@countersign/x509'
import { NAME } from '../support/core.ts'
import { type Answer, askLocally, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

const ask = (house: House, body: object): Promise<Answer> =>
  askLocally(house.directory, 'POST', '/v1/certificates', body)
const base64 = (octets: Uint8Array) => octets.toBase64()

suite('a certificate on an administrator’s word', () => {
  test('is signed, found, and says who asked', async (t) => {
    const house = await openHouse(t)
    const anna = await enrollParty(t, house, 'ops/anna', { profile: 'admin' })
    const caller = await meet(t, placeOf(house.authority), anna)
    const key = newKey()
    const request = base64(requestFor(key))
    const body = { party: 'web', profile: 'server', san: ['dns:web.acme.example'], request }
    const answer = await caller.ask('POST', '/v1/certificates', body)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    const { party, serialNumber, certificates } = answer.body
    assert.equal(party, 'web')
    assert.equal(certificates.length, 3)
    const leaf = readCertificate(Uint8Array.fromBase64(certificates[0]))
    assert.deepEqual(leaf.subjectPublicKeyInfo.der, key.spki)
    assert.equal(leaf.serialNumber.toString(16), serialNumber.replace(/^0/, ''))
    const { body: shown } = await askLocally(house.directory, 'GET', `/v1/certificates/${serialNumber}`)
    const [stored] = shown.certificates
    assert.deepEqual([stored.method, stored.evidence], ['administrator', 'administrator ops/anna'])
    assert.ok(stored.identities.some(({ value }: { value: string }) => value === 'web.acme.example'))
    const local = await ask(house, { party: 'alice', request: base64(requestFor(newKey())) })
    assert.equal(local.status, 201)
    const of = await askLocally(house.directory, 'GET', `/v1/certificates/${local.body.serialNumber}`)
    assert.equal(of.body.certificates[0].evidence, 'administrator on the machine')
  })

  test('is refused, with what is wrong', async (t) => {
    const house = await openHouse(t)
    const key = newKey()
    const request = base64(requestFor(key))
    const signed = requestFor(newKey())
    signed.set([(signed.at(-1) ?? 0) ^ 1], signed.length - 1)
    await ask(house, { party: 'mallory', request })
    const refusals: readonly (readonly [object, number, string])[] = [
      [{ party: 'alice', request }, 403, 'ERR_ENROLL_KEY_TAKEN'],
      [{ party: 'alice', request: base64(signed) }, 400, 'ERR_ENROLL_REQUEST_SIGNATURE'],
      [{ party: 'alice', request: base64(new Uint8Array([48, 3, 2, 1])) }, 400, 'ERR_ENROLL_REQUEST'],
      [{ party: 'alice', request: 'no-base64' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'authority', request }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'a b', request }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, profile: 'root' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, profile: 'intermediate' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, profile: 'ssh-user' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, san: ['dns:*.acme.example'], profile: 'server' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, san: [`dns:${NAME}`], profile: 'server' }, 400, 'ERR_ADMIN_REQUEST'],
      [{ party: 'alice', request, sann: [] }, 400, 'ERR_ADMIN_REQUEST'],
    ]
    for (const [body, status, code] of refusals) {
      const answer = await ask(house, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify({ ...body, request: '…' }))
    }
    await askLocally(house.directory, 'POST', '/v1/parties/mallory/lock', {})
    const locked = await ask(house, { party: 'mallory', request })
    assert.deepEqual([locked.status, locked.body.code], [403, 'ERR_ENROLL_PARTY_LOCKED'])
    const { body } = await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')
    assert.deepEqual(body.certificates, [])
  })
})
