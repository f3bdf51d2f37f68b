// Who may sign a CRL: another key of its issuer, and the issuer of lists that a certificate names. RFC 5280 §6.3.3 (b) (1) and (f), §5.3.3.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, verifyPath } from '@countersign/verify'
import type { IssuingDistributionPoint } from '@countersign/x509'
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
  name,
  p256,
  revoked,
  root,
  usage,
} from '../../../../interop/chains/house.ts'
import { A, anchor, anchorCrl, B, idp, issuing, party, pointing } from './asked.ts'

const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']
const REVOKED = ['ERR_VERIFY_REVOKED']

suite('who signs a crl', () => {
  const keys = p256()
  const crlOnly = { extensions: { keyUsage: usage('cRLSign') } } as const
  const signed = crl(issuing, { signer: keys, extensions: { authorityKeyIdentifier: akiOf({ keys }) } })
  const askWith = (more: readonly Holder[], ...crls: readonly CrlIndex[]) => {
    const chain = [party, issuing, ...more].map(({ certificate }) => certificate.der)
    const status = { mode: 'require', crls: [anchorCrl, ...crls] } as const
    return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { status })))
  }
  const other = intermediate(anchor, { subject: name('Issuing'), keys, ...crlOnly })

  test('another key of the issuer, which the anchor certified for crls', () => {
    assert.deepEqual(askWith([other], signed), [])
    assert.deepEqual(
      askWith(
        [other],
        crl(issuing, {
          signer: keys,
          revoked: [revoked(party)],
          extensions: { authorityKeyIdentifier: akiOf({ keys }) },
        }),
      ),
      REVOKED,
    )
  })
  for (const [what, more] of [
    ['that nobody certified', []],
    [
      'that may not sign crls',
      [intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: usage('keyCertSign') } })],
    ],
    ['without a key usage', [intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: null } })]],
    ['of another name', [intermediate(anchor, { subject: name('Other'), keys, ...crlOnly })]],
    ['under another anchor', [intermediate(root(), { subject: name('Issuing'), keys, ...crlOnly })]],
    [
      'whose certificate has ended',
      [intermediate(anchor, { subject: name('Issuing'), keys, notAfter: hours(-1), ...crlOnly })],
    ],
  ] as const)
    test(`another key ${what}`, () => assert.deepEqual(askWith(more, signed), UNKNOWN))

  test('another key whose certificate is revoked', () => {
    const above = crl(anchor, { number: 2n, revoked: [revoked(other)] })
    assert.deepEqual(askWith([other], above, signed), UNKNOWN)
  })
})

suite('indirect crls', () => {
  const lists = intermediate(anchor, { subject: name('Lists'), extensions: { keyUsage: usage('cRLSign') } })
  const listsName = [{ kind: 'directoryName', value: name('Lists') }] as const
  const listed = pointing({ distributionPoint: A, cRLIssuer: listsName })
  const elsewhere = pointing({ distributionPoint: A })
  const indirect = (different: Partial<IssuingDistributionPoint> = {}, entries: DifferentCrl['revoked'] = []) =>
    crl(lists, { revoked: entries, extensions: idp({ indirectCRL: true, distributionPoint: A, ...different }) })
  const of = (issuer: string, holder: Holder): ReturnType<typeof revoked> =>
    revoked(holder, { certificateIssuer: [{ kind: 'directoryName', value: name(issuer) }] })
  const askFor = (holder: Holder, index: CrlIndex) => {
    const chain = [holder, issuing, lists].map(({ certificate }) => certificate.der)
    const status = { mode: 'require', crls: [anchorCrl, index] } as const
    return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { status })))
  }
  for (const [what, holder, index, codes] of [
    ['of the issuer that the certificate names', listed, indirect(), []],
    ['which revokes it', listed, indirect({}, [of('Issuing', listed)]), REVOKED],
    [
      'which revokes it after another of its issuer',
      listed,
      indirect({}, [of('Issuing', party), revoked(listed)]),
      REVOKED,
    ],
    ['which revokes the number of another issuer', listed, indirect({}, [of('Other', listed)]), []],
    ['which revokes the number of its own issuer', listed, indirect({}, [revoked(listed)]), []],
    [
      'with an entry of no name',
      listed,
      indirect({}, [revoked(party, { certificateIssuer: [{ kind: 'dNSName', value: 'a.example' }] })]),
      UNKNOWN,
    ],
    [
      'with an entry of two names',
      listed,
      indirect({}, [
        revoked(party, {
          certificateIssuer: ['Issuing', 'Other'].map((one) => ({ kind: 'directoryName', value: name(one) }) as const),
        }),
      ]),
      UNKNOWN,
    ],
    ['that is not said to be indirect', listed, indirect({ indirectCRL: false }), UNKNOWN],
    ['of another point', listed, indirect({ distributionPoint: B }), UNKNOWN],
    ['for a certificate that names no issuer of lists', elsewhere, indirect(), UNKNOWN],
    [
      'which revokes a certificate that names no issuer of lists',
      elsewhere,
      indirect({}, [of('Issuing', elsewhere)]),
      UNKNOWN,
    ],
    [
      'of a point that the issuer of lists names by itself',
      pointing({ cRLIssuer: listsName }),
      indirect({ distributionPoint: { kind: 'fullName', value: listsName } }),
      [],
    ],
  ] as const)
    test(what, () => assert.deepEqual(askFor(holder, index), codes))
})

suite('indirect crls of the anchor itself', () => {
  const rootName = [{ kind: 'directoryName', value: anchor.certificate.subject }] as const
  const listed = pointing({ distributionPoint: A, cRLIssuer: rootName })
  const lists = (different: DifferentCrl = {}) =>
    crl(anchor, { ...different, extensions: idp({ indirectCRL: true, distributionPoint: A }) })
  const entry = revoked(listed, {
    certificateIssuer: [{ kind: 'directoryName', value: issuing.certificate.subject }],
  })
  const askUnder = (top: Holder, index: CrlIndex) => {
    const chain = [listed, issuing].map(({ certificate }) => certificate.der)
    return codesOf(
      verifyPath(chain, contextOf([anchorOf(top)], { status: { mode: 'require', crls: [anchorCrl, index] } })),
    )
  }
  for (const [what, index, codes] of [
    ['good', lists(), []],
    ['revoked', lists({ revoked: [entry] }), REVOKED],
    ['that another key signed', lists({ signer: p256() }), UNKNOWN],
  ] as const)
    test(what, () => assert.deepEqual(askUnder(anchor, index), codes))
})
