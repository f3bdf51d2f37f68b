import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
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
