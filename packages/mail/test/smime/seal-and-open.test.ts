// What is sealed opens, in each profile and for each kind of key; for whom it is not, it does not.
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  Authority,
  encryptedLayer,
  type Holder,
  house,
  type Kind,
  NOW,
  opened,
  sealed,
  signedLayer,
  TEXT,
  verdict,
} from '../../../../tools/testing/mail-people.ts'

const KINDS = ['P-256', 'P-384', 'P-521', 'RSA', 'X25519'] as const
const alice = house.holder('alice@acme.example')
const recipients = new Map<Kind, Holder>(
  KINDS.map((kind) => [kind, house.holder(`bob-${kind}@acme.example`.toLowerCase(), { kind })]),
)
const bobOf = (kind: Kind) => recipients.get(kind) ?? assert.fail(kind)
const bob = bobOf('P-256')

suite('sealed for each kind of key', () => {
  for (const kind of KINDS)
    for (const profile of ['modern', 'legacy'] as const)
      test(`${profile}, ${kind}`, async () => {
        const message = await sealed(alice, [bobOf(kind)], { profile })
        const result = await opened(message, [bobOf(kind)])
        assert.equal(result.text, TEXT)
        const kinds = result.layers.map((layer) => layer.kind)
        assert.deepEqual(kinds, profile === 'modern' ? ['encrypted', 'signed'] : ['signed', 'encrypted', 'signed'])
        const encrypted = encryptedLayer(result, kinds.indexOf('encrypted'))
        assert.equal(encrypted.cipher, profile === 'modern' ? 'AES-256-GCM' : 'AES-256-CBC')
        assert.equal(encrypted.isAuthenticated, profile === 'modern')
        assert.equal(encrypted.openedBy?.addresses[0], bobOf(kind).address)
        const rsa = profile === 'modern' ? 'RSAES-OAEP' : 'RSAES-PKCS1-v1_5'
        assert.equal(encrypted.transport, kind === 'RSA' ? rsa : `ECDH ${kind}`)
        const { state, signer, refusal } = verdict(result, alice.address)
        assert.deepEqual(
          { state, refusal, name: signer?.name },
          { state: 'verified', refusal: undefined, name: 'alice' },
        )
        // What the encryption does not authenticate is not shown either.
        const differs = verdict(result, 'mallory@acme.example').refusal
        assert.equal(profile === 'modern' ? differs?.code : differs?.note, 'ERR_MAIL_FROM_DIFFERS')
        const other = await opened(message, [bobOf(kind === 'RSA' ? 'P-256' : 'RSA')])
        assert.deepEqual(encryptedLayer(other, kinds.indexOf('encrypted')).outcome, {
          ok: false,
          code: 'ERR_MAIL_NO_KEY',
          note: 'none of the keys at hand is among its recipients',
        })
        assert.equal(other.text, '')
        assert.equal(verdict(other, alice.address).state, 'not opened')
      })
})

suite('signed by each kind of key', () => {
  const algorithms: Readonly<Partial<Record<Kind, string>>> = {
    'P-256': 'ECDSA P-256 with SHA-256',
    'P-384': 'ECDSA P-384 with SHA-384',
    'P-521': 'ECDSA P-521 with SHA-512',
    RSA: 'RSASSA-PKCS1-v1_5 with SHA-256',
    Ed25519: 'Ed25519',
  }
  for (const [kind, algorithm] of Object.entries(algorithms))
    test(kind, async () => {
      const signer = house.holder('carol@acme.example', { kind: kind as Kind })
      const message = await sealed(signer, [])
      const result = await opened(message, [])
      assert.equal(result.text, TEXT)
      const [fact] = signedLayer(result).signatures
      assert.equal(fact?.algorithm, algorithm)
      assert.deepEqual(fact?.outcome, { ok: true })
      assert.equal(fact?.claimedAt?.toString(), NOW.toString())
      assert.deepEqual(fact?.signer?.addresses, ['carol@acme.example'])
      assert.deepEqual(fact?.trust?.ok && [fact.trust.anchor, fact.trust.status], ['CN=Acme Mail', 'good'])
      assert.equal(verdict(result, signer.address).state, 'verified')
      const changed = Buffer.from(message.toString('latin1').replace('Both have', 'Both had '), 'latin1')
      const refused = await opened(changed, [])
      assert.equal(verdict(refused, signer.address).refusal?.code, 'ERR_MAIL_SIGNATURE')
    })
})

test('a key that is elsewhere signs', async () => {
  const asked: string[] = []
  const key = (octets: Uint8Array, { algorithm }: { readonly algorithm: string }) => {
    asked.push(algorithm)
    return Promise.resolve(new Uint8Array(sign('sha256', octets, alice.privateKey)))
  }
  const result = await opened(await sealed(alice, [bob], { signer: { key } }), [bob])
  assert.equal(verdict(result, alice.address).state, 'verified')
  assert.deepEqual(asked, ['1.2.840.10045.4.3.2'])
  const wrong = await opened(await sealed(alice, [bob], { signer: { key: () => new Uint8Array(64) } }), [bob])
  assert.equal(verdict(wrong, alice.address).refusal?.code, 'ERR_MAIL_SIGNATURE')
})

test('a hundred recipients, of whom each opens it', async () => {
  const many = Array.from({ length: 100 }, (_, i) =>
    house.holder(`r${i}@acme.example`, { kind: i === 50 ? 'RSA' : 'P-256' }),
  )
  const message = await sealed(alice, many)
  for (const reader of many.filter((_, i) => i % 10 === 0)) {
    const result = await opened(message, [bob, reader])
    assert.equal(encryptedLayer(result).recipients, 100)
    assert.equal(verdict(result, alice.address).state, 'verified')
  }
  assert.equal(verdict(await opened(message, [bob]), alice.address).refusal?.code, 'ERR_MAIL_NO_KEY')
})

test('an old key opens what was sealed for it', async () => {
  const old = house.holder(bob.address, { notAfter: NOW.subtract({ hours: 1 }) })
  const message = await sealed(alice, [old], { now: NOW.subtract({ hours: 100 }) })
  const result = await opened(message, [bob, old])
  assert.equal(encryptedLayer(result).openedBy?.certificate?.serialNumber, old.certificate.serialNumber.toString(16))
  assert.equal(result.text, TEXT)
})

test('lines are those of mail, and nothing in them is longer than 78 characters', async () => {
  for (const profile of ['modern', 'legacy'] as const) {
    const text = (await sealed(alice, [bob], { profile, text: TEXT.repeat(3000) })).toString('latin1')
    const lines = text.split('\r\n')
    assert.ok(lines.every((line) => line.length <= 78 && !/[\r\n]/.test(line)))
    assert.match(text, /\r\n$/)
  }
})

test('content of many sizes', async () => {
  for (const octets of [0, 1, 15, 16, 17, 56, 57, 58, 65_535, 65_536, 65_537, 300_001]) {
    const text = `Content-Type: text/plain\r\n\r\n${'x'.repeat(octets).replaceAll(/x{70}/g, `${'y'.repeat(68)}\r\n`)}`
    for (const profile of ['modern', 'legacy'] as const) {
      const result = await opened(await sealed(alice, [bob], { profile, text }), [bob])
      assert.equal(result.text, text)
      assert.equal(verdict(result, alice.address).state, 'verified')
    }
  }
})

suite('not sealed', () => {
  const stranger = new Authority('Nobody').holder(bob.address)
  const revoked = house.holder('gone@acme.example')
  const refusals: Readonly<Record<string, readonly [Holder, string]>> = {
    'of an authority that is not ours': [stranger, 'ERR_CALLEE_UNKNOWN_ISSUER'],
    'for another address': [{ ...bob, address: 'eve@acme.example' }, 'ERR_CALLEE_WRONG_NAME'],
    'that has expired': [house.holder(bob.address, { notAfter: NOW.subtract({ hours: 1 }) }), 'ERR_CALLEE_EXPIRED'],
    'not for mail': [house.holder(bob.address, { purposes: ['clientAuth'] }), 'ERR_CALLEE_WRONG_PURPOSE'],
    'for signatures alone': [house.holder(bob.address, { usage: ['digitalSignature'] }), 'ERR_MAIL_RECIPIENT_KEY'],
    'of RSA, for signatures alone': [
      house.holder(bob.address, { kind: 'RSA', usage: ['digitalSignature'] }),
      'ERR_MAIL_RECIPIENT_KEY',
    ],
    'of a kind that signs': [house.holder(bob.address, { kind: 'Ed25519' }), 'ERR_MAIL_RECIPIENT_KEY'],
    'that was revoked': [revoked, 'ERR_CALLEE_REVOKED'],
  }
  for (const [what, [holder, code]] of Object.entries(refusals))
    test(`to a certificate ${what}`, async () => {
      const by = house.trust([revoked.certificate])
      await assert.rejects(sealed(alice, [bob, holder], { trust: by }), { name: 'MailError', code })
    })
  test('to octets that are no certificate, or a key of OpenPGP', async () => {
    const holder = { ...bob, certificate: { ...bob.certificate, der: Uint8Array.of(0x30, 0) } }
    await assert.rejects(sealed(alice, [holder]), { code: 'ERR_MAIL_RECIPIENT_KEY' })
  })
  test('by a key that does not sign', async () => {
    await assert.rejects(sealed(bobOf('X25519'), [bob]), { code: 'ERR_MAIL_ALGORITHM' })
  })
})
