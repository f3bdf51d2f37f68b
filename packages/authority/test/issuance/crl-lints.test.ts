import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  cRLNumberExtension,
  issuingDistributionPointExtension,
  nameOf,
  readCertificateList,
  type TbsCertList,
  writeCertificateList,
  writeTbsCertList,
} from '@countersign/x509'
import { keyIdentifierOf } from '../../src/issuance/build.ts'
import { CRL_LINTS, type CrlExpectation } from '../../src/issuance/crl-lints.ts'
import { lintCrl } from '../../src/issuance/lint.ts'
import { buildCrl } from '../../src/status/crl/build.ts'
import { START } from '../support/core.ts'
import { issuing, rootKey, signature } from './authorities.ts'

const entry = {
  serial: '4f00',
  notAfter: START.add({ hours: 1 }),
  revokedAt: START,
  reason: 'keyCompromise',
  sequence: 1,
} as const
const crlExpected: CrlExpectation = {
  issuer: issuing,
  number: 7n,
  entries: [entry],
  nextUpdate: Temporal.Instant.from('2026-11-25T09:00:00Z'),
  now: START,
}
const crlTbs = buildCrl(crlExpected)
const crl = readCertificateList(writeCertificateList(crlTbs, ALGORITHM.ecdsaWithSHA256, signature))
const [revoked] = crl.revokedCertificates

const CRL_CASES: readonly { readonly lint: string; readonly what: string; readonly fields: Partial<TbsCertList> }[] = [
  { lint: 'crl-signature-algorithm', what: 'another algorithm', fields: { signature: ALGORITHM.ecdsaWithSHA384 } },
  { lint: 'crl-issuer-name', what: 'another issuer', fields: { issuer: nameOf([['commonName', 'Mallory']]) } },
  { lint: 'crl-this-update', what: 'a time to come', fields: { thisUpdate: crl.thisUpdate.add({ minutes: 6 }) } },
  { lint: 'crl-next-update', what: 'another end', fields: { nextUpdate: crlExpected.nextUpdate.add({ seconds: 1 }) } },
  { lint: 'crl-entries', what: 'an entry less', fields: { revokedCertificates: [] } },
  {
    lint: 'crl-entries',
    what: 'an entry without its reason',
    fields: { revokedCertificates: [{ ...revoked!, extensions: [] }] },
  },
  { lint: 'crl-entries', what: 'an entry twice', fields: { revokedCertificates: [revoked!, revoked!] } },
  {
    lint: 'crl-number',
    what: 'another number',
    fields: { crlExtensions: [crl.crlExtensions[0]!, cRLNumberExtension(8n)] },
  },
  {
    lint: 'crl-authority-key-identifier',
    what: "the root's",
    fields: {
      crlExtensions: [
        authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(rootKey) }),
        cRLNumberExtension(7n),
      ],
    },
  },
  {
    lint: 'crl-full',
    what: 'a list of some certificates only',
    fields: {
      crlExtensions: [
        ...crl.crlExtensions,
        issuingDistributionPointExtension({
          onlyContainsUserCerts: true,
          onlyContainsCACerts: false,
          indirectCRL: false,
          onlyContainsAttributeCerts: false,
        }),
      ],
    },
  },
]

suite('lints of revocation lists', () => {
  test('what we build passes', () => {
    assert.ok(lintCrl(crlTbs, crlExpected).ok)
  })

  for (const { lint, what, fields } of CRL_CASES)
    test(`${lint} stops ${what}`, () => {
      const linted = lintCrl(writeTbsCertList({ ...crl, ...fields }), crlExpected)
      assert.ok(!linted.ok)
      assert.deepEqual(
        linted.findings.map(({ id }) => id),
        [lint],
      )
    })

  test('every lint stops something here; version 1 has no extensions, so it stops more', () => {
    const linted = lintCrl(writeTbsCertList({ ...crl, version: 1, crlExtensions: [], revokedCertificates: [] }), {
      ...crlExpected,
      entries: [],
    })
    assert.ok(!linted.ok && linted.findings.some(({ id }) => id === 'crl-version-2'))
    const stopped = new Set([...CRL_CASES.map(({ lint }) => lint), 'crl-version-2'])
    assert.deepEqual(
      CRL_LINTS.map(({ id }) => id).filter((id) => !stopped.has(id)),
      [],
    )
  })
})
