import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { formatName, readCertificationRequest } from '@countersign/x509'
import { readRequestFor } from '../../src/enroll/kept-request.ts'
import { writeRequest } from '../../src/enroll/request.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { temporaryDirectory } from '../support/directory.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const san = ['dns:db.acme.example', 'ip:10.0.0.7', 'ip:2001:db8::7', 'email:a@b.example', 'uri:spiffe://acme.example/a']

suite('writeRequest', () => {
  test('asks for the party and no names, signed by its own key', () => {
    const request = readCertificationRequest(writeRequest(privateKey, 'alice'))
    assert.equal(formatName(request.subject), 'CN=alice')
    assert.deepEqual(request.extensionRequest, [])
    const { signatureAlgorithm, subjectPublicKeyInfo, certificationRequestInfoDer, signatureValue } = request
    const check = createCheckSignature()
    assert.equal(check(signatureAlgorithm, subjectPublicKeyInfo, certificationRequestInfoDer, signatureValue), true)
  })

  test('asks for names of each kind', () => {
    const { requested } = readCertificationRequest(writeRequest(privateKey, 'alice', san))
    assert.deepEqual(requested.subjectAltName, [
      { kind: 'dNSName', value: 'db.acme.example' },
      { kind: 'iPAddress', octets: Uint8Array.of(10, 0, 0, 7) },
      { kind: 'iPAddress', octets: Uint8Array.fromHex('20010db8000000000000000000000007') },
      { kind: 'rfc822Name', value: 'a@b.example' },
      { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/a' },
    ])
  })

  test('asks for an address beyond ASCII in its own form', () => {
    const { requested } = readCertificationRequest(
      writeRequest(privateKey, 'doctor', ['email:医生@xn--pss25c.example.com']),
    )
    // RFC 9598, Appendix B
    const value = Uint8Array.fromHex('0c1de58cbbe7949f40786e2d2d7073733235632e6578616d706c652e636f6d')
    assert.deepEqual(requested.subjectAltName, [{ kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.9', value }])
  })

  test('refuses names of no kind', () => {
    for (const name of [
      'email:医生@大学.example',
      'email:alice@大学.example',
      'email:医生',
      'db.acme.example',
      'dns:',
      'ip:300.1.1.1',
      'ip:x',
      'host:x',
      'DNS:x',
      '',
    ])
      assert.throws(() => writeRequest(privateKey, 'alice', [name]), RangeError, name)
  })
})

suite('readRequestFor', () => {
  test('gives the same octets for the same question, and others for every other', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'identity.csr')
    const first = await readRequestFor(path, privateKey, 'alice', san)
    assert.deepEqual(await readRequestFor(path, privateKey, 'alice', san), first)
    const others = [
      () => readRequestFor(path, other, 'alice', san),
      () => readRequestFor(path, privateKey, 'bob', san),
      () => readRequestFor(path, privateKey, 'alice', san.slice(1)),
      () => readRequestFor(path, privateKey, 'alice', san.toReversed()),
      () => readRequestFor(path, privateKey, 'alice', undefined),
    ]
    const kept = await readFile(path)
    for (const ask of others) {
      await writeFile(path, kept)
      assert.notDeepEqual(await ask(), first)
    }
  })

  test('writes another where what is kept cannot be read', async () => {
    for (const kept of [
      '',
      'nonsense',
      '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n',
    ]) {
      await using house = await temporaryDirectory()
      const path = join(house.path, 'identity.csr')
      await writeFile(path, kept)
      const der = await readRequestFor(path, privateKey, 'alice', undefined)
      assert.equal(formatName(readCertificationRequest(der).subject), 'CN=alice')
    }
  })
})
