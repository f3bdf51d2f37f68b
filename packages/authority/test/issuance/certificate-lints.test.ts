import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  type Extension,
  extendedKeyUsageExtension,
  type GeneralName,
  keyUsageExtension,
  nameConstraintsExtension,
  nameOf,
  noRevAvailExtension,
  OID,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  type TbsCertificate,
  writeTbsCertificate,
  writeUtf8String,
} from '@countersign/x509'
import {
  buildCertificate,
  type CertificateContent,
  keyIdentifierOf,
  makeSerial,
  partyName,
} from '../../src/issuance/build.ts'
import { CERTIFICATE_LINTS, type CertificateExpectation } from '../../src/issuance/certificate-lints.ts'
import { lintCertificate } from '../../src/issuance/lint.ts'
import type { X509ProfileName } from '../../src/issuance/profiles.ts'
import { START } from '../support/core.ts'
import { newKey } from '../support/keys.ts'
import { certificateOf, issuing, issuingKey, root, rootKey } from './authorities.ts'

const publicKey = newKey().spki
const identities: readonly Identity[] = [
  { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' },
  { kind: 'dNSName', value: 'alice.localhost' },
]
const request = { publicKey, subject: partyName('alice'), identities, issuer: issuing, serial: makeSerial() } as const
const leafOf = (profile: X509ProfileName, more: Partial<CertificateContent> = {}) =>
  buildCertificate({ ...request, profile, now: START, ...more })
const leaf = leafOf('client')

const EXPECTED = {
  root: { profile: 'root', publicKey: rootKey.der, identities: [], now: START },
  issuing: { profile: 'intermediate', publicKey: issuingKey.der, identities: [], issuer: root, now: START },
  leaf: { profile: 'client', publicKey, identities, issuer: issuing, now: START },
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

const mail = { kind: 'rfc822Name', value: 'alice@acme.example' } as const
const jörg = { kind: 'rfc822Name', value: 'jörg@xn--bcher-kva.example' } as const
/** Written by hand, so that it can break the rules of the clause. */
const smtpUTF8Mailbox = (value: string): GeneralName => ({
  kind: 'otherName',
  typeId: OID.SmtpUTF8Mailbox,
  value: writeUtf8String(value),
})
const spaces = [
  { kind: 'dNSName', value: 'acme.example' },
  { kind: 'iPAddress', value: '10.0.0.7' },
] as const
const encrypting = certificateOf(leafOf('person-encryption', { identities: [mail] }))
const ed25519 = newKey('Ed25519').spki
const withEd25519 = certificateOf(
  writeTbsCertificate({
    ...encrypting,
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(ed25519),
    ...replace(encrypting, subjectKeyIdentifierExtension(keyIdentifierOf(readSubjectPublicKeyInfo(ed25519)))),
  }),
)
const shortLived = certificateOf(leafOf('short-lived'))
const responder = certificateOf(leafOf('ocsp-responder', { identities: [] }))
const constrained = certificateOf(
  leafOf('intermediate', { subject: issuing.subject, publicKey: issuingKey.der, issuer: root, identities: spaces }),
)

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
    also: ['validity-length'],
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
    also: ['validity-length'],
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
    lint: 'criticality',
    what: 'a keyUsage that is not critical',
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
    lint: 'criticality',
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
    lint: 'validity-length',
    what: 'a day more than the profile has',
    fields: { validity: { ...base.validity, notAfter: base.validity.notAfter.add({ hours: 24 }) } },
  },
  {
    lint: 'validity-length',
    what: 'a beginning further back than the profile has',
    fields: { validity: { ...base.validity, notBefore: base.validity.notBefore.subtract({ minutes: 1 }) } },
  },
  {
    lint: 'key-kind',
    what: 'a key of a kind that the profile does not have',
    also: ['key-usage'],
    of: withEd25519,
    expected: { ...EXPECTED.leaf, profile: 'person-encryption', publicKey: ed25519, identities: [mail] },
    fields: {},
  },
  {
    lint: 'key-usage',
    what: 'a key for encryption that signs',
    of: encrypting,
    expected: { ...EXPECTED.leaf, profile: 'person-encryption', identities: [mail] },
    fields: replace(encrypting, keyUsageExtension(['digitalSignature'])),
  },
  {
    lint: 'certificate-policies',
    what: 'an issuer without any',
    of: issuing,
    expected: EXPECTED.issuing,
    fields: without(issuing, OID.certificatePolicies),
  },
  {
    lint: 'certificate-policies',
    what: 'another one',
    of: issuing,
    expected: EXPECTED.issuing,
    fields: replace(issuing, certificatePoliciesExtension([{ policyIdentifier: '2.999.1' }])),
  },
  {
    lint: 'name-kinds',
    what: 'a kind of name that the profile does not have, although it was granted',
    expected: { ...EXPECTED.leaf, profile: 'server', identities: [...identities, mail] },
    fields: {
      extensions: certificateOf(leafOf('server', { identities: [...identities, mail] })).extensions,
    },
  },
  {
    lint: 'name-kinds',
    what: 'a person without an address of e-mail',
    expected: { ...EXPECTED.leaf, profile: 'person', identities: [uri] },
    fields: { extensions: certificateOf(leafOf('person', { identities: [uri] })).extensions },
  },
  {
    lint: 'name-form',
    what: 'a wildcard, although it was granted',
    expected: { ...EXPECTED.leaf, identities: [uri, { ...dns, value: '*.localhost' }] },
    fields: replace(base, subjectAltNameExtension([uri, { ...dns, value: '*.localhost' }], { critical: false })),
  },
  {
    lint: 'mail-address',
    what: 'an address whose domain is in capitals, although it was granted',
    expected: { ...EXPECTED.leaf, identities: [uri, mail] },
    fields: replace(
      base,
      subjectAltNameExtension([uri, { ...mail, value: 'alice@ACME.example' }], { critical: false }),
    ),
  },
  {
    lint: 'mail-address',
    what: 'an address of ASCII in the form for others',
    also: ['name-kinds', 'subject-alt-name'],
    expected: { ...EXPECTED.leaf, identities: [uri, mail] },
    fields: replace(base, subjectAltNameExtension([uri, smtpUTF8Mailbox('alice@acme.example')], { critical: false })),
  },
  {
    lint: 'mail-address',
    what: 'an address beyond ASCII whose domain is no A-label',
    also: ['name-kinds', 'subject-alt-name'],
    expected: { ...EXPECTED.leaf, identities: [uri, jörg] },
    fields: replace(base, subjectAltNameExtension([uri, smtpUTF8Mailbox('jörg@bücher.example')], { critical: false })),
  },
  {
    lint: 'name-constraints',
    what: 'an address beyond ASCII as a space of names',
    of: constrained,
    expected: { ...EXPECTED.issuing, identities: [jörg] },
    fields: replace(
      constrained,
      nameConstraintsExtension({ permittedSubtrees: [{ base: smtpUTF8Mailbox(jörg.value), minimum: 0 }] }),
    ),
  },
  {
    lint: 'name-constraints',
    what: 'an issuer for less than was granted',
    of: constrained,
    expected: { ...EXPECTED.issuing, identities: spaces },
    fields: replace(
      constrained,
      nameConstraintsExtension({
        permittedSubtrees: [{ base: { kind: 'dNSName', value: 'shop.acme.example' }, minimum: 0 }],
      }),
    ),
  },
  {
    lint: 'name-constraints',
    what: 'an issuer for everything, although names were granted',
    of: constrained,
    expected: { ...EXPECTED.issuing, identities: spaces },
    fields: without(constrained, OID.nameConstraints),
  },
  {
    lint: 'no-rev-avail',
    what: 'a short-lived one that does not say so',
    of: shortLived,
    expected: { ...EXPECTED.leaf, profile: 'short-lived' },
    fields: without(shortLived, OID.noRevAvail),
  },
  {
    lint: 'no-rev-avail',
    what: 'one whose status is served',
    also: ['known-extensions'],
    fields: add(base, noRevAvailExtension()),
  },
  {
    lint: 'ocsp-no-check',
    what: 'a responder that does not say so',
    of: responder,
    expected: { ...EXPECTED.leaf, profile: 'ocsp-responder', identities: [] },
    fields: without(responder, OID.ocspNoCheck),
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
      [leafOf('person', { identities: [uri, jörg] }), { ...EXPECTED.leaf, profile: 'person', identities: [uri, jörg] }],
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

  test('reference-name: a server without a DNS name or an address is signed, and that is told', () => {
    const nameless = leafOf('server', { identities: [uri] })
    const linted = lintCertificate(nameless, { ...EXPECTED.leaf, profile: 'server', identities: [uri] })
    assert.ok(linted.ok)
    assert.deepEqual(
      linted.warnings.map(({ id }) => id),
      ['reference-name'],
    )
    const named = lintCertificate(leafOf('server'), { ...EXPECTED.leaf, profile: 'server' })
    assert.ok(named.ok && named.warnings.length === 0)
  })

  test('every lint stops something here, or warns', () => {
    const stopped = new Set([...CASES.map(({ lint }) => lint), 'version-3', 'reference-name'])
    assert.deepEqual(
      CERTIFICATE_LINTS.map(({ id }) => id).filter((id) => !stopped.has(id)),
      [],
    )
  })

  test('a leaf lasts at most to the end of its issuer', () => {
    const late = issuing.validity.notAfter.subtract({ hours: 24 })
    const last = certificateOf(leafOf('client', { now: late }))
    assert.ok(last.validity.notAfter.equals(issuing.validity.notAfter))
  })
})
