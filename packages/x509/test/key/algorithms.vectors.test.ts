import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  readPrivateKey,
  readPrivateKeyInfo,
  readPssParameters,
  readPublicKey,
  readSignatureAlgorithm,
  readSubjectPublicKeyInfo,
  writePssParameters,
  writePublicKey,
} from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface AlgorithmVector {
  readonly id: string
  readonly algorithm: string
  readonly parameters?: string
  readonly value?: object
  readonly code?: string
}

interface KeyVector {
  readonly id: string
  readonly hex: string
  readonly kind?: string
  readonly code?: string
}

suite('x509/signature-algorithm.json', () => {
  for (const { id, algorithm, parameters, value, code } of casesOf<AlgorithmVector>('x509/signature-algorithm.json'))
    test(id, () => {
      const der = parameters === undefined ? undefined : Uint8Array.fromHex(parameters)
      const identifier = { algorithm, ...(der && { parameters: der }) }
      if (code !== undefined) return assert.throws(() => readSignatureAlgorithm(identifier), { code })
      assert.deepEqual(readSignatureAlgorithm(identifier), value)
      // A digest's own parameters may be absent, of which we write the other form.
      if (der && value && 'saltLength' in value && !id.endsWith('without NULL'))
        assert.equal(writePssParameters(readPssParameters(der)).toHex(), parameters)
      return undefined
    })
})

const files: [string, (der: Uint8Array) => { readonly kind: string } | undefined][] = [
  ['x509/public-key.json', (der) => readPublicKey(readSubjectPublicKeyInfo(der))],
  ['x509/private-key-contents.json', (der) => readPrivateKey(readPrivateKeyInfo(der))],
]
for (const [file, read] of files)
  suite(file, () => {
    for (const { id, hex, kind, code } of casesOf<KeyVector>(file))
      test(id, () => {
        if (code === undefined) assert.equal(read(Uint8Array.fromHex(hex))?.kind, kind)
        else assert.throws(() => read(Uint8Array.fromHex(hex)), { code })
      })
  })

const octets = (key: KeyObject) =>
  new Uint8Array(key.export({ format: 'der', type: key.type === 'public' ? 'spki' : 'pkcs8' }))

suite('keys that OpenSSL makes', () => {
  const rsa = { modulusLength: 2048 }
  // The salt is as long as the hash by default.
  const pss = { ...rsa, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' }
  const pairs: [string, { publicKey: KeyObject; privateKey: KeyObject }][] = [
    ['RSA', generateKeyPairSync('rsa', rsa)],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', pss)],
    ['EC', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EC', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['EC', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['Ed448', generateKeyPairSync('ed448')],
    ['X25519', generateKeyPairSync('x25519')],
    ['X448', generateKeyPairSync('x448')],
    ['ML-DSA-44', generateKeyPairSync('ml-dsa-44')],
    ['ML-DSA-65', generateKeyPairSync('ml-dsa-65')],
    ['ML-DSA-87', generateKeyPairSync('ml-dsa-87')],
  ]
  for (const [kind, pair] of pairs)
    test(`${kind} ${pair.publicKey.asymmetricKeyDetails?.namedCurve ?? ''}`, () => {
      const publicKey = readPublicKey(readSubjectPublicKeyInfo(octets(pair.publicKey)))
      const privateKey = readPrivateKey(readPrivateKeyInfo(octets(pair.privateKey)))
      assert.equal(publicKey?.kind, kind)
      assert.equal(privateKey?.kind, kind)
      assert.deepEqual(writePublicKey(publicKey ?? assert.fail()), octets(pair.publicKey))
      if (kind !== 'RSA' && kind !== 'EC') return
      const { crv, n, e, d } = pair.privateKey.export({ format: 'jwk' })
      if (publicKey?.kind === 'RSA') {
        assert.equal(Buffer.from(publicKey.modulus).toString('base64url'), n)
        assert.equal(Buffer.from(publicKey.publicExponent).toString('base64url'), e)
      }
      if (publicKey?.kind === 'EC' && privateKey?.kind === 'EC') {
        assert.equal(publicKey.curve, crv)
        assert.equal(Buffer.from(privateKey.privateKey).toString('base64url'), d)
        assert.deepEqual(privateKey.point, publicKey.point)
      }
    })
  test('the parameters of a PSS key', () => {
    const [, pair] = pairs[1] ?? assert.fail('no pair')
    const key = readPublicKey(readSubjectPublicKeyInfo(octets(pair.publicKey)))
    assert.deepEqual(key?.kind === 'RSA-PSS' && key.parameters, {
      hash: 'SHA-256',
      maskHash: 'SHA-256',
      saltLength: 32,
    })
  })
})

suite('keys that are not written', () => {
  const none = new Uint8Array()
  const modulus = new Uint8Array(256).fill(0xff)
  for (const [what, key, code] of [
    ['Ed25519 of 31 octets', { kind: 'Ed25519', key: new Uint8Array(31) }, 'ERR_X509_PUBLIC_KEY'],
    [
      'a point of another curve',
      { kind: 'EC', curve: 'P-256', point: new Uint8Array(97).fill(4) },
      'ERR_X509_PUBLIC_KEY',
    ],
    ['a hybrid point', { kind: 'EC', curve: 'P-256', point: new Uint8Array(65).fill(6) }, 'ERR_X509_PUBLIC_KEY'],
    ['RSA without a modulus', { kind: 'RSA', modulus: none, publicExponent: Uint8Array.of(3) }, 'ERR_DER_INTEGER'],
    [
      'RSA with an exponent of zero',
      { kind: 'RSA', modulus, publicExponent: Uint8Array.of(0) },
      'ERR_DER_INTEGER_LIMIT',
    ],
    ['RSA with a leading zero', { kind: 'RSA', modulus, publicExponent: Uint8Array.of(0, 3) }, 'ERR_DER_INTEGER'],
  ] as const)
    test(what, () => {
      assert.throws(() => writePublicKey(key), { code })
    })
})
