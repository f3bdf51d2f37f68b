import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyParsedPath, verifyPath } from '@countersign/verify'
import { anchorOf, codesOf, contextOf, crl, intermediate, leaf, revoked, root } from '../../../interop/chains/house.ts'

suite('verifyPath', () => {
  const anchor = root()
  const issuing = intermediate(anchor)
  const party = leaf(issuing)
  const peer = [party.certificate.der, issuing.certificate.der]
  const context = contextOf([anchorOf(anchor)])

  test('accepts a party, its issuer and an anchor', () => {
    const verdict = verifyPath(peer, context)
    assert.deepEqual(codesOf(verdict), [])
    assert.ok(verdict.ok)
    assert.deepEqual(
      verdict.path.certificates.map(({ der }) => der),
      peer,
    )
    assert.equal(verdict.path.anchor, context.anchors[0])
  })

  test('accepts with the issuer known from elsewhere', () => {
    assert.deepEqual(
      codesOf(verifyParsedPath(party.certificate, [], { ...context, issuers: [issuing.certificate] })),
      [],
    )
  })

  test('refuses a revoked party', () => {
    const crls = [crl(anchor), crl(issuing, { revoked: [revoked(party)] })]
    assert.deepEqual(codesOf(verifyPath(peer, { ...context, status: { mode: 'require', crls } })), [
      'ERR_VERIFY_REVOKED',
    ])
  })
})
