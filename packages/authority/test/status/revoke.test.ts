import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  askLocally,
  enrollmentBody,
  enrollParty,
  type Held,
  type House,
  heldOf,
  meet,
  openHouse,
  placeOf,
} from '../support/house.ts'
import { type Key, newKey, requestFor } from '../support/keys.ts'

const invite = async ({ authority }: House, party: string): Promise<string> => {
  const invited = await authority.invite({ party })
  assert.ok(invited.ok)
  return invited.token
}

const enroll = async (t: TestContext, { authority }: House, token: string) => {
  const caller = await meet(t, placeOf(authority))
  return caller.ask('POST', '/enroll', enrollmentBody(token, requestFor(newKey()), caller.exporter))
}

const revoke = ({ directory }: House, subject: string, dryRun = false) =>
  askLocally(directory, 'POST', '/v1/revocations', { subject, dryRun })

suite('to revoke a party ends its invitations', () => {
  test('also of one that never had a certificate, and of one that has none in force', async (t) => {
    const house = await openHouse(t)
    const leaked = await invite(house, 'bob')
    assert.equal((await revoke(house, 'bob', true)).status, 200)
    const { status, body } = await revoke(house, 'bob')
    assert.deepEqual([status, body.revoked], [200, []])
    assert.equal((await enroll(t, house, leaked)).body.code, 'ERR_ENROLL_TOKEN_EXPIRED')
    assert.equal((await revoke(house, 'bob')).status, 404)

    await enrollParty(t, house, 'carol')
    assert.equal((await revoke(house, 'carol')).status, 200)
    const again = await invite(house, 'carol')
    assert.equal((await revoke(house, 'carol')).status, 200)
    assert.equal((await enroll(t, house, again)).body.code, 'ERR_ENROLL_TOKEN_EXPIRED')
    assert.equal((await revoke(house, 'carol')).status, 409)
  })

  test('for good: a clock that goes back does not bring them to life again', async (t) => {
    const house = await openHouse(t)
    const token = await invite(house, 'bob')
    house.clock.advance({ minutes: 5 })
    await revoke(house, 'bob')
    house.clock.advance({ minutes: -4 })
    assert.equal((await enroll(t, house, token)).body.code, 'ERR_ENROLL_TOKEN_EXPIRED')
  })

  test('and of nobody else', async (t) => {
    const house = await openHouse(t)
    const [bob, bobby] = [await invite(house, 'bob'), await invite(house, 'bob/y')]
    await revoke(house, 'bob/y')
    assert.equal((await enroll(t, house, bobby)).status, 403)
    assert.equal((await enroll(t, house, bob)).status, 201)
  })
})

test('a key that was lost is lost in each of its certificates, whichever is named; for another reason one ends', async (t) => {
  const house = await openHouse(t)
  const first = await enrollParty(t, house, 'alice')
  const again = async (held: Held, key: Key) => {
    const caller = await meet(t, placeOf(house.authority), held)
    const answer = await caller.ask('POST', '/renew', { request: requestFor(key).toBase64() })
    return heldOf(key, answer)
  }
  const second = await again(first, first.key)
  const other = await again(second, newKey())
  await again(other, other.key)
  const serialOf = ({ certificates: [leaf] }: Held) => leaf!.serialNumber.toString(16)
  const foreseen = await askLocally(house.directory, 'POST', '/v1/revocations', {
    subject: serialOf(first),
    reason: 'keyCompromise',
    dryRun: true,
  })
  assert.equal(foreseen.body.revoked.length, 2)
  assert.equal((await revoke(house, serialOf(other))).body.revoked.length, 1)
  assert.equal((await revoke(house, serialOf(first))).body.revoked.length, 1)
  // That it was the key, one learns later.
  const { body } = await askLocally(house.directory, 'POST', '/v1/revocations', {
    subject: serialOf(first),
    reason: 'keyCompromise',
  })
  assert.deepEqual(
    body.revoked.map(({ serialNumber }: { serialNumber: string }) => serialNumber),
    [serialOf(second)],
  )
  const { body: left } = await askLocally(house.directory, 'GET', '/v1/certificates?party=alice&state=valid')
  assert.equal(left.certificates.length, 1)
})

test('a party that is called as a certificate of another does not take its revocation', async (t) => {
  const house = await openHouse(t)
  await enrollParty(t, house, 'mallory')
  const of = async () => (await askLocally(house.directory, 'GET', '/v1/certificates/mallory')).body.certificates[0]
  const { serialNumber, sha256 } = await of()
  await enrollParty(t, house, serialNumber)
  await invite(house, sha256)
  for (const subject of [serialNumber, sha256]) {
    const { status, body } = await revoke(house, subject)
    assert.deepEqual([status, body.code], [409, 'ERR_ADMIN_CONFLICT'], subject)
  }
  assert.equal((await of()).state, 'valid')
  assert.equal((await revoke(house, sha256.replaceAll(/..(?=.)/g, '$&:').toUpperCase())).status, 200)
  assert.equal((await of()).state, 'revoked')
})

test('a clock that is a day ahead lets no certificate escape that will be in force again', async (t) => {
  const house = await openHouse(t)
  const old = await enrollParty(t, house, 'alice')
  house.clock.advance({ hours: 24 * 29, minutes: 30 })
  await enrollParty(t, house, 'alice')
  house.clock.advance({ hours: 24 })
  const { body } = await revoke(house, 'alice')
  assert.equal(body.revoked.length, 2)
  house.clock.advance({ hours: -24 })
  const serial = old.certificates[0]!.serialNumber.toString(16)
  const listed = await askLocally(house.directory, 'GET', `/v1/certificates/${serial}`)
  assert.equal(listed.body.certificates[0].state, 'revoked')
})
