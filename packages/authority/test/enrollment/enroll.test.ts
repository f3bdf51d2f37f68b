import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { parseToken } from '@countersign/protocol'
import {
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  noRevAvailExtension,
  OID,
} from '@countersign/x509'
import type { Enrolled } from '../../src/enrollment/token/enroll.ts'
import type { InvitationRequest } from '../../src/enrollment/token/invite.ts'
import { sha256 } from '../../src/octets.ts'
import { type Core, openCore } from '../support/core.ts'
import { attemptWith, newKey, requestFor } from '../support/keys.ts'

const CHANNEL = Uint8Array.from({ length: 32 }, (_, i) => i)
const OTHER_CHANNEL = CHANNEL.toReversed()

async function invited(t: TestContext, request: Partial<InvitationRequest> = {}): Promise<Core & { token: string }> {
  const core = await openCore(t)
  const made = await core.invite({ party: 'alice', ...request })
  assert.ok(made.ok, JSON.stringify(made))
  return { ...core, token: made.token }
}

const codeOf = (enrolled: Enrolled) => (enrolled.ok ? 'ok' : enrolled.refusal.code)

suite('enrollment by token', () => {
  test('gives the invited names and profile, and a chain to the root of the token', async (t) => {
    const { token, enroll, hierarchy } = await invited(t, {
      san: ['dns:alice.localhost', 'ip:::1'],
      profile: 'service',
    })
    const key = newKey()
    const enrolled = await enroll(attemptWith(token, requestFor(key), CHANNEL))
    assert.ok(enrolled.ok)
    const [leaf, issuing, root] = enrolled.credential
    assert.deepEqual(sha256(root.der), parseToken(token).rootSha256)
    assert.deepEqual(issuing.der, hierarchy.issuing.der)
    assert.deepEqual(leaf.subjectPublicKeyInfo.der, key.spki)
    assert.deepEqual(leaf.extendedKeyUsage, [OID.serverAuth, OID.clientAuth])
    assert.deepEqual(leaf.subjectAltName, [
      { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' },
      { kind: 'dNSName', value: 'alice.localhost' },
      { kind: 'iPAddress', octets: Uint8Array.from([...new Array(15).fill(0), 1]) },
    ])
    const [attribute] = leaf.subject.rdnSequence.flat()
    assert.equal(attribute?.text, 'alice')
  })

  test('what a request asks for beside names, it does not get: the profile decides, and the record names it', async (t) => {
    const { token, enroll, store } = await invited(t)
    const extensions = [
      basicConstraintsExtension({ cA: false }),
      keyUsageExtension(['digitalSignature', 'keyAgreement']),
      extendedKeyUsageExtension([OID.clientAuth, OID.codeSigning, '2.999.7']),
      noRevAvailExtension(),
    ]
    const enrolled = await enroll(attemptWith(token, requestFor(newKey(), { extensions }), CHANNEL))
    assert.ok(enrolled.ok)
    const [leaf] = enrolled.credential
    assert.equal(leaf.basicConstraints, undefined)
    assert.equal(leaf.noRevAvail, undefined)
    assert.deepEqual(leaf.keyUsage, new Set(['digitalSignature']))
    assert.deepEqual(leaf.extendedKeyUsage, [OID.clientAuth])
    const denied = [
      'keyUsage keyAgreement',
      'extendedKeyUsage codeSigning',
      'extendedKeyUsage 2.999.7',
      'extension noRevAvail',
    ]
    assert.deepEqual(enrolled.denied, denied)
    const [row] = await store.certificates.byParty('alice', 1)
    assert.deepEqual(row?.denied, denied)
  })

  test('of a request that asks for a hundred things, a bounded part is kept', async (t) => {
    const { token, enroll } = await invited(t)
    const huge = `2.999.${'9'.repeat(200)}`
    const purposes = [huge, ...Array.from({ length: 99 }, (_, i) => `2.999.${i + 1}`)]
    const request = requestFor(newKey(), { extensions: [extendedKeyUsageExtension(purposes)] })
    const enrolled = await enroll(attemptWith(token, request, CHANNEL))
    assert.ok(enrolled.ok)
    assert.equal(enrolled.denied.length, 32)
    assert.deepEqual(
      enrolled.denied.map(({ length }) => length > 128),
      new Array(32).fill(false),
    )
  })

  test('what the profile gives anyway is not denied', async (t) => {
    const { token, enroll } = await invited(t)
    const extensions = [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([OID.clientAuth])]
    const enrolled = await enroll(attemptWith(token, requestFor(newKey(), { extensions }), CHANNEL))
    assert.ok(enrolled.ok)
    assert.deepEqual(enrolled.denied, [])
  })

  for (const [what, extension] of [
    ['cA', basicConstraintsExtension({ cA: true })],
    ['keyCertSign', keyUsageExtension(['digitalSignature', 'keyCertSign'])],
    ['cRLSign', keyUsageExtension(['cRLSign'])],
  ] as const)
    test(`a request with ${what} asks to be an authority, and is refused`, async (t) => {
      const { token, enroll } = await invited(t)
      const request = requestFor(newKey(), { extensions: [extension] })
      assert.equal(codeOf(await enroll(attemptWith(token, request, CHANNEL))), 'ERR_ENROLL_AUTHORITY')
    })

  test('of eight rivals with one token, one wins', async (t) => {
    const { token, enroll, store } = await invited(t)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => enroll(attemptWith(token, requestFor(newKey()), CHANNEL))),
    )
    assert.deepEqual(outcomes.map(codeOf).sort(), [...new Array(7).fill('ERR_ENROLL_TOKEN_SPENT'), 'ok'])
    assert.equal((await store.certificates.byParty('alice', 10)).length, 1)
  })

  test('the same request again, on another channel, gets the same certificate', async (t) => {
    const { token, enroll, store } = await invited(t)
    const request = requestFor(newKey())
    const first = await enroll(attemptWith(token, request, CHANNEL))
    const again = await enroll(attemptWith(token, request, OTHER_CHANNEL))
    assert.ok(first.ok && again.ok)
    assert.deepEqual(again.credential[0].der, first.credential[0].der)
    assert.equal((await store.certificates.byParty('alice', 10)).length, 1)
  })

  test('another request for the same key is a second use', async (t) => {
    const { token, enroll } = await invited(t)
    const key = newKey()
    assert.equal(codeOf(await enroll(attemptWith(token, requestFor(key), CHANNEL))), 'ok')
    const second = await enroll(attemptWith(token, requestFor(key, { commonName: 'alice' }), CHANNEL))
    assert.equal(codeOf(second), 'ERR_ENROLL_TOKEN_SPENT')
  })

  test('after the certificate was revoked, the same request gets nothing', async (t) => {
    const { token, enroll, store, revoke } = await invited(t)
    const request = requestFor(newKey())
    await enroll(attemptWith(token, request, CHANNEL))
    const [row] = await store.certificates.byParty('alice', 1)
    await revoke(row!.id)
    assert.equal(codeOf(await enroll(attemptWith(token, request, CHANNEL))), 'ERR_ENROLL_TOKEN_SPENT')
  })

  test('a token of another authority is unknown', async (t) => {
    const [one, other] = [await invited(t), await invited(t)]
    const refused = await one.enroll(attemptWith(other.token, requestFor(newKey()), CHANNEL))
    assert.equal(codeOf(refused), 'ERR_ENROLL_TOKEN_UNKNOWN')
  })

  test('expired: before its end it is taken, from its end on it is not', async (t) => {
    const { token, enroll, clock, invite } = await invited(t, { ttlSeconds: 60 })
    clock.advance({ seconds: 60 })
    assert.equal(codeOf(await enroll(attemptWith(token, requestFor(newKey()), CHANNEL))), 'ERR_ENROLL_TOKEN_EXPIRED')
    const second = await invite({ party: 'bob', ttlSeconds: 60 })
    assert.ok(second.ok)
    clock.advance({ seconds: 59 })
    assert.equal(codeOf(await enroll(attemptWith(second.token, requestFor(newKey()), CHANNEL))), 'ok')
  })

  test('once its key was erased, a spent one is told from one that was never used', async (t) => {
    const { token, enroll, clock, invite, store } = await invited(t)
    const unused = await invite({ party: 'bob' })
    assert.ok(unused.ok)
    const request = requestFor(newKey())
    await enroll(attemptWith(token, request, CHANNEL))
    clock.advance({ hours: 1 })
    assert.equal(await store.commit(({ invitations }) => invitations.eraseExpired(clock(), 10)), 2)
    assert.equal(codeOf(await enroll(attemptWith(token, request, CHANNEL))), 'ERR_ENROLL_TOKEN_SPENT')
    assert.equal(codeOf(await enroll(attemptWith(unused.token, request, CHANNEL))), 'ERR_ENROLL_TOKEN_EXPIRED')
  })
})

suite('the proof of a token', () => {
  test('made for another channel it is refused, and the token is not spent by it', async (t) => {
    const { token, enroll } = await invited(t)
    const request = requestFor(newKey())
    const relayed = { ...attemptWith(token, request, OTHER_CHANNEL), exporter: CHANNEL }
    assert.equal(codeOf(await enroll(relayed)), 'ERR_ENROLL_PROOF')
    assert.equal(codeOf(await enroll(attemptWith(token, request, CHANNEL))), 'ok')
  })

  test('made for another request it is refused: a relay cannot put its own key in', async (t) => {
    const { token, enroll } = await invited(t)
    const stolen = attemptWith(token, requestFor(newKey()), CHANNEL)
    assert.equal(codeOf(await enroll({ ...stolen, request: requestFor(newKey()) })), 'ERR_ENROLL_PROOF')
  })

  for (const mac of [new Uint8Array(), new Uint8Array(31), new Uint8Array(32), new Uint8Array(33)])
    test(`of ${mac.length} octets that are zero it is refused`, async (t) => {
      const { token, enroll } = await invited(t)
      assert.equal(
        codeOf(await enroll({ ...attemptWith(token, requestFor(newKey()), CHANNEL), mac })),
        'ERR_ENROLL_PROOF',
      )
    })

  test('comes before the request is read: without it, nothing is learned of the request', async (t) => {
    const { token, enroll } = await invited(t)
    const garbage = new Uint8Array(10)
    const mac = new Uint8Array(32)
    assert.equal(codeOf(await enroll({ ...attemptWith(token, garbage, CHANNEL), mac })), 'ERR_ENROLL_PROOF')
    assert.equal(codeOf(await enroll(attemptWith(token, garbage, CHANNEL))), 'ERR_ENROLL_REQUEST')
  })
})

suite('what an enrollment may not ask for', () => {
  test('another name, without spending the token', async (t) => {
    const { token, enroll } = await invited(t)
    const wrong = requestFor(newKey(), { names: [{ kind: 'dNSName', value: 'bob.localhost' }] })
    assert.equal(codeOf(await enroll(attemptWith(token, wrong, CHANNEL))), 'ERR_ENROLL_NAME')
    assert.equal(codeOf(await enroll(attemptWith(token, requestFor(newKey()), CHANNEL))), 'ok')
  })

  test('a request that its key has not signed', async (t) => {
    const { token, enroll } = await invited(t)
    const wrong = requestFor(newKey(), { signedBy: newKey() })
    assert.equal(codeOf(await enroll(attemptWith(token, wrong, CHANNEL))), 'ERR_ENROLL_REQUEST_SIGNATURE')
  })

  test("another party's key, and the authority's own", async (t) => {
    const { token, enroll, certify } = await invited(t)
    const key = newKey()
    await certify('bob', { publicKey: key.spki })
    assert.equal(codeOf(await enroll(attemptWith(token, requestFor(key), CHANNEL))), 'ERR_ENROLL_KEY_TAKEN')
  })

  test('a key of its own that was revoked', async (t) => {
    const { token, enroll, certify, revoke } = await invited(t)
    const key = newKey()
    const { recordId } = await certify('alice', { publicKey: key.spki })
    await revoke(recordId, 'unspecified')
    assert.equal(codeOf(await enroll(attemptWith(token, requestFor(key), CHANNEL))), 'ERR_ENROLL_KEY_TAKEN')
  })
})

suite('invitations', () => {
  for (const [what, request] of [
    ['the authority itself', { party: 'authority' }],
    ['a part of the authority', { party: 'authority/issuing' }],
    ['no party', { party: '' }],
    ['a party that is no path', { party: '../alice' }],
    ["the authority's own name", { party: 'alice', san: ['dns:authority.localhost'] }],
    ["the authority's own name in other case", { party: 'alice', san: ['dns:AUTHORITY.localhost'] }],
    ['a name of no kind', { party: 'alice', san: ['alice.localhost'] }],
    ["another party's SPIFFE ID", { party: 'alice', san: ['uri:spiffe://acme.example/bob'] }],
    ['a second URI', { party: 'alice', san: ['uri:https://acme.example/'] }],
    ['no time', { party: 'alice', ttlSeconds: 0 }],
    ['two days', { party: 'alice', ttlSeconds: 172_800 }],
  ] as const)
    test(`are not made for ${what}`, async (t) => {
      const { invite } = await openCore(t)
      const made = await invite(request)
      assert.ok(!made.ok)
      assert.equal(made.refusal.code, 'ERR_ADMIN_REQUEST')
      assert.equal(typeof made.refusal.note, 'string')
    })

  test('carry what the newcomer needs, and the store never sees the secret', async (t) => {
    const { token, store, hierarchy } = await invited(t)
    const parsed = parseToken(token)
    assert.equal(parsed.address, '127.0.0.1:8440')
    assert.equal(parsed.name, 'authority.localhost')
    assert.equal(parsed.party, 'alice')
    assert.deepEqual(parsed.rootSha256, sha256(hierarchy.root.der))
    assert.equal(await store.invitations.byId(parsed.secret), undefined)
  })

  test('its own SPIFFE ID may be named, and is there once', async (t) => {
    const { token, enroll } = await invited(t, { san: ['uri:spiffe://acme.example/alice'] })
    const enrolled = await enroll(attemptWith(token, requestFor(newKey()), CHANNEL))
    assert.ok(enrolled.ok)
    assert.equal(enrolled.credential[0].subjectAltName?.length, 1)
  })
})
