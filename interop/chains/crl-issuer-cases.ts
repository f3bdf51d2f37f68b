// Who may sign a list: another key of its issuer, and the issuer of lists that a certificate names. RFC 5280 §6.3.3 (b) (1) and (f), §5.3.3.
import type { IssuingDistributionPoint } from '@countersign/x509'
import {
  akiOf,
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
} from './house.ts'
import { A, anchor, B, idp, type ListCase, list, party, pointing, REVOKED, UNKNOWN } from './lists.ts'

const lists = intermediate(anchor, { subject: name('Lists'), extensions: { keyUsage: usage('cRLSign') } })
const listsName = [{ kind: 'directoryName', value: name('Lists') }] as const
const listed = pointing({ distributionPoint: A, cRLIssuer: listsName })
const elsewhere = pointing({ distributionPoint: A })
const indirect = (different: Partial<IssuingDistributionPoint> = {}, entries: DifferentCrl['revoked'] = []) =>
  crl(lists, { revoked: entries, extensions: idp({ indirectCRL: true, distributionPoint: A, ...different }) })
const of = (issuer: string, holder: Holder): ReturnType<typeof revoked> =>
  revoked(holder, { certificateIssuer: [{ kind: 'directoryName', value: name(issuer) }] })

const INDIRECT = [
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
] as const

const keys = p256()
const crlOnly = { extensions: { keyUsage: usage('cRLSign') } } as const
const other = intermediate(anchor, { subject: name('Issuing'), keys, ...crlOnly })
const byOther = (different: DifferentCrl = {}) =>
  list({ signer: keys, ...different, extensions: { authorityKeyIdentifier: akiOf({ keys }), ...different.extensions } })
const signed = byOther()

/** Another key of the issuer signs its list: who certified it decides. */
const OTHER_KEY = [
  ['which the anchor certified for lists', [other], [signed], []],
  ['which revokes', [other], [byOther({ revoked: [revoked(party)] })], REVOKED],
  ['that nobody certified', [], [signed], UNKNOWN],
  [
    'that may not sign lists',
    [intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: usage('keyCertSign') } })],
    [signed],
    UNKNOWN,
  ],
  [
    'without a key usage',
    [intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: null } })],
    [signed],
    UNKNOWN,
  ],
  ['of another name', [intermediate(anchor, { subject: name('Other'), keys, ...crlOnly })], [signed], UNKNOWN],
  ['under another anchor', [intermediate(root(), { subject: name('Issuing'), keys, ...crlOnly })], [signed], UNKNOWN],
  [
    'whose certificate has ended',
    [intermediate(anchor, { subject: name('Issuing'), keys, notAfter: hours(-1), ...crlOnly })],
    [signed],
    UNKNOWN,
  ],
  ['whose certificate is revoked', [other], [crl(anchor, { number: 2n, revoked: [revoked(other)] }), signed], UNKNOWN],
] as const

const atAnchor = pointing({
  distributionPoint: A,
  cRLIssuer: [{ kind: 'directoryName', value: anchor.certificate.subject }],
})
const ofAnchor = (different: DifferentCrl = {}) =>
  crl(anchor, { ...different, extensions: idp({ indirectCRL: true, distributionPoint: A }) })
const BY_ANCHOR = [
  ['which revokes nobody', ofAnchor(), []],
  ['which revokes', ofAnchor({ revoked: [of('Issuing', atAnchor)] }), REVOKED],
  ['that another key signed', ofAnchor({ signer: keys }), UNKNOWN],
] as const

export const CRL_ISSUER_CASES: readonly ListCase[] = [
  ...OTHER_KEY.map(([what, sent, crls, codes]) => ({ what: `another key ${what}`, sent, crls, codes })),
  ...INDIRECT.map(([what, holder, index, codes]) => ({
    what: `an indirect list ${what}`,
    holder,
    crls: [index],
    codes,
    sent: [lists],
  })),
  ...BY_ANCHOR.map(([what, index, codes]) => ({
    what: `an indirect list of the anchor ${what}`,
    holder: atAnchor,
    crls: [index],
    codes,
  })),
]
