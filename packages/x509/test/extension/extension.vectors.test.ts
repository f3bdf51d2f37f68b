import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as x509 from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly extension: string
  readonly hex: string
  readonly value?: unknown
  readonly code?: string
}

const now = Temporal.Instant.from('2026-01-01T00:00:00Z')
const issuer = x509.nameOf([['commonName', 'issuer']])
const signature = x509.ALGORITHM.Ed25519
const nothing = new Uint8Array()

type Fields = Readonly<Record<string, unknown>>

function readInCertificate(extension: x509.Extension): Fields {
  const subjectPublicKeyInfo = { der: nothing, algorithm: signature, subjectPublicKey: nothing }
  const validity = { notBefore: now, notAfter: now }
  const names = { issuer, subject: issuer }
  const tbs = { version: 3, serialNumber: 1n, signature, validity, subjectPublicKeyInfo, ...names } as const
  const tbsDer = x509.writeTbsCertificate({ ...tbs, extensions: [extension] })
  return { ...x509.readCertificate(x509.writeCertificate(tbsDer, signature, nothing)) }
}

function readCrl(crlExtensions: readonly x509.Extension[], revokedCertificates: readonly x509.RevokedCertificate[]) {
  const tbs = { version: 2, signature, issuer, thisUpdate: now, revokedCertificates, crlExtensions } as const
  return x509.readCertificateList(x509.writeCertificateList(x509.writeTbsCertList(tbs), signature, nothing))
}

function readInEntry(extension: x509.Extension): Fields {
  const entry = { userCertificate: 1n, revocationDate: now, extensions: [extension] }
  return { ...readCrl([], [entry]).revokedCertificates[0] }
}

/** A value as the vectors write it. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toHex()
  if (typeof value === 'bigint' || value instanceof Temporal.Instant) return value.toString()
  if (value instanceof Set) return [...value]
  if (typeof value !== 'object' || value === null) return value
  if ('rdnSequence' in value) return x509.formatName(value as x509.Name)
  if (Array.isArray(value)) {
    // A relative distinguished name stands as the text of a name of it alone.
    const isRdn = value.some((each) => typeof each === 'object' && 'type' in each)
    return isRdn ? x509.formatName({ der: nothing, rdnSequence: [value] }) : value.map(plain)
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

/** Writes the value that was read; the names of these functions are those of the fields. */
const WRITERS = x509 as unknown as Readonly<Record<string, (value: unknown, options?: unknown) => x509.Extension>>

const files: [string, (extension: x509.Extension) => Fields][] = [
  ['x509/extension.json', readInCertificate],
  ['x509/crl-extension.json', (extension) => ({ ...readCrl([extension], []) })],
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
