// BoringSSL's pki/testdata/parse_certificate: a file with an ERRORS block must be refused, one without must be read.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readCertificate, readPem } from '@countersign/x509'
import { foreignVectors } from '../vectors.ts'
import { codeOf } from './again.ts'

/** Where we decide otherwise on purpose: what we say, and why. An entry that no longer differs fails. */
const DIFFERENCES: Readonly<Record<string, readonly [string, string]>> = {
  'basic_constraints_ca_false.pem': ['ERR_DER_DEFAULT', 'cA FALSE is written out: X.690 §11.5'],
  'basic_constraints_pathlen_256.pem': ['read', 'INTEGER (0..MAX): BoringSSL stops at 255'],
  'cert_skeleton.pem': ['ERR_DER_TAG', 'its parts are OCTET STRINGs; BoringSSL reads only the outermost level here'],
  'cert_version3.pem': ['ERR_DER_DEFAULT', 'an extension writes critical FALSE out: X.690 §11.5'],
  'failed_signature_algorithm.pem': [
    'ERR_DER_HIGH_TAG',
    'its algorithm identifier is not DER; BoringSSL does not look',
  ],
  'serial_negative.pem': ['read', 'RFC 5280 §4.1.2.2 asks users to handle it gracefully: the verifier judges it'],
  'serial_zero.pem': ['read', 'as above: some old roots have it'],
  'signature_algorithm_null.pem': ['ERR_DER_TAG', 'its algorithm identifier has no OID; BoringSSL does not look'],
  'subject_blank_subjectaltname_not_critical.pem': ['read', 'a fault of meaning, §4.1.2.6: the verifier judges it'],
  'subject_printable_string_containing_utf8_client_cert.pem': [
    'ERR_DER_STRING',
    'a PrintableString of UTF-8: BoringSSL lets it in for old clients',
  ],
}

const vectors = foreignVectors('boringssl-pki/parse_certificate')

/** The certificate of a file, which has free text, some of it like boundaries. */
function certificateIn(text: string): Uint8Array | undefined {
  const block = /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----$/m.exec(text)
  return block === null ? undefined : readPem(block[0])[0]?.der
}

suite('boringssl-pki parse_certificate', { skip: vectors.skip }, () => {
  if (vectors.skip !== false) return
  const { folder } = vectors
  const files = readdirSync(folder).filter((file) => file.endsWith('.pem'))
  const seen = new Set<string>()
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'latin1')
    // Files with only a TBSCertificate have placeholders for names and keys: nothing that is a certificate.
    const der = certificateIn(text)
    if (der === undefined) continue
    test(file, () => {
      let outcome = 'read'
      try {
        readCertificate(der)
      } catch (error) {
        outcome = codeOf(error)
      }
      const isRefusalExpected = text.includes('-----BEGIN ERRORS-----')
      const difference = DIFFERENCES[file]
      if (difference === undefined) assert.equal(outcome !== 'read', isRefusalExpected, outcome)
      else {
        seen.add(file)
        assert.equal(outcome, difference[0])
        assert.notEqual(outcome !== 'read', isRefusalExpected, 'this is no difference any more')
      }
    })
  }
  test('every difference has its file', () => {
    assert.deepEqual(
      Object.keys(DIFFERENCES).filter((file) => !seen.has(file)),
      [],
    )
    assert.ok(files.length > 60)
  })
})
