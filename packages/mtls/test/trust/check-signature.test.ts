import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { suite, test } from 'node:test'
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { readSpki } from './spki.ts'

const signed = new TextEncoder().encode('to be signed')
const ecdsaSha256 = '1.2.840.10045.4.3.2'
const rsaSha256 = '1.2.840.113549.1.1.11'
const pss = '1.2.840.113549.1.1.10'
const SHA256 = '06096086480165030402 01'.replace(' ', '')

function identifier(algorithm: string, parameters?: string): AlgorithmIdentifier {
  return parameters === undefined ? { algorithm } : { algorithm, parameters: Uint8Array.fromHex(parameters) }
}

function spki(key: KeyObject): SubjectPublicKeyInfo {
  return readSpki(new Uint8Array(key.export({ format: 'der', type: 'spki' })))
}

/** RSASSA-PSS-params as RFC 4055 §3.1 writes them, with a choice in each place. */
function pssParameters(choice: { hash?: string; mgf?: string; salt?: number; trailer?: string }): string {
  const { hash = `300d${SHA256}0500`, mgf = hash, salt = 32, trailer = '' } = choice
  const wrap = (tag: string, inner: string) => tag + (inner.length / 2).toString(16).padStart(2, '0') + inner
  const mgf1 = wrap('30', `06092a864886f70d010108${mgf}`)
  const saltLength = wrap('a2', `0201${salt.toString(16).padStart(2, '0')}`)
  return wrap('30', wrap('a0', hash) + wrap('a1', mgf1) + saltLength + trailer)
}

suite('createCheckSignature', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ecSignature = sign('sha256', signed, ec.privateKey)
  const rsaSignature = sign('sha256', signed, rsa.privateKey)
  const pssSignature = sign('sha256', signed, {
    key: rsa.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  })

  const pairs = {
    '1.2.840.10045.4.3.2': [ec, 'sha256'],
    '1.2.840.10045.4.3.3': [generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384'],
    '1.2.840.10045.4.3.4': [generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'sha512'],
    '1.3.101.112': [generateKeyPairSync('ed25519'), null],
    '1.3.101.113': [generateKeyPairSync('ed448'), null],
    '2.16.840.1.101.3.4.3.17': [generateKeyPairSync('ml-dsa-44'), null],
    '2.16.840.1.101.3.4.3.18': [generateKeyPairSync('ml-dsa-65'), null],
    '2.16.840.1.101.3.4.3.19': [generateKeyPairSync('ml-dsa-87'), null],
  } as const
  for (const [algorithm, [{ privateKey, publicKey }, hash]] of Object.entries(pairs)) {
    test(`${algorithm} verifies, refuses other octets and another key, and knows no parameters`, () => {
      const check = createCheckSignature()
      const signature = sign(hash, signed, privateKey)
      const key = spki(publicKey)
      assert.equal(check(identifier(algorithm), key, signed, signature), true)
      assert.equal(check(identifier(algorithm), key, new TextEncoder().encode('To be signed'), signature), false)
      assert.equal(check(identifier(algorithm), key, signed, signature.subarray(1)), false)
      assert.equal(check(identifier(algorithm), key, signed, new Uint8Array(0)), false)
      const other = algorithm === ecdsaSha256 ? rsa : ec
      assert.equal(check(identifier(algorithm), spki(other.publicKey), signed, signature), false)
      assert.equal(check(identifier(algorithm, '0500'), key, signed, signature), undefined)
    })
  }

  test('RSA PKCS#1 v1.5 takes NULL and absent parameters, and nothing else', () => {
    const check = createCheckSignature()
    const key = spki(rsa.publicKey)
    assert.equal(check(identifier(rsaSha256, '0500'), key, signed, rsaSignature), true)
    assert.equal(check(identifier(rsaSha256), key, signed, rsaSignature), true)
    assert.equal(check(identifier(rsaSha256, '3000'), key, signed, rsaSignature), undefined)
    assert.equal(check(identifier(rsaSha256, '0500'), key, signed, pssSignature), false)
    assert.equal(check(identifier('1.2.840.113549.1.1.12', '0500'), key, signed, rsaSignature), false)
  })

  test('RSA PSS takes the hash parameters as NULL or absent, in both places', () => {
    const check = createCheckSignature()
    for (const hash of [`300d${SHA256}0500`, `300b${SHA256}`])
      for (const mgf of [`300d${SHA256}0500`, `300b${SHA256}`])
        assert.equal(
          check(identifier(pss, pssParameters({ hash, mgf })), spki(rsa.publicKey), signed, pssSignature),
          true,
        )
  })

  test('RSA PSS knows no other salt, mask, trailer, nor absent parameters', () => {
    const check = createCheckSignature()
    const sha1 = '300906052b0e03021a0500'
    const refused = [
      pssParameters({ salt: 20 }),
      pssParameters({ salt: 0 }),
      pssParameters({ mgf: sha1 }),
      pssParameters({ hash: sha1 }),
      pssParameters({ trailer: 'a303020101' }),
      pssParameters({}).replace('0101', '0102'),
      '3000',
      '0500',
      undefined,
    ]
    for (const parameters of refused)
      assert.equal(
        check(identifier(pss, parameters), spki(rsa.publicKey), signed, pssSignature),
        undefined,
        `${parameters}`,
      )
  })

  test('a key for RSASSA-PSS alone is never used with PKCS#1 v1.5 nor with another hash', () => {
    const check = createCheckSignature()
    const bound = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
      // @types/node 26.6 says string; Node takes a number.
      saltLength: 32 as unknown as string,
    })
    const key = spki(bound.publicKey)
    assert.equal(check(identifier(pss, pssParameters({})), key, signed, sign('sha256', signed, bound.privateKey)), true)
    assert.equal(check(identifier(rsaSha256, '0500'), key, signed, rsaSignature), false)
    const sha512 = `300d06096086480165030402030500`
    assert.equal(check(identifier(pss, pssParameters({ hash: sha512, salt: 64 })), key, signed, pssSignature), false)
  })

  test('algorithms and curves that nobody should use are unknown', () => {
    const check = createCheckSignature()
    const weak = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    assert.equal(
      check(identifier(ecdsaSha256), spki(weak.publicKey), signed, sign('sha256', signed, weak.privateKey)),
      undefined,
    )
    const sha1 = sign('sha1', signed, rsa.privateKey)
    assert.equal(check(identifier('1.2.840.113549.1.1.5', '0500'), spki(rsa.publicKey), signed, sha1), undefined)
    assert.equal(check(identifier('1.2.840.10045.4.1'), spki(ec.publicKey), signed, ecSignature), undefined)
    assert.equal(check(identifier('1.2.3'), spki(ec.publicKey), signed, ecSignature), undefined)
  })

  test('a point that is off its curve, at infinity, cut or hybrid verifies nothing', () => {
    const check = createCheckSignature()
    const good = spki(ec.publicKey)
    const point = good.subjectPublicKey
    const last = (point.at(-1) ?? 0) & 1
    const points = {
      off: point.with(64, (point[64] ?? 0) ^ 1),
      infinity: new Uint8Array(1),
      cut: point.subarray(0, 64),
      hybrid: point.with(0, 6 + last),
      empty: new Uint8Array(0),
    }
    for (const [name, subjectPublicKey] of Object.entries(points)) {
      const identifierDer = good.der.subarray(2, good.der.length - 68)
      const body = [...identifierDer, 0x03, subjectPublicKey.length + 1, 0, ...subjectPublicKey]
      const der = Uint8Array.from([0x30, body.length, ...body])
      assert.equal(check(identifier(ecdsaSha256), { ...good, der, subjectPublicKey }, signed, ecSignature), false, name)
    }
    const compressed = ec.publicKey.export({ format: 'jwk' })
    assert.equal(compressed.crv, 'P-256')
  })

  test('what is the same value as before is remembered with its key, signature and algorithm only', () => {
    const check = createCheckSignature()
    const [algorithm, key] = [identifier(ecdsaSha256), spki(ec.publicKey)]
    for (let i = 0; i < 3; i++) assert.equal(check(algorithm, key, signed, ecSignature), true)
    const forged = ecSignature.map((octet, i) => (i === ecSignature.length - 1 ? octet ^ 1 : octet))
    assert.equal(check(algorithm, key, signed, forged), false)
    assert.equal(check(algorithm, spki(rsa.publicKey), signed, ecSignature), false)
    assert.equal(check(identifier('1.2.3'), key, signed, ecSignature), undefined)
    assert.equal(check(algorithm, key, signed, ecSignature), true)
  })

  test('what verified once is remembered for that very question only', () => {
    const check = createCheckSignature()
    const key = spki(ec.publicKey)
    const other = spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
    assert.equal(check(identifier(ecdsaSha256), key, signed, ecSignature), true)
    assert.equal(check(identifier(ecdsaSha256), other, signed, ecSignature), false)
    assert.equal(check(identifier('1.2.840.10045.4.3.3'), key, signed, ecSignature), false)
    assert.equal(check(identifier(ecdsaSha256), key, signed.subarray(1), ecSignature), false)
    // The same octets, divided elsewhere between what is signed and the signature.
    const joined = Uint8Array.from([...signed, ...ecSignature])
    const at = signed.length + 1
    assert.equal(check(identifier(ecdsaSha256), key, joined.subarray(0, at), joined.subarray(at)), false)
    assert.equal(check(identifier(ecdsaSha256), key, signed, ecSignature), true)
  })
})
