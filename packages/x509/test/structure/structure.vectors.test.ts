import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readPrivateKeyInfo,
  writeCertificate,
  writeCertificateList,
  writeCertificationRequest,
  writeCertificationRequestInfo,
  writePrivateKeyInfo,
  writeTbsCertificate,
  writeTbsCertList,
  X509_ERRORS,
} from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly hex: string
  readonly code?: string
}

/** Reads `der` and writes what was read. */
const AGAIN: Record<string, (der: Uint8Array) => Uint8Array> = {
  'x509/certificate.json': (der) => {
    const read = readCertificate(der)
    return writeCertificate(writeTbsCertificate(read), read.signatureAlgorithm, read.signatureValue)
  },
  'x509/certificate-list.json': (der) => {
    const read = readCertificateList(der)
    return writeCertificateList(writeTbsCertList(read), read.signatureAlgorithm, read.signatureValue)
  },
  'x509/certification-request.json': (der) => {
    const read = readCertificationRequest(der)
    return writeCertificationRequest(writeCertificationRequestInfo(read), read.signatureAlgorithm, read.signatureValue)
  },
  'x509/private-key.json': (der) => writePrivateKeyInfo(readPrivateKeyInfo(der)),
}

for (const [file, again] of Object.entries(AGAIN))
  suite(file, () => {
    for (const { id, hex, code } of casesOf<Vector>(file))
      test(id, () => {
        const der = Uint8Array.fromHex(hex)
        if (code === undefined) assert.equal(again(der).toHex(), hex)
        else assert.throws(() => again(der), { code })
      })

    test('each octet missing at the end is refused', () => {
      for (const { hex, code } of casesOf<Vector>(file).filter((each) => each.hex.length < 1000)) {
        if (code !== undefined) continue
        const der = Uint8Array.fromHex(hex)
        for (let length = 0; length < der.length; length++)
          assert.throws(() => again(der.subarray(0, length)), { name: 'DerError' })
      }
    })
  })

test('every code of X509_ERRORS has a vector', () => {
  const files = [
    ...Object.keys(AGAIN),
    'x509/extension.json',
    'x509/crl-extension.json',
    'x509/crl-entry-extension.json',
    'der/set-of.json',
  ]
  const codes = new Set(files.flatMap((file) => casesOf<Vector>(file).map(({ code }) => code)))
  assert.deepEqual(
    Object.keys(X509_ERRORS).filter((code) => !codes.has(code)),
    [],
  )
})
