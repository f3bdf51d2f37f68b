// What hostile or huge input costs: a clear error, or time in proportion to its length.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  CRL_LIMITS,
  DerError,
  type Extension,
  type GeneralName,
  namesEqual,
  OID,
  readCertificate,
  readCertificateList,
  readName,
  readSubjectPublicKeyInfo,
  revokedCertificate,
  subjectAltNameExtension,
  writeElement,
  writeName,
  writeOid,
  writeSequence,
  writeUtf8String,
} from '@countersign/x509'
import { certificateWith, crlWith, frameTime } from './frames.ts'

suite('over budget', () => {
  test('a million extensions', () => {
    const extensions: Extension[] = []
    const extnValue = new Uint8Array()
    for (let i = 0; i < 1_000_000; i++) extensions.push({ extnID: '1.2.3', critical: false, extnValue })
    assert.throws(() => readCertificate(certificateWith(extensions)), { code: 'ERR_DER_LENGTH_LIMIT' })
  })

  test('as many extensions as fit into a certificate', () => {
    const extensions = Array.from({ length: 9_000 }, (_, i) => ({
      extnID: `1.2.${i}`,
      critical: false,
      extnValue: new Uint8Array(),
    }))
    assert.throws(() => readCertificate(certificateWith(extensions)), { code: 'ERR_X509_EXTENSION_COUNT' })
  })

  test('as many names as fit into a certificate', () => {
    const names = new Array<GeneralName>(30_000).fill({ kind: 'dNSName', value: 'a' })
    const der = certificateWith([subjectAltNameExtension(names, { critical: false })])
    assert.throws(() => readCertificate(der), { code: 'ERR_DER_ELEMENT_LIMIT' })
  })

  test('elements nested 10,000 deep', () => {
    let parameters = new Uint8Array()
    for (let depth = 0; depth < 10_000; depth++) parameters = writeSequence(parameters) as Uint8Array<ArrayBuffer>
    const spki = writeSequence(
      writeSequence(writeOid(OID.ecPublicKey), parameters),
      writeElement(0x03, Uint8Array.of(0)),
    )
    assert.throws(() => readSubjectPublicKeyInfo(spki), { code: 'ERR_DER_DEPTH_LIMIT' })
  })

  test('a CRL over the limits of its caller', () => {
    const der = crlWith([], [revokedCertificate({ userCertificate: 1n, revocationDate: frameTime })])
    assert.throws(() => readCertificateList(der, { ...CRL_LIMITS, maxElements: 10 }), { code: 'ERR_DER_ELEMENT_LIMIT' })
    assert.throws(() => readCertificateList(der, { ...CRL_LIMITS, maxOctets: 10 }), { code: 'ERR_DER_LENGTH_LIMIT' })
  })

  test('an error says where', () => {
    const der = certificateWith([])
    assert.throws(
      () => readCertificate(der.subarray(0, 20)),
      (error) => error instanceof DerError && error.offset === 0 && error.message.endsWith('(X.690 §8.1.1, octet 0)'),
    )
  })
})

suite('in proportion', () => {
  test('a CRL of 100,000 entries', () => {
    const revoked = Array.from({ length: 100_000 }, (_, i) =>
      revokedCertificate({
        userCertificate: (BigInt(i + 1) << 120n) | 1n,
        revocationDate: frameTime,
        reasonCode: 'cessationOfOperation',
      }),
    )
    const der = crlWith([], revoked)
    const start = performance.now()
    const { revokedCertificates, signatureAlgorithm } = readCertificateList(der)
    // Some 150 ms here; a quadratic reader would need minutes.
    assert.ok(performance.now() - start < 5_000)
    assert.equal(revokedCertificates.length, 100_000)
    assert.deepEqual(revokedCertificates[99_999], revoked[99_999])
    assert.deepEqual(signatureAlgorithm, ALGORITHM.Ed25519)
  })

  test('names of one set with thousands of attributes', () => {
    const attribute = (text: string) => ({ type: OID.commonName, value: writeUtf8String(text) })
    const nameOfMany = (suffix: string) =>
      readName(writeName([Array.from({ length: 5_000 }, (_, i) => attribute(`${i}${suffix}`))]))
    const start = performance.now()
    assert.equal(namesEqual(nameOfMany('a'), nameOfMany('A')), true)
    assert.equal(namesEqual(nameOfMany('a'), nameOfMany('b')), false)
    assert.ok(performance.now() - start < 5_000)
  })
})
