// RFC 5280 §6.3.3 and RFC 10007: what a full CRL and an announcement say, and when they say nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, type StatusContext, type Verdict, verifyPath } from '@countersign/verify'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  type CRLReason,
  cRLNumberExtension,
  deltaCRLIndicatorExtension,
  type Extension,
  freshestCRLExtension,
  issuerAltNameExtension,
  issuingDistributionPointExtension,
  writeNull,
  writeSequence,
} from '@countersign/x509'
import {
  akiOf,
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type DifferentCrl,
  type Holder,
  hours,
  intermediate,
  leaf,
  marked,
  NOW,
  name,
  p256,
  revoked,
  root,
  usage,
} from '../../../../interop/chains/house.ts'

const anchor = root()
const issuing = intermediate(anchor)
const party = leaf(issuing)
const anchorCrl = crl(anchor)
const stranger = p256()

function ask(status: Partial<StatusContext>, chain: readonly Holder[] = [party, issuing]): Verdict {
  return verifyPath(
    chain.map(({ certificate }) => certificate.der),
    contextOf([anchorOf(anchor)], { status: { mode: 'require', crls: [], ...status } }),
  )
}
const askCrls = (...crls: CrlIndex[]): readonly string[] => codesOf(ask({ crls: [anchorCrl, ...crls] }))
const point = { kind: 'fullName', value: [{ kind: 'uniformResourceIdentifier', value: 'http://a.example/' }] } as const
const scope = {
  onlyContainsUserCerts: false,
  onlyContainsCACerts: false,
  indirectCRL: false,
  onlyContainsAttributeCerts: false,
}
const unknown = (critical: boolean): Extension => ({
  extnID: '1.3.6.1.4.1.32473.1',
  critical,
  extnValue: writeSequence(),
})
const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']

/** How the CRL of the leaf's issuer differs, and what is found where a CRL is required. */
const CRLS: readonly (readonly [string, DifferentCrl, readonly string[]])[] = [
  ['a usual crl', {}, []],
  ['a crl that revokes another', { revoked: [revoked(leaf(issuing))] }, []],
  ['a crl of another issuer', { issuer: name('Other') }, UNKNOWN],
  ['a crl of its issuer in other letters', { issuer: name('ISSUING') }, []],
  ['a crl that a stranger signed', { signer: stranger }, UNKNOWN],
  [
    'a crl that a stranger signed, and says so',
    { signer: stranger, extensions: { authorityKeyIdentifier: akiOf({ keys: stranger }) } },
    UNKNOWN,
  ],
  [
    'a crl that names another key of its issuer',
    { extensions: { authorityKeyIdentifier: akiOf({ keys: stranger }) } },
    UNKNOWN,
  ],
  ['a crl that names no key', { extensions: { authorityKeyIdentifier: null } }, []],
  [
    'a crl that names no key in its extension',
    { extensions: { authorityKeyIdentifier: authorityKeyIdentifierExtension({}) } },
    [],
  ],
  [
    'a crl by ecdsa with sha-1',
    { signer: { ...issuing.keys, algorithm: { algorithm: '1.2.840.10045.4.1' }, hash: 'sha1' } },
    UNKNOWN,
  ],
  [
    'a crl by an algorithm of another kind of key',
    { signer: { ...issuing.keys, algorithm: ALGORITHM.sha256WithRSAEncryption } },
    UNKNOWN,
  ],
  ['a crl of this moment', { thisUpdate: NOW }, []],
  ['a crl of the next second', { thisUpdate: NOW.add({ seconds: 1 }) }, UNKNOWN],
  ['a crl that ends in a second', { nextUpdate: NOW.add({ seconds: 1 }) }, []],
  ['a crl that ends now', { nextUpdate: NOW }, ['ERR_VERIFY_STATUS_EXPIRED']],
  ['a crl without an end', { nextUpdate: null }, UNKNOWN],
  ['a crl without a number', { extensions: { cRLNumber: null } }, UNKNOWN],
  ['a crl with a critical number', { extensions: { cRLNumber: marked(true, cRLNumberExtension(1n)) } }, UNKNOWN],
  [
    'a crl with a critical key identifier',
    { extensions: { authorityKeyIdentifier: marked(true, akiOf(issuing)) } },
    UNKNOWN,
  ],
  [
    'a delta crl that is not marked critical',
    { extensions: { delta: marked(false, deltaCRLIndicatorExtension(1n)) } },
    UNKNOWN,
  ],
  [
    'a crl by ecdsa with null parameters',
    { signer: { ...issuing.keys, algorithm: { ...ALGORITHM.ecdsaWithSHA256, parameters: writeNull() } } },
    UNKNOWN,
  ],
  [
    'a crl with critical other names of its issuer',
    { extensions: { ian: marked(true, issuerAltNameExtension(point.value)) } },
    UNKNOWN,
  ],
  [
    'a crl with critical places of its issuer',
    {
      extensions: {
        aia: marked(
          true,
          authorityInfoAccessExtension([{ accessMethod: '1.3.6.1.5.5.7.48.2', accessLocation: point.value[0] }]),
        ),
      },
    },
    UNKNOWN,
  ],
  ['a delta crl', { extensions: { delta: deltaCRLIndicatorExtension(1n) } }, UNKNOWN],
  [
    'a crl with an issuing distribution point',
    { extensions: { idp: issuingDistributionPointExtension({ ...scope, distributionPoint: point }) } },
    UNKNOWN,
  ],
  [
    'an indirect crl',
    { extensions: { idp: issuingDistributionPointExtension({ ...scope, indirectCRL: true }) } },
    UNKNOWN,
  ],
  [
    'a crl of authorities only, not marked critical',
    { extensions: { idp: marked(false, issuingDistributionPointExtension({ ...scope, onlyContainsCACerts: true })) } },
    UNKNOWN,
  ],
  [
    'a crl that tells of deltas',
    { extensions: { freshest: freshestCRLExtension([{ distributionPoint: point }]) } },
    [],
  ],
  [
    'a crl with a critical word of deltas',
    { extensions: { freshest: marked(true, freshestCRLExtension([{ distributionPoint: point }])) } },
    UNKNOWN,
  ],
  ['a crl with other names of its issuer', { extensions: { ian: issuerAltNameExtension(point.value) } }, []],
  [
    'a crl with places of its issuer',
    {
      extensions: {
        aia: authorityInfoAccessExtension([{ accessMethod: '1.3.6.1.5.5.7.48.2', accessLocation: point.value[0] }]),
      },
    },
    [],
  ],
  ['a crl with an unknown extension', { extensions: { unknown: unknown(false) } }, []],
  ['a crl with an unknown critical extension', { extensions: { unknown: unknown(true) } }, UNKNOWN],
  [
    'a crl with an unknown extension of an entry',
    { revoked: [{ ...revoked(anchor), extensions: [unknown(false)] }] },
    [],
  ],
  [
    'a crl with an unknown critical extension of any entry',
    { revoked: [revoked(issuing), { ...revoked(anchor), extensions: [unknown(true)] }] },
    UNKNOWN,
  ],
  [
    'an entry of another issuer',
    { revoked: [revoked(anchor, { certificateIssuer: [{ kind: 'directoryName', value: name('Other') }] })] },
    UNKNOWN,
  ],
]

suite('a full crl, where one is required', () => {
  for (const [what, different, codes] of CRLS) {
    test(`${codes.length === 0 ? 'accepted' : 'refused'}: ${what}`, () => {
      assert.deepEqual(askCrls(crl(issuing, different)), codes)
    })
  }

  test('none at all for the leaf, or for its issuer', () => {
    assert.deepEqual(codesOf(ask({ crls: [anchorCrl] })), UNKNOWN)
    assert.deepEqual(codesOf(ask({ crls: [crl(issuing)] })), UNKNOWN)
  })

  test('what it said stands as evidence, and its end bounds the verdict', () => {
    const verdict = ask({ crls: [crl(anchor, { number: 4n, nextUpdate: hours(3) }), crl(issuing, { number: 7n })] })
    assert.ok(verdict.ok)
    const common = { kind: 'crl', thisUpdate: hours(-1) }
    assert.deepEqual(verdict.evidence, [
      { ...common, depth: 1, issuer: anchor.certificate.subject, number: 4n, nextUpdate: hours(3) },
      { ...common, depth: 0, issuer: issuing.certificate.subject, number: 7n, nextUpdate: hours(1) },
    ])
    assert.ok(verdict.path.validUntil.equals(hours(1)))
  })

  test('the newest by number, then by time, is the evidence', () => {
    const numbers = (...crls: CrlIndex[]) => {
      const verdict = ask({ crls: [anchorCrl, ...crls] })
      return (
        verdict.ok && verdict.evidence.map(({ depth, number, thisUpdate }) => [depth, number, thisUpdate.toString()])[1]
      )
    }
    const [older, newer] = [crl(issuing, { number: 9n }), crl(issuing, { number: 10n, thisUpdate: hours(-5) })]
    assert.deepEqual(numbers(older, newer), [0, 10n, hours(-5).toString()])
    assert.deepEqual(numbers(newer, older), [0, 10n, hours(-5).toString()])
    assert.deepEqual(numbers(crl(issuing, { thisUpdate: hours(-5) }), crl(issuing)), [0, 1n, hours(-1).toString()])
    // One that cannot be used stands in nobody's way.
    assert.deepEqual(numbers(older, crl(issuing, { number: 11n, signer: stranger })), [0, 9n, hours(-1).toString()])
    assert.deepEqual(numbers(older, crl(issuing, { number: 11n, nextUpdate: hours(0) })), [0, 9n, hours(-1).toString()])
  })

  test('an issuer that may not sign crls', () => {
    for (const keyUsage of [usage('keyCertSign'), null]) {
      const other = intermediate(anchor, { extensions: { keyUsage } })
      const theirs = leaf(other)
      assert.deepEqual(codesOf(ask({ crls: [anchorCrl, crl(other)] }, [theirs, other])), UNKNOWN)
    }
  })

  test('an anchor that may not sign crls', () => {
    const other = root({ extensions: { keyUsage: usage('keyCertSign') } })
    const theirs = leaf(other)
    const status = { mode: 'require', crls: [crl(other)] } as const
    assert.deepEqual(codesOf(verifyPath([theirs.certificate.der], contextOf([anchorOf(other)], { status }))), UNKNOWN)
  })

  test('an anchor without a certificate may sign crls', () => {
    const { certificate, ...bare } = anchorOf(anchor)
    const own = leaf(anchor)
    const status = { mode: 'require', crls: [anchorCrl] } as const
    assert.deepEqual(codesOf(verifyPath([own.certificate.der], contextOf([bare], { status }))), [])
    assert.ok(certificate)
  })
})

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
        ask({ mode: 'prefer', crls: [crl(issuing, { revoked: entries, extensions: { unknown: unknown(true) } })] }),
      ),
      [],
    )
  })

  test('is refused by the first of two entries, though the second takes it back', () => {
    const entries = [revoked(party), revoked(party, { reasonCode: 'removeFromCRL' })]
    assert.deepEqual(askCrls(crl(issuing, { revoked: entries })), ['ERR_VERIFY_REVOKED'])
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
