// RFC 5280 §6.3.3 and RFC 10007: which full CRL counts, and what it says when it does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, verifyPath } from '@countersign/verify'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  cRLNumberExtension,
  deltaCRLIndicatorExtension,
  freshestCRLExtension,
  issuerAltNameExtension,
  issuingDistributionPointExtension,
  writeNull,
} from '@countersign/x509'
import {
  akiOf,
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type DifferentCrl,
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
import { anchor, anchorCrl, issuing } from '../../../../interop/chains/lists.ts'
import { ask, askCrls, unknownExtension } from './asked.ts'

const stranger = p256()
const point = { kind: 'fullName', value: [{ kind: 'uniformResourceIdentifier', value: 'http://a.example/' }] } as const
const scope = {
  onlyContainsUserCerts: false,
  onlyContainsCACerts: false,
  indirectCRL: false,
  onlyContainsAttributeCerts: false,
}
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
    'an indirect crl of its own issuer',
    { extensions: { idp: issuingDistributionPointExtension({ ...scope, indirectCRL: true }) } },
    [],
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
  ['a crl with an unknown extension', { extensions: { unknown: unknownExtension(false) } }, []],
  ['a crl with an unknown critical extension', { extensions: { unknown: unknownExtension(true) } }, UNKNOWN],
  [
    'a crl with an unknown extension of an entry',
    { revoked: [{ ...revoked(anchor), extensions: [unknownExtension(false)] }] },
    [],
  ],
  [
    'a crl with an unknown critical extension of any entry',
    { revoked: [revoked(issuing), { ...revoked(anchor), extensions: [unknownExtension(true)] }] },
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
        verdict.ok &&
        verdict.evidence.map((each) => [each.depth, each.kind === 'crl' && each.number, each.thisUpdate.toString()])[1]
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
