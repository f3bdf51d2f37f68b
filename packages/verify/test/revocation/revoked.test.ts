// RFC 5280 §6.3.3: who is refused because a CRL or an announcement says so, and who is not.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type StatusContext, verifyPath } from '@countersign/verify'
import type { CRLReason } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  hours,
  leaf,
  name,
  p256,
  revoked,
} from '../../../../interop/chains/house.ts'
import { anchor, anchorCrl, issuing, party } from '../../../../interop/chains/lists.ts'
import { ask, askCrls, unknownExtension } from './asked.ts'

const stranger = p256()

suite('a revoked certificate', () => {
  const reasons: readonly (CRLReason | undefined)[] = [
    undefined,
    'unspecified',
    'keyCompromise',
    'cACompromise',
    'affiliationChanged',
    'superseded',
    'cessationOfOperation',
    'certificateHold',
    'privilegeWithdrawn',
    'aACompromise',
  ]
  for (const reasonCode of reasons) {
    test(`is refused, reason ${reasonCode}`, () => {
      const entry = revoked(party, reasonCode === undefined ? {} : { reasonCode })
      const verdict = ask({ crls: [anchorCrl, crl(issuing, { revoked: [entry] })] })
      assert.ok(!verdict.ok)
      assert.deepEqual(
        verdict.findings.map(({ code, depth }) => [code, depth]),
        [['ERR_VERIFY_REVOKED', 0]],
      )
      assert.ok(verdict.findings[0]?.revocation?.at.equals(hours(-2)))
      assert.equal(verdict.findings[0]?.revocation?.reason, reasonCode)
      const because = reasonCode === undefined ? '' : ` (${reasonCode})`
      const detail = `revoked at ${hours(-2)}${because} by the crl of ${hours(-1)}`
      assert.equal(verdict.findings[0]?.detail, detail)
    })
  }

  test('is not refused for removeFromCRL, by §6.3.3 (k)', () => {
    assert.deepEqual(askCrls(crl(issuing, { revoked: [revoked(party, { reasonCode: 'removeFromCRL' })] })), [])
  })

  test('is refused where its issuer is the revoked one, and where a crl is only preferred', () => {
    const verdict = ask({ mode: 'prefer', crls: [crl(anchor, { revoked: [revoked(issuing)] })] })
    assert.ok(!verdict.ok)
    assert.deepEqual(
      verdict.findings.map(({ code, depth }) => [code, depth]),
      [['ERR_VERIFY_REVOKED', 1]],
    )
  })

  test('is refused by any crl in force, though a newer one leaves it out', () => {
    const older = crl(issuing, { number: 1n, revoked: [revoked(party)] })
    assert.deepEqual(askCrls(older, crl(issuing, { number: 2n })), ['ERR_VERIFY_REVOKED'])
  })

  test('is refused by a crl that has ended, also where none is required', () => {
    const ended = crl(issuing, { revoked: [revoked(party)], nextUpdate: hours(0) })
    assert.deepEqual(askCrls(ended), ['ERR_VERIFY_REVOKED'])
    assert.deepEqual(codesOf(ask({ mode: 'prefer', crls: [ended] })), ['ERR_VERIFY_REVOKED'])
  })

  test('is not refused by a crl that its issuer did not sign, or that is not used', () => {
    const entries = [revoked(party)]
    assert.deepEqual(codesOf(ask({ mode: 'prefer', crls: [crl(issuing, { revoked: entries, signer: stranger })] })), [])
    assert.deepEqual(
      codesOf(ask({ mode: 'prefer', crls: [crl(issuing, { revoked: entries, issuer: name('Other') })] })),
      [],
    )
    assert.deepEqual(
      codesOf(
        ask({
          mode: 'prefer',
          crls: [crl(issuing, { revoked: entries, extensions: { unknown: unknownExtension(true) } })],
        }),
      ),
      [],
    )
  })

  for (const [what, reasons] of [
    ['though the second takes it back', ['keyCompromise', 'removeFromCRL']],
    ['though the first takes it back', ['removeFromCRL', 'keyCompromise']],
    ['though the first is a hold, which the next list lacks', ['certificateHold', 'keyCompromise']],
  ] as const)
    test(`is refused by the worse of two entries, ${what}`, () => {
      const entries = reasons.map((reasonCode) => revoked(party, { reasonCode }))
      assert.deepEqual(askCrls(crl(issuing, { revoked: entries }), crl(issuing, { number: 2n })), [
        'ERR_VERIFY_REVOKED',
      ])
    })
})

suite('an announced revocation', () => {
  const announced: StatusContext['announced'] = (issuer, serialNumber) =>
    issuer.der === issuing.certificate.subjectPublicKeyInfo.der ||
    issuer.der.toHex() === issuing.certificate.subjectPublicKeyInfo.der.toHex()
      ? serialNumber === party.certificate.serialNumber
        ? { at: hours(-1), reason: 'keyCompromise' }
        : undefined
      : undefined

  test('refuses before any crl is asked, with its time and reason', () => {
    const verdict = ask({ announced, crls: [anchorCrl, crl(issuing)] })
    assert.ok(!verdict.ok)
    const [finding, more] = verdict.findings
    assert.equal(more, undefined)
    assert.equal(finding?.code, 'ERR_VERIFY_REVOKED')
    assert.deepEqual(finding?.revocation, { at: hours(-1), reason: 'keyCompromise' })
  })

  test('counts where no crl is required', () => {
    assert.deepEqual(codesOf(ask({ mode: 'prefer', announced })), ['ERR_VERIFY_REVOKED'])
  })

  test('does not touch another certificate of the issuer', () => {
    const other = leaf(issuing)
    assert.deepEqual(codesOf(ask({ announced, crls: [anchorCrl, crl(issuing)] }, [other, issuing])), [])
  })
})

suite('status where it is only preferred', () => {
  test('a missing, an ended and a wrong crl are no findings', () => {
    assert.deepEqual(codesOf(ask({ mode: 'prefer' })), [])
    assert.deepEqual(codesOf(ask({ mode: 'prefer', crls: [crl(issuing, { nextUpdate: hours(0) })] })), [])
    assert.deepEqual(codesOf(ask({ mode: 'prefer', crls: [crl(issuing, { signer: stranger })] })), [])
  })

  test('a good crl is evidence', () => {
    const verdict = ask({ mode: 'prefer', crls: [crl(issuing)] })
    assert.deepEqual(verdict.ok && verdict.evidence.map(({ depth }) => depth), [0])
  })
})

test('status is asked of nobody whose signature did not verify', () => {
  const forged = leaf(issuing, { signer: stranger })
  const announced = () => assert.fail('asked about a forged certificate')
  const verdict = verifyPath(
    [forged.certificate.der],
    contextOf([anchorOf(issuing)], { status: { mode: 'require', crls: [], announced } }),
  )
  assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_BAD_SIGNATURE'])
})
