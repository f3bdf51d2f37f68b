import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCheckSignature } from '@countersign/mtls'
import { formatToken, readMeeting } from '@countersign/protocol'
import { readCertificateList } from '@countersign/x509'
import { sha256 } from '../../src/octets.ts'
import { NAME } from '../support/core.ts'
import { askLocally, enrollmentBody, enrollParty, heldOf, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

const inviteAlice = async (house: Awaited<ReturnType<typeof openHouse>>) => {
  const invited = await house.authority.invite({ party: 'alice', san: ['dns:alice.localhost'] })
  assert.ok(invited.ok)
  return invited.token
}

suite('enrollment over TLS', () => {
  test('answers with the chain, both lists, and where the authority is', async (t) => {
    const house = await openHouse(t)
    const { authority } = house
    const caller = await meet(t, placeOf(authority))
    const key = newKey()
    const token = await inviteAlice(house)
    const answer = await caller.ask('POST', '/enroll', enrollmentBody(token, requestFor(key), caller.exporter))
    assert.equal(answer.status, 201)
    assert.equal(answer.body.party, 'alice')
    assert.deepEqual(answer.body.authority, { address: authority.address, name: NAME })
    const { certificates } = heldOf(key, answer)
    assert.equal(certificates.length, 3)
    assert.deepEqual(sha256(certificates[2]!.der), authority.rootSha256)
    const lists = (answer.body.crls as string[]).map((der) => readCertificateList(Uint8Array.fromBase64(der)))
    const check = createCheckSignature()
    for (const [index, list] of lists.entries()) {
      const { subjectPublicKeyInfo } = certificates[index + 1]!
      assert.equal(check(list.signatureAlgorithm, subjectPublicKeyInfo, list.tbsDer, list.signatureValue), true)
    }
  })

  test('its own chain in the handshake leads to the root, which is sent too', async (t) => {
    const { authority } = await openHouse(t)
    const { socket } = await meet(t, placeOf(authority))
    const chain: string[] = []
    for (let one = socket.getPeerX509Certificate(); one !== undefined; one = one.issuerCertificate)
      if (chain.push(one.fingerprint256) > 3 || chain.at(-2) === chain.at(-1)) break
    assert.equal(chain[2]?.replaceAll(':', '').toLowerCase(), authority.rootSha256.toHex())
  })

  test('a proof that is relayed to another channel is refused; the newcomer itself still gets in', async (t) => {
    const house = await openHouse(t)
    const token = await inviteAlice(house)
    const [newcomer, relay] = [await meet(t, placeOf(house.authority)), await meet(t, placeOf(house.authority))]
    const body = enrollmentBody(token, requestFor(newKey()), newcomer.exporter)
    const relayed = await relay.ask('POST', '/enroll', body)
    assert.equal(relayed.status, 403)
    assert.equal(relayed.body.code, 'ERR_ENROLL_PROOF')
    assert.equal((await newcomer.ask('POST', '/enroll', body)).status, 201)
  })

  test('of eight rivals on eight connections one wins, and the others read why not', async (t) => {
    const house = await openHouse(t)
    const token = await inviteAlice(house)
    const rivals = await Promise.all(Array.from({ length: 8 }, () => meet(t, placeOf(house.authority))))
    const answers = await Promise.all(
      rivals.map((rival) => rival.ask('POST', '/enroll', enrollmentBody(token, requestFor(newKey()), rival.exporter))),
    )
    const won = answers.filter(({ status }) => status === 201)
    assert.equal(won.length, 1)
    for (const { status, type, body } of answers.filter((answer) => !won.includes(answer))) {
      assert.equal(status, 403)
      assert.equal(type, 'application/problem+json')
      assert.equal(body.code, 'ERR_ENROLL_TOKEN_SPENT')
      assert.equal(body.type, 'urn:countersign:ERR_ENROLL_TOKEN_SPENT')
      assert.match(body.reference, /^M-/)
      assert.equal(typeof body.next, 'string')
    }
    const listed = await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')
    assert.equal(listed.body.certificates.length, 1)
  })

  test('the meeting says that the stranger has proved itself by the token', async (t) => {
    const house = await openHouse(t)
    const token = await inviteAlice(house)
    const caller = await meet(t, placeOf(house.authority))
    const wrong = await caller.ask('POST', '/enroll', {
      ...enrollmentBody(token, requestFor(newKey()), new Uint8Array(32)),
    })
    const { reference } = wrong.body
    const before = await askLocally(house.directory, 'GET', `/v1/meetings/${reference}`)
    assert.equal(readMeeting(before.body.meetings[0]).caller.party, undefined)

    await caller.ask('POST', '/enroll', enrollmentBody(token, requestFor(newKey()), caller.exporter))
    const after = await askLocally(house.directory, 'GET', `/v1/meetings/${reference}`)
    assert.equal(after.body.meetings.length, 1)
    const meeting = readMeeting(after.body.meetings[0])
    assert.equal(meeting.door, 'authority')
    assert.equal(meeting.caller.party, 'alice')
    assert.equal(meeting.steps[3].by, 'caller')
    assert.equal(meeting.steps[3].outcome, 'proved')
    const { evidence } = meeting.steps[3]
    assert.ok(evidence?.kind === 'token')
    const { token: id } = enrollmentBody(token, new Uint8Array(), new Uint8Array(32))
    assert.equal(evidence.id, Uint8Array.fromBase64(id!, { alphabet: 'base64url' }).toHex())
  })

  test('through the socket of the data directory there is no channel to bind a proof to', async (t) => {
    const house = await openHouse(t)
    const body = enrollmentBody(await inviteAlice(house), requestFor(newKey()), new Uint8Array(32))
    const answer = await askLocally(house.directory, 'POST', '/enroll', body)
    assert.equal(answer.body.code, 'ERR_ENROLL_PROOF')
  })

  for (const [what, change] of [
    ['no token', { token: undefined }],
    ['a token of another length', { token: 'AAAA' }],
    ['a token that is not base64url', { token: `${'A'.repeat(42)}+` }],
    ['a request that is not base64', { request: '***' }],
    ['a mac of another length', { mac: 'AA' }],
    ['a mac that is a number', { mac: 7 }],
    ['a field that nobody knows', { party: 'mallory' }],
  ] as const)
    test(`a body with ${what} is refused by the name of the field`, async (t) => {
      const { authority } = await openHouse(t)
      const caller = await meet(t, placeOf(authority))
      const good = enrollmentBody(tokenOfNobody(), requestFor(newKey()), caller.exporter)
      const { status, body } = await caller.ask('POST', '/enroll', { ...good, ...change })
      assert.equal(status, 400)
      assert.equal(body.code, 'ERR_ADMIN_REQUEST')
      assert.match(body.detail, new RegExp(Object.keys(change)[0]!))
    })
})

/** A token that nobody was given. */
function tokenOfNobody(): string {
  const octets = new Uint8Array(32)
  return formatToken({ address: 'x:1', name: 'x', rootSha256: octets, secret: octets, party: 'x' })
}

suite('renewal over TLS', () => {
  test('with the certificate in hand: the same party and names, a new certificate', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice', { san: ['dns:alice.localhost'], profile: 'service' })
    const caller = await meet(t, placeOf(house.authority), held)
    const key = newKey()
    const answer = await caller.ask('POST', '/renew', { request: requestFor(key).toBase64() })
    assert.equal(answer.status, 201)
    const [leaf] = heldOf(key, answer).certificates
    assert.deepEqual(leaf?.subjectAltName, held.certificates[0]?.subjectAltName)
    assert.notEqual(leaf?.serialNumber, held.certificates[0]?.serialNumber)
    const again = await meet(t, placeOf(house.authority), heldOf(key, answer))
    assert.equal((await again.ask('GET', '/v1/ready')).status, 200)
  })

  test('without a certificate it is refused', async (t) => {
    const { authority, directory } = await openHouse(t)
    const body = { request: requestFor(newKey()).toBase64() }
    const caller = await meet(t, placeOf(authority))
    assert.equal((await caller.ask('POST', '/renew', body)).body.code, 'ERR_CALLER_NO_CERTIFICATE')
    assert.equal((await askLocally(directory, 'POST', '/renew', body)).body.code, 'ERR_CALLER_NO_CERTIFICATE')
  })

  test('with one that was revoked the gate refuses, and says so', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice')
    const revoked = await house.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
    assert.ok(revoked.ok)
    const caller = await meet(t, placeOf(house.authority), held)
    const answer = await caller.ask('POST', '/renew', { request: requestFor(newKey()).toBase64() })
    assert.equal(answer.status, 403)
    assert.equal(answer.body.code, 'ERR_CALLER_REVOKED')
    assert.match(answer.body.reference, /^M-/)
  })
})
