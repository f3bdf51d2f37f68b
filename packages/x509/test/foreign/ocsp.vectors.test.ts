// The OCSP vectors of BoringSSL and of pyca/cryptography: what is not listed here is read, and written again to the same octets.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readPem } from '@countersign/x509'
import { foreignVectors } from '../vectors.ts'
import { AGAIN, codeOf } from './again.ts'

/** Why a file is refused. An entry that no longer holds fails. */
const REFUSED: Readonly<Record<string, string>> = {
  'boringssl-pki/ocsp/bad_ocsp_type.pem': 'ERR_X509_OCSP_RESPONSE_TYPE',
  'boringssl-pki/ocsp/bad_status.pem': 'ERR_X509_OCSP_STATUS',
  // BoringSSL says GOOD: it compares the serial number as octets, and these are no INTEGER of DER (X.690 §8.3.2).
  'boringssl-pki/ocsp/good_response_invalid_serial.pem': 'ERR_DER_INTEGER',
  // BoringSSL says GOOD: it knows the extension and does not look into it; RFC 6962 §3.3 asks for an OCTET STRING.
  'boringssl-pki/ocsp/has_critical_ct_extension.pem': 'ERR_DER_TAG',
  'boringssl-pki/ocsp/invalid_response.pem': 'ERR_DER_TAG',
  'boringssl-pki/ocsp/invalid_response_data.pem': 'ERR_DER_TAG',
  // BoringSSL reads an answer on nothing, and then finds no match.
  'boringssl-pki/ocsp/missing_response.pem': 'ERR_X509_OCSP_RESPONSES_EMPTY',
  'boringssl-pki/ocsp/no_response.pem': 'ERR_X509_OCSP_RESPONSES_EMPTY',
  'pyca/x509/ocsp/req-duplicate-ext.der': 'ERR_X509_EXTENSION_DUPLICATE',
  'pyca/x509/ocsp/resp-response-type-unknown-oid.der': 'ERR_X509_OCSP_RESPONSE_TYPE',
  'pyca/x509/ocsp/resp-successful-no-response-bytes.der': 'ERR_X509_OCSP_RESPONSE_BYTES',
  'pyca/x509/ocsp/resp-unknown-response-status.der': 'ERR_X509_OCSP_STATUS',
}

const SETS: Readonly<Record<string, number>> = { 'boringssl-pki/ocsp': 35, 'pyca/x509/ocsp': 25 }

function outcomeOf(path: string): string {
  const octets = new Uint8Array(readFileSync(path))
  const block = /^-----BEGIN OCSP RESPONSE-----\n[^-]+-----END OCSP RESPONSE-----$/m
  const text = path.endsWith('.pem') ? block.exec(new TextDecoder('latin1').decode(octets))?.[0] : undefined
  const der = text === undefined ? octets : (readPem(text)[0]?.der ?? assert.fail('no block'))
  const again = AGAIN[/req[^/]*\.der$/.test(path) ? 'OCSP REQUEST' : 'OCSP RESPONSE'] ?? assert.fail('no reader')
  try {
    return again(der).toHex() === der.toHex() ? 'read' : 'rewritten'
  } catch (error) {
    return codeOf(error)
  }
}

for (const [set, count] of Object.entries(SETS)) {
  const vectors = foreignVectors(set)
  suite(set, { skip: vectors.skip }, () => {
    if (vectors.skip !== false) return
    const files = readdirSync(vectors.folder).filter((file) => /\.(?:pem|der)$/.test(file))
    for (const file of files)
      test(file, () => assert.equal(outcomeOf(join(vectors.folder, file)), REFUSED[`${set}/${file}`] ?? 'read'))

    test('the set is whole, and every refusal has its file', () => {
      assert.ok(files.length >= count)
      const refused = Object.keys(REFUSED).filter((path) => path.startsWith(set))
      assert.deepEqual(
        refused.filter((path) => !files.includes(path.slice(set.length + 1))),
        [],
      )
    })
  })
}
