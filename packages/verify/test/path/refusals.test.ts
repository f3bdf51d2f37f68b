// For each rule a chain that only this rule refuses, beside chains that come as near as they may and are accepted.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FINDINGS, type FindingCode, verifyPath } from '@countersign/verify'
import { type Extension, OID } from '@countersign/x509'
import { run } from '../../../../interop/chains/chain.ts'
import { EVERY_CASE as CASES } from '../../../../interop/chains/every-case.ts'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  hours,
  intermediate,
  leaf,
  purposes,
  revoked,
  root,
  sans,
} from '../../../../interop/chains/house.ts'
import { POLICY_CASES } from '../../../../interop/chains/policy-cases.ts'

suite('each rule refuses by itself', () => {
  for (const one of CASES) {
    test(`${one.codes.length === 0 ? 'accepted' : 'refused'}: ${one.what}`, () => {
      assert.deepEqual(codesOf(run(one)), one.codes)
    })
  }

  for (const one of POLICY_CASES.filter(({ policies }) => policies !== undefined))
    test(`the policies of ${one.what}`, () => {
      const verdict = run(one)
      assert.deepEqual(verdict.ok && verdict.policies, one.policies)
    })

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
        facts: { at: hours(-1) },
      },
    ])
  })

  test('all findings of a path are told, the leaf first', () => {
    const anchor = root({ notAfter: hours(-1) })
    const issuing = intermediate(anchor, { extensions: { basicConstraints: null } })
    const party = leaf(issuing, { notAfter: hours(-1), extensions: { extendedKeyUsage: null } })
    const crls = [crl(issuing, { revoked: [revoked(party)] })]
    const trusted = anchorOf(anchor)
    const verdict = verifyPath(
      [party.certificate.der, issuing.certificate.der],
      contextOf([trusted], { status: { mode: 'prefer', crls } }),
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
    assert.deepEqual(verdict.tried, [{ certificates: [0, 1], anchor: trusted, findings: verdict.findings }])
  })

  test('a malformed certificate is told with the reader’s text; only the leaf has a place', () => {
    const leafDer = leaf(root()).certificate.der
    const context = contextOf([anchorOf(root())])
    const text = 'the input or the enclosing element ends inside this one (X.690 §8.1.1, octet 0)'
    const common = { code: 'ERR_VERIFY_MALFORMED', clause: 'RFC 5280 §4.1' }
    const found = ['ERR_DER_TRUNCATED']
    const short = leafDer.subarray(0, 9)
    const alone = verifyPath([short], context)
    assert.deepEqual(!alone.ok && alone.findings, [
      { ...common, depth: 0, detail: `the leaf: ${text}`, certificate: short, facts: { found } },
    ])
    const second = verifyPath([leafDer, short], context)
    assert.deepEqual(!second.ok && second.findings.at(-1), {
      ...common,
      detail: `certificate 1 of the peer: ${text}`,
      certificate: short,
      facts: { found, index: 1 },
    })
  })

  test('a finding says whether a purpose is absent or another', () => {
    const anchor = root()
    const detailOf = (extendedKeyUsage: Extension | null) => {
      const party = leaf(anchor, { extensions: { extendedKeyUsage } })
      const verdict = verifyPath([party.certificate.der], contextOf([anchorOf(anchor)]))
      return !verdict.ok && verdict.findings[0]?.detail
    }
    assert.equal(detailOf(null), 'extendedKeyUsage is absent')
    assert.equal(detailOf(purposes(OID.serverAuth)), 'extendedKeyUsage leaves out clientAuth')
  })

  test('a finding shows three names, and no more of a long one than a person reads', () => {
    const anchor = root()
    const names = ['a', 'b', 'c', 'd', 'e'].map((label) => ({ kind: 'dNSName', value: `${label}.example` }) as const)
    const wanted = { kind: 'dNSName', value: 'f.example' } as const
    const detailsOf = (subjectAltName: Extension) => {
      const party = leaf(anchor, { extensions: { subjectAltName } })
      const verdict = verifyPath([party.certificate.der], contextOf([anchorOf(anchor)], { name: wanted }))
      return verdict.ok ? [] : verdict.findings.map(({ detail }) => detail)
    }
    assert.deepEqual(detailsOf(sans(...names)), [
      'the certificate is for a.example, b.example, c.example and 2 more, not for f.example',
    ])
    assert.deepEqual(detailsOf(sans(...names.slice(0, 3))), [
      'the certificate is for a.example, b.example, c.example, not for f.example',
    ])
    const long = `${'abcdefghi.'.repeat(20)}example`
    assert.deepEqual(detailsOf(sans({ kind: 'dNSName', value: long })), [
      `the certificate is for ${long.slice(0, 160)}…, not for f.example`,
    ])
  })
})
