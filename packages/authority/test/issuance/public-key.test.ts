import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { makeKey } from '@countersign/mtls'
import { X509_PROFILES } from '../../src/issuance/profiles.ts'
import { faultOfKey as faultUnder } from '../../src/issuance/public-key.ts'
import { newKey } from '../support/keys.ts'

const faultOfKey = (key: Uint8Array) => faultUnder(key, X509_PROFILES.client)
const spki = (key: KeyObject) => Uint8Array.from(key.export({ type: 'spki', format: 'der' }))

suite('keys that we certify', () => {
  for (const kind of ['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)
    test(`${kind} is accepted`, () => assert.equal(faultOfKey(newKey(kind).spki), undefined))

  for (const kind of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
    test(`${kind} is accepted`, () => assert.equal(faultOfKey(spki(createPublicKey(makeKey(kind)))), undefined))

  for (const [what, key] of [
    ['RSA of 1,024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey],
    ['RSA with the exponent 3', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    [
      'P-256 with explicit parameters',
      generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey,
    ],
    ['X25519', generateKeyPairSync('x25519').publicKey],
    ['Ed448', generateKeyPairSync('ed448').publicKey],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
  ] as const)
    test(`${what} is refused`, () => assert.equal(typeof faultOfKey(spki(key)), 'string'))

  test('a point in compressed form is refused: one key has one encoding', () => {
    const whole = newKey().spki
    const x = whole.subarray(27, 59)
    const head = Uint8Array.fromHex('3039301306072a8648ce3d020106082a8648ce3d030107032200')
    const compressed = Uint8Array.from([...head, 2 | (whole.at(-1)! & 1), ...x])
    assert.equal(typeof faultOfKey(compressed), 'string')
  })

  test('a point that is not on the curve is refused', () => {
    const octets = Uint8Array.from(newKey().spki)
    octets[octets.length - 1]! ^= 1
    assert.match(faultOfKey(octets) ?? '', /cannot be read/)
  })

  test('the point at infinity is refused', () => {
    const infinity = Uint8Array.fromHex('3019301306072a8648ce3d020106082a8648ce3d03010703020000')
    assert.match(faultOfKey(infinity) ?? '', /is not in its usual encoding/)
  })

  // FIPS 186-5 §A.1.1: e is odd, 2^16 < e < 2^256.
  const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  for (const [what, e] of [
    ['one', '01'],
    ['even', '010002'],
    ['of 2,040 bits', 'ff'.repeat(255)],
  ] as const)
    test(`an RSA key whose exponent is ${what} is refused`, () => {
      const key = createPublicKey({
        key: { kty: 'RSA', n: n!, e: Buffer.from(e, 'hex').toString('base64url') },
        format: 'jwk',
      })
      assert.match(faultOfKey(spki(key)) ?? '', /exponent/)
    })

  for (const [what, octets] of [
    ['nothing', new Uint8Array()],
    ['random octets', Uint8Array.from({ length: 91 }, (_, i) => (i * 37) & 255)],
    ['a key with an octet behind it', Uint8Array.from([...newKey().spki, 0])],
  ] as const)
    test(`${what} is refused as unreadable`, () => assert.match(faultOfKey(octets) ?? '', /cannot be read/))
})
