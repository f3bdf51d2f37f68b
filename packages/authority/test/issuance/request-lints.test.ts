import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  basicConstraintsExtension,
  type Extension,
  keyUsageExtension,
  type Name,
  nameOf,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  subjectKeyIdentifierExtension,
  writeCertificationRequestInfo,
} from '@countersign/x509'
import { keyIdentifierOf } from '../../src/issuance/build.ts'
import { lintRequest } from '../../src/issuance/lint.ts'
import { REQUEST_LINTS } from '../../src/issuance/request-lints.ts'
import { newKey } from '../support/keys.ts'

const subject = nameOf([['commonName', 'Acme issuing-2']])
const key = readSubjectPublicKeyInfo(newKey().spki)
const other = readSubjectPublicKeyInfo(newKey().spki)
const expected = { subject, publicKey: key.der, keyIdentifier: keyIdentifierOf(key), pathLength: 0 }
const usage = keyUsageExtension(['keyCertSign', 'cRLSign'])
const authority = basicConstraintsExtension({ cA: true, pathLenConstraint: 0 })
const identifier = subjectKeyIdentifierExtension(expected.keyIdentifier)

const request = (
  fields: { subject?: Name; key?: SubjectPublicKeyInfo; extensions?: readonly Extension[] } = {},
): Uint8Array =>
  writeCertificationRequestInfo({
    subject: fields.subject ?? subject,
    subjectPublicKeyInfo: fields.key ?? key,
    extensionRequest: fields.extensions ?? [authority, usage, identifier],
  })

const CASES: readonly (readonly [string, string, Uint8Array])[] = [
  ['request-subject', 'another name', request({ subject: nameOf([['commonName', 'Mallory']]) })],
  ['request-key', 'another key', request({ key: other })],
  ['request-authority', 'no authority', request({ extensions: [usage, identifier] })],
  [
    'request-authority',
    'one with others below it',
    request({ extensions: [basicConstraintsExtension({ cA: true }), usage, identifier] }),
  ],
  ['request-key-identifier', 'none', request({ extensions: [authority, usage] })],
  [
    'request-key-identifier',
    'that of another key',
    request({ extensions: [authority, usage, subjectKeyIdentifierExtension(keyIdentifierOf(other))] }),
  ],
]

suite('lints on requests of our own', () => {
  test('what is meant passes', () => {
    assert.ok(lintRequest(request(), expected).ok)
  })
  for (const [lint, what, tbs] of CASES)
    test(`${lint}: ${what}`, () => {
      const linted = lintRequest(tbs, expected)
      assert.ok(!linted.ok)
      assert.deepEqual(
        linted.findings.map(({ id }) => id),
        [lint],
      )
    })
  test('what cannot be read is not signed', () => {
    const linted = lintRequest(Uint8Array.of(0x30, 1), expected)
    assert.ok(!linted.ok && linted.findings[0]?.id === 'readable')
  })
  test('every lint stops something here', () => {
    const stopped = new Set(CASES.map(([lint]) => lint))
    assert.deepEqual(
      REQUEST_LINTS.map(({ id }) => id).filter((id) => !stopped.has(id)),
      [],
    )
  })
})
