// For each rule a chain that only this rule refuses, beside chains that come as near as they may and are accepted.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FINDINGS, type FindingCode, verifyPath } from '@countersign/verify'
import { run } from '../../../../interop/chains/chain.ts'
import { EXTENSION_CASES } from '../../../../interop/chains/extension-cases.ts'
import { FORM_CASES } from '../../../../interop/chains/form-cases.ts'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  hours,
  intermediate,
  leaf,
  revoked,
  root,
} from '../../../../interop/chains/house.ts'
import { ISSUER_CASES } from '../../../../interop/chains/issuer-cases.ts'
import { LEAF_CASES } from '../../../../interop/chains/leaf-cases.ts'

const CASES = [...FORM_CASES, ...ISSUER_CASES, ...LEAF_CASES, ...EXTENSION_CASES]

suite('each rule refuses by itself', () => {
  for (const one of CASES) {
    test(`${one.codes.length === 0 ? 'accepted' : 'refused'}: ${one.what}`, () => {
      assert.deepEqual(codesOf(run(one)), one.codes)
    })
  }

  test('every code has a chain', () => {
    const seen = new Set(CASES.flatMap(({ codes }) => codes))
    assert.deepEqual(
      Object.keys(FINDINGS).filter((code) => !seen.has(code as FindingCode)),
      [],
    )
  })

  test('a finding tells its clause, its place and its certificate', () => {
    const anchor = root()
    const party = leaf(anchor, { notAfter: hours(-1) })
    const verdict = verifyPath([party.certificate.der], contextOf([anchorOf(anchor)]))
    assert.deepEqual(!verdict.ok && verdict.findings, [
      {
        code: 'ERR_VERIFY_EXPIRED',
        clause: 'RFC 5280 §6.1.3 (a)(2)',
        depth: 0,
        detail: 'expired at 2026-11-24T11:00:00Z, and it is 2026-11-24T12:00:00Z',
        certificate: party.certificate.der,
      },
    ])
  })

  test('all findings of a path are told, the leaf first', () => {
    const anchor = root({ notAfter: hours(-1) })
    const issuing = intermediate(anchor, { extensions: { basicConstraints: null } })
    const party = leaf(issuing, { notAfter: hours(-1), extensions: { extendedKeyUsage: null } })
    const crls = [crl(issuing, { revoked: [revoked(party)] })]
    const verdict = verifyPath(
      [party.certificate.der, issuing.certificate.der],
      contextOf([anchorOf(anchor)], { status: { mode: 'prefer', crls } }),
    )
    assert.ok(!verdict.ok)
    assert.deepEqual(
      verdict.findings.map(({ depth, code }) => `${depth} ${code}`),
      [
        '0 ERR_VERIFY_EXPIRED',
        '0 ERR_VERIFY_EXTENDED_KEY_USAGE',
        '0 ERR_VERIFY_REVOKED',
        '1 ERR_VERIFY_NOT_A_CA',
        '2 ERR_VERIFY_EXPIRED',
      ],
    )
    assert.deepEqual(verdict.tried, [{ certificates: [0, 1], findings: verdict.findings }])
  })
})
