import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as x509 from '@countersign/x509'
import { certificateWith, crlWith, frameTime } from '../frames.ts'
import { plain } from '../plain.ts'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly extension: string
  readonly hex: string
  readonly value?: unknown
  readonly code?: string
}

type Fields = Readonly<Record<string, unknown>>

const nothing = new Uint8Array()

function readInEntry(extension: x509.Extension): Fields {
  const entry = { userCertificate: 1n, revocationDate: frameTime, extensions: [extension] }
  return { ...x509.readCertificateList(crlWith([], [entry])).revokedCertificates[0] }
}

/** Writes the value that was read; the names of these functions are those of the fields. */
const WRITERS = x509 as unknown as Readonly<Record<string, (value: unknown, options?: unknown) => x509.Extension>>

const files: [string, (extension: x509.Extension) => Fields][] = [
  ['x509/extension.json', (extension) => ({ ...x509.readCertificate(certificateWith([extension])) })],
  ['x509/crl-extension.json', (extension) => ({ ...x509.readCertificateList(crlWith([extension])) })],
  ['x509/crl-entry-extension.json', readInEntry],
]

for (const [file, read] of files)
  suite(file, () => {
    for (const { id, extension, hex, value, code } of casesOf<Vector>(file)) {
      const extnID = Object.entries(x509.OID).find(([name]) => name === extension)?.[1] ?? assert.fail(extension)
      const given = { extnID, critical: false, extnValue: Uint8Array.fromHex(hex) }
      test(id, () => {
        if (code !== undefined) assert.throws(() => read(given), { code })
        else assert.deepEqual(plain(read(given)[extension]), value)
      })
      if (code === undefined)
        test(`${id}, written`, () => {
          const decoded = read(given)[extension]
          const write = WRITERS[`${extension}Extension`] ?? assert.fail(`no writer of ${extension}`)
          const written = write(decoded instanceof Set && extension === 'keyUsage' ? [...decoded] : decoded, {
            critical: false,
          })
          assert.equal(written.extnID, extnID)
          assert.equal(written.extnValue.toHex(), hex)
        })
    }
  })

test('criticality is that of RFC 5280', () => {
  const critical = (extension: x509.Extension) => extension.critical
  assert.equal(critical(x509.basicConstraintsExtension({ cA: true })), true)
  assert.equal(critical(x509.keyUsageExtension(['cRLSign'])), true)
  assert.equal(critical(x509.nameConstraintsExtension({ permittedSubtrees: [] })), true)
  assert.equal(critical(x509.policyConstraintsExtension({ requireExplicitPolicy: 0 })), true)
  assert.equal(critical(x509.policyMappingsExtension([])), true)
  assert.equal(critical(x509.inhibitAnyPolicyExtension(0)), true)
  assert.equal(critical(x509.deltaCRLIndicatorExtension(1n)), true)
  assert.equal(critical(x509.subjectAltNameExtension([], { critical: true })), true)
  assert.equal(critical(x509.subjectAltNameExtension([], { critical: false })), false)
  assert.equal(critical(x509.subjectKeyIdentifierExtension(nothing)), false)
  assert.equal(critical(x509.authorityKeyIdentifierExtension({})), false)
  assert.equal(critical(x509.extendedKeyUsageExtension([])), false)
  assert.equal(critical(x509.certificatePoliciesExtension([])), false)
  assert.equal(critical(x509.cRLDistributionPointsExtension([])), false)
  assert.equal(critical(x509.authorityInfoAccessExtension([])), false)
  assert.equal(critical(x509.noRevAvailExtension()), false)
  assert.equal(critical(x509.cRLNumberExtension(1n)), false)
  assert.equal(critical(x509.reasonCodeExtension('keyCompromise')), false)
  assert.equal(critical(x509.certificateIssuerExtension([])), true)
})
