// BoringSSL's pki/testdata/certificate_policies: a file named `invalid-…` must be refused, any other must be read.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { OID, readCertificate, readPem } from '@countersign/x509'
import { certificateWith } from '../frames.ts'
import { foreignVectors } from '../vectors.ts'
import { codeOf } from './again.ts'

const vectors = foreignVectors('boringssl-pki/certificate_policies')

/** Where we decide otherwise on purpose, and why. An entry that no longer differs fails. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  // RFC 5280 §4.2.1.4: "MUST be limited to the qualifiers identified in this section"; nobody here is shown a qualifier.
  'invalid-anypolicy_with_custom_qualifier.pem': 'a fault of meaning: the verifier refuses it where it is critical',
}

suite('boringssl-pki certificate_policies', { skip: vectors.skip }, () => {
  if (vectors.skip !== false) return
  const { folder } = vectors
  const files = readdirSync(folder).filter((file) => file.endsWith('.pem'))
  for (const file of files)
    test(file, () => {
      const text = readFileSync(join(folder, file), 'latin1')
      const [block] = readPem(text.slice(text.indexOf('-----BEGIN')))
      const extension = { extnID: OID.certificatePolicies, critical: false, extnValue: block?.der ?? new Uint8Array() }
      let outcome = 'read'
      try {
        readCertificate(certificateWith([extension]))
      } catch (error) {
        outcome = codeOf(error)
      }
      const isRefused = outcome !== 'read'
      assert.equal(isRefused !== file in DIFFERENCES, file.startsWith('invalid-'), `${outcome}; ${DIFFERENCES[file]}`)
    })
  test('every difference has its file', () => {
    assert.deepEqual(
      Object.keys(DIFFERENCES).filter((file) => !files.includes(file)),
      [],
    )
    assert.ok(files.length >= 14)
  })
})
