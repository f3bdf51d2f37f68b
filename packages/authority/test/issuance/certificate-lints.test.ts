import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  cRLDistributionPointsExtension,
  type Extension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  nameOf,
  OID,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  type TbsCertificate,
  writeTbsCertificate,
} from '@countersign/x509'
import { buildLeaf, keyIdentifierOf, makeSerial } from '../../src/issuance/build.ts'
import { CERTIFICATE_LINTS, type CertificateExpectation } from '../../src/issuance/certificate-lints.ts'
import { lintCertificate } from '../../src/issuance/lint.ts'
import { START } from '../support/core.ts'
import { newKey } from '../support/keys.ts'
import { certificateOf, issuing, issuingKey, root, rootKey } from './authorities.ts'

const publicKey = newKey().spki
const identities: readonly Identity[] = [
  { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' },
  { kind: 'dNSName', value: 'alice.localhost' },
]
const request = { publicKey, party: 'alice', identities, profile: 'client' } as const
const leaf = buildLeaf(request, issuing, makeSerial(), START)

const EXPECTED = {
  root: { kind: 'root', publicKey: rootKey.der, identities: [], now: START },
  issuing: { kind: 'issuing', publicKey: issuingKey.der, identities: [], issuer: root, now: START },
  leaf: { kind: { leaf: 'client' }, publicKey, identities, issuer: issuing, now: START },
} satisfies Record<string, CertificateExpectation>

/** The ids that a TBSCertificate of those fields breaks. */
function broken(base: Certificate, fields: Partial<TbsCertificate>, expected: CertificateExpectation): string[] {
  const linted = lintCertificate(writeTbsCertificate({ ...base, ...fields }), expected)
  return linted.ok ? [] : linted.findings.map(({ id }) => id)
}

const replace = (certificate: Certificate, ...extensions: readonly Extension[]) => ({
  extensions: certificate.extensions.map((old) => extensions.find(({ extnID }) => extnID === old.extnID) ?? old),
})
const without = (certificate: Certificate, oid: string) => ({
  extensions: certificate.extensions.filter(({ extnID }) => extnID !== oid),
})
const add = (certificate: Certificate, extension: Extension) => ({ extensions: [...certificate.extensions, extension] })

const base = certificateOf(leaf)
const uri = { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' } as const
const dns = { kind: 'dNSName', value: 'alice.localhost' } as const
const other = readSubjectPublicKeyInfo(newKey().spki)

/** For each lint, what it alone must stop (beside the lints in `also`, which the same change breaks by nature). */
const CASES: readonly {
  readonly lint: string
  readonly what: string
  readonly also?: readonly string[]
  readonly of?: Certificate
  readonly expected?: CertificateExpectation
  readonly fields: Partial<TbsCertificate>
}[] = [
  { lint: 'serial', what: 'a small serial number', fields: { serialNumber: 4711n } },
  {
    lint: 'signature-algorithm',
    what: 'another algorithm',
    fields: { signature: ALGORITHM.ecdsaWithSHA384 },
  },
  { lint: 'issuer-name', what: 'another issuer', fields: { issuer: nameOf([['commonName', 'Mallory']]) } },
  {
    lint: 'validity-order',
    what: 'one that is not valid yet',
    fields: { validity: { ...base.validity, notBefore: base.validity.notBefore.add({ hours: 1 }) } },
  },
  {
    lint: 'validity-order',
    what: 'one that is over',
    fields: { validity: { ...base.validity, notAfter: base.validity.notBefore.add({ seconds: 1 }) } },
  },
  {
    lint: 'validity-within-issuer',
    what: 'one that outlives its issuer',
    fields: { validity: { ...base.validity, notAfter: issuing.validity.notAfter.add({ seconds: 1 }) } },
  },
  { lint: 'subject', what: 'an empty subject', fields: { subject: nameOf([]) } },
  {
    lint: 'public-key',
    what: 'another key',
    fields: {
      subjectPublicKeyInfo: other,
      ...replace(base, subjectKeyIdentifierExtension(keyIdentifierOf(other))),
    },
  },
  { lint: 'no-unique-identifiers', what: 'a subjectUniqueID', fields: { subjectUniqueID: new Uint8Array([0, 1]) } },
  {
    lint: 'authority-key-identifier',
    what: 'none',
    fields: without(base, OID.authorityKeyIdentifier),
  },
  {
    lint: 'authority-key-identifier',
    what: "the root's",
    fields: replace(base, authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(rootKey) })),
  },
  {
    lint: 'subject-key-identifier',
    what: 'that of another key',
    fields: replace(base, subjectKeyIdentifierExtension(keyIdentifierOf(other))),
  },
  { lint: 'key-usage', what: 'none', fields: without(base, OID.keyUsage) },
  {
    lint: 'key-usage',
    what: 'keyCertSign in a leaf',
    fields: replace(base, keyUsageExtension(['digitalSignature', 'keyCertSign'])),
  },
  {
    lint: 'key-usage',
    what: 'one that is not critical',
    fields: replace(base, { ...keyUsageExtension(['digitalSignature']), critical: false }),
  },
  {
    lint: 'key-usage',
    what: 'an authority that signs no lists',
    of: issuing,
    expected: EXPECTED.issuing,
    fields: replace(issuing, keyUsageExtension(['keyCertSign'])),
  },
  {
    lint: 'subject-alt-name',
    what: 'a name that was not granted',
    fields: replace(base, subjectAltNameExtension([uri, { ...dns, value: 'bob.localhost' }], { critical: false })),
  },
  {
    lint: 'subject-alt-name',
    what: 'a name less',
    fields: replace(base, subjectAltNameExtension([uri], { critical: false })),
  },
  {
    lint: 'subject-alt-name',
    what: 'none',
    also: ['one-spiffe-id'],
    fields: without(base, OID.subjectAltName),
  },
  {
    lint: 'one-spiffe-id',
    what: 'two of them, although both were granted',
    expected: { ...EXPECTED.leaf, identities: [...identities, { ...uri, value: 'spiffe://acme.example/bob' }] },
    fields: replace(
      base,
      subjectAltNameExtension([uri, dns, { ...uri, value: 'spiffe://acme.example/bob' }], { critical: false }),
    ),
  },
  {
    lint: 'one-spiffe-id',
    what: 'another kind of URI, although it was granted',
    expected: { ...EXPECTED.leaf, identities: [{ ...uri, value: 'https://acme.example/' }] },
    fields: replace(base, subjectAltNameExtension([{ ...uri, value: 'https://acme.example/' }], { critical: false })),
  },
  {
    lint: 'basic-constraints',
    what: 'a leaf that is an authority',
    also: ['known-extensions'],
    fields: add(base, basicConstraintsExtension({ cA: true })),
  },
  {
    lint: 'basic-constraints',
    what: 'an issuing authority that may have others below',
    of: issuing,
    expected: EXPECTED.issuing,
    fields: replace(issuing, basicConstraintsExtension({ cA: true })),
  },
  {
    lint: 'basic-constraints',
    what: 'an authority whose constraint is not critical',
    of: root,
    expected: EXPECTED.root,
    fields: replace(root, { ...basicConstraintsExtension({ cA: true }), critical: false }),
  },
  {
    lint: 'extended-key-usage',
    what: 'a purpose more than the profile has',
    fields: replace(base, extendedKeyUsageExtension([OID.clientAuth, OID.serverAuth])),
  },
  { lint: 'extended-key-usage', what: 'none', fields: without(base, OID.extendedKeyUsage) },
  {
    lint: 'extended-key-usage',
    what: 'any in an authority',
    also: ['known-extensions'],
    of: issuing,
    expected: EXPECTED.issuing,
    fields: add(issuing, extendedKeyUsageExtension([OID.clientAuth])),
  },
  {
    lint: 'known-extensions',
    what: 'one that we do not write',
    fields: add(base, cRLDistributionPointsExtension([{ distributionPoint: { kind: 'fullName', value: [uri] } }])),
  },
]

suite('lints of certificates', () => {
  test('what we build passes, each with its own expectation', () => {
    for (const [tbs, expected] of [
      [leaf, EXPECTED.leaf],
      [issuing.tbsDer, EXPECTED.issuing],
      [root.tbsDer, EXPECTED.root],
    ] as const) {
      const linted = lintCertificate(tbs, expected)
      assert.ok(linted.ok, JSON.stringify(linted))
      assert.equal(linted.tbs, tbs, 'the octets themselves, not a copy')
    }
  })

  for (const { lint, what, also = [], of = base, expected = EXPECTED.leaf, fields } of CASES)
    test(`${lint} stops ${what}`, () => {
      assert.deepEqual(broken(of, fields, expected).sort(), [lint, ...also].sort())
    })

  test('version-3 stops a certificate without extensions of version 1', () => {
    assert.ok(broken(base, { version: 1, extensions: [] }, EXPECTED.leaf).includes('version-3'))
  })

  test('octets that are no TBSCertificate are stopped before any rule', () => {
    const linted = lintCertificate(leaf.subarray(0, leaf.length - 1), EXPECTED.leaf)
    assert.ok(!linted.ok)
    assert.deepEqual(
      linted.findings.map(({ id }) => id),
      ['readable'],
    )
  })

  test('a duplicate extension cannot be read', () => {
    assert.deepEqual(broken(base, add(base, extendedKeyUsageExtension([OID.clientAuth])), EXPECTED.leaf), ['readable'])
  })

  test('every lint stops something here', () => {
    const stopped = new Set([...CASES.map(({ lint }) => lint), 'version-3'])
    assert.deepEqual(
      CERTIFICATE_LINTS.map(({ id }) => id).filter((id) => !stopped.has(id)),
      [],
    )
  })

  test('a leaf lasts at most to the end of its issuer', () => {
    const late = issuing.validity.notAfter.subtract({ hours: 24 })
    const last = certificateOf(buildLeaf(request, issuing, makeSerial(), late))
    assert.ok(last.validity.notAfter.equals(issuing.validity.notAfter))
  })
})
