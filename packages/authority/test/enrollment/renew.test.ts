import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { OID } from '@countersign/x509'
import type { Renewed } from '../../src/enrollment/renew.ts'
import { sha256 } from '../../src/octets.ts'
import { openCore } from '../support/core.ts'
import { newKey, requestFor } from '../support/keys.ts'

const codeOf = (renewed: Renewed) => (renewed.ok ? 'ok' : renewed.refusal.code)
const NAMES = [{ kind: 'dNSName', value: 'alice.localhost' }] as const

suite('renewal by the certificate in hand', () => {
  test('keeps party, names and profile; the key may stay or change', async (t) => {
    const { certify, renew, clock, store } = await openCore(t)
    const key = newKey()
    const { credential } = await certify('alice', { publicKey: key.spki, names: NAMES, profile: 'service' })
    clock.advance({ hours: 24 * 20 })
    for (const next of [key, newKey()]) {
      const renewed = await renew(sha256(credential[0].der), requestFor(next))
      assert.ok(renewed.ok)
      const [leaf] = renewed.credential
      assert.deepEqual(leaf.subjectAltName, credential[0].subjectAltName)
      assert.deepEqual(leaf.extendedKeyUsage, credential[0].extendedKeyUsage)
      assert.deepEqual(leaf.subjectPublicKeyInfo.der, next.spki)
      assert.ok(Temporal.Instant.compare(leaf.validity.notAfter, credential[0].validity.notAfter) > 0)
      const row = await store.certificates.bySha256(sha256(leaf.der))
      assert.equal(row?.method, 'certificate')
      assert.equal(row?.evidence, `certificate ${sha256(credential[0].der).toHex()}`)
    }
  })

  const MAIL = [{ kind: 'rfc822Name', value: 'alice@acme.example' }] as const

  test('gives a person a certificate for mail to be encrypted to: its addresses, its own key, and no name at doors', async (t) => {
    const { certify, renew, clock, store } = await openCore(t)
    const { credential } = await certify('alice', { names: MAIL, profile: 'person' })
    const [first, second] = [newKey(), newKey()]
    const made = await renew(sha256(credential[0].der), requestFor(first), 'person-encryption')
    assert.ok(made.ok)
    const [leaf] = made.credential
    assert.deepEqual(leaf.subjectAltName, [{ kind: 'rfc822Name', value: 'alice@acme.example' }])
    assert.deepEqual(leaf.extendedKeyUsage, [OID.emailProtection])
    assert.deepEqual([...(leaf.keyUsage ?? [])], ['keyAgreement'])
    assert.deepEqual(leaf.subjectPublicKeyInfo.der, first.spki)
    // The one in hand stays as it is: nothing has taken its place.
    assert.equal((await store.certificates.bySha256(sha256(credential[0].der)))?.succeededBy, undefined)
    clock.advance({ hours: 24 * 2 })
    const again = await renew(sha256(credential[0].der), requestFor(second), 'person-encryption')
    assert.ok(again.ok)
    const row = await store.certificates.bySha256(sha256(leaf.der))
    const next = await store.certificates.bySha256(sha256(again.credential[0].der))
    assert.equal(row?.succeededBy, next?.id)
  })

  test('gives a certificate for mail beside a person’s own alone, which proves nobody: it renews nothing', async (t) => {
    const { certify, renew, revoke, clock } = await openCore(t)
    const beside = async (der: Uint8Array) =>
      codeOf(await renew(sha256(der), requestFor(newKey()), 'person-encryption'))
    const service = await certify('db', { names: NAMES, profile: 'service' })
    assert.equal(await beside(service.credential[0].der), 'ERR_ENROLL_PROFILE')
    const alice = await certify('alice', { names: MAIL, profile: 'person' })
    const made = await renew(sha256(alice.credential[0].der), requestFor(newKey()), 'person-encryption')
    assert.ok(made.ok)
    assert.equal(await beside(made.credential[0].der), 'ERR_ENROLL_PROFILE')
    const taken = await certify('carol', {
      names: [{ kind: 'rfc822Name', value: 'carol@acme.example' }],
      profile: 'person',
    })
    await revoke(taken.recordId)
    assert.equal(await beside(taken.credential[0].der), 'ERR_CALLER_REVOKED')
    clock.advance({ hours: 24 * 400 })
    assert.equal(await beside(alice.credential[0].der), 'ERR_CALLER_EXPIRED')
  })

  test('of a certificate that we do not know', async (t) => {
    const { renew } = await openCore(t)
    assert.equal(codeOf(await renew(new Uint8Array(32), requestFor(newKey()))), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  test('of the issuing certificate is no renewal', async (t) => {
    const { renew, hierarchy } = await openCore(t)
    const refused = await renew(sha256(hierarchy.issuing.der), requestFor(newKey()))
    assert.equal(codeOf(refused), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  test('of one that has expired', async (t) => {
    const { certify, renew, clock } = await openCore(t)
    const { credential } = await certify('alice')
    clock.advance({ hours: 24 * 30 })
    assert.equal(codeOf(await renew(sha256(credential[0].der), requestFor(newKey()))), 'ERR_CALLER_EXPIRED')
  })

  test('of one that was revoked since the handshake, even while the renewal waits', async (t) => {
    const { certify, renew, store, revoke } = await openCore(t)
    const { credential, recordId } = await certify('alice')
    const revoking = revoke(recordId)
    const racing = renew(sha256(credential[0].der), requestFor(newKey()))
    await revoking
    assert.equal(codeOf(await racing), 'ERR_CALLER_REVOKED')
    assert.equal(codeOf(await renew(sha256(credential[0].der), requestFor(newKey()))), 'ERR_CALLER_REVOKED')
    assert.equal((await store.certificates.byParty('alice', 10)).length, 1)
  })

  test('without end: a party that goes on and on fills no disk, and others renew meanwhile', async (t) => {
    const { certify, renew, clock, store } = await openCore(t)
    const [alice, bob] = [await certify('alice'), await certify('bob')]
    const again = requestFor(newKey())
    const attempt = () => renew(sha256(alice.credential[0].der), again)
    const codes = (await Promise.all(Array.from({ length: 300 }, attempt))).map(codeOf)
    assert.equal(codes.filter((code) => code === 'ok').length, 240)
    assert.equal(codes.at(-1), 'ERR_ENROLL_TOO_OFTEN')
    assert.equal((await store.certificates.byParty('alice', 1_000)).length, 241)
    assert.equal(codeOf(await renew(sha256(bob.credential[0].der), requestFor(newKey()))), 'ok')
    clock.advance({ minutes: 61 })
    assert.equal(codeOf(await attempt()), 'ok')
  })

  test("for another name, or with another party's key", async (t) => {
    const { certify, renew } = await openCore(t)
    const { credential } = await certify('alice', { names: NAMES })
    const digest = sha256(credential[0].der)
    const wrongName = requestFor(newKey(), { names: [{ kind: 'dNSName', value: 'bob.localhost' }] })
    assert.equal(codeOf(await renew(digest, wrongName)), 'ERR_ENROLL_NAME')
    const bobs = newKey()
    await certify('bob', { publicKey: bobs.spki })
    assert.equal(codeOf(await renew(digest, requestFor(bobs))), 'ERR_ENROLL_KEY_TAKEN')
    assert.equal(codeOf(await renew(digest, requestFor(newKey(), { signedBy: bobs }))), 'ERR_ENROLL_REQUEST_SIGNATURE')
  })
})
