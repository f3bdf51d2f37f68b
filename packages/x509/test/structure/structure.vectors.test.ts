import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { X509_ERRORS } from '@countersign/x509'
import { AGAIN } from '../foreign/again.ts'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly hex: string
  readonly code?: string
}

const FILES: Readonly<Record<string, string>> = {
  'x509/certificate.json': 'CERTIFICATE',
  'x509/certificate-list.json': 'X509 CRL',
  'x509/certification-request.json': 'CERTIFICATE REQUEST',
  'x509/ocsp-request.json': 'OCSP REQUEST',
  'x509/ocsp-response.json': 'OCSP RESPONSE',
  'x509/private-key.json': 'PRIVATE KEY',
}

for (const [file, label] of Object.entries(FILES)) {
  const again = AGAIN[label] ?? assert.fail(label)
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
}

test('every code of X509_ERRORS has a vector', () => {
  const files = [
    ...Object.keys(FILES),
    'x509/extension.json',
    'x509/crl-extension.json',
    'x509/crl-entry-extension.json',
    'x509/smtp-utf8-mailbox.json',
    'x509/signature-algorithm.json',
    'x509/public-key.json',
    'x509/private-key-contents.json',
    'der/set-of.json',
  ]
  const codes = new Set(files.flatMap((file) => casesOf<Vector>(file).map(({ code }) => code)))
  assert.deepEqual(
    Object.keys(X509_ERRORS).filter((code) => !codes.has(code)),
    [],
  )
})
