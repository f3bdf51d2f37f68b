// Chains that differ in what lists of revoked certificates say of them: RFC 5280 §5.2, §5.3 and §6.3.3, RFC 10007 §4.
import type { FindingCode, PathContext } from '@countersign/verify'
import {
  cRLDistributionPointsExtension,
  deltaCRLIndicatorExtension,
  type Extension,
  type IssuingDistributionPoint,
  issuingDistributionPointExtension,
  OID,
  type ReasonFlag,
} from '@countersign/x509'
import type { Case, Chain } from './chain.ts'
import { crl, type DifferentCrl, hours, marked, NOW, revoked, usage } from './house.ts'

type Lists = (chain: Chain) => readonly ReturnType<typeof crl>[]

const UNKNOWN: readonly FindingCode[] = ['ERR_VERIFY_STATUS_UNKNOWN']
const ENDED: readonly FindingCode[] = ['ERR_VERIFY_STATUS_EXPIRED']
const REVOKED: readonly FindingCode[] = ['ERR_VERIFY_REVOKED']

const place = (uri: string) =>
  ({ kind: 'fullName', value: [{ kind: 'uniformResourceIdentifier', value: uri }] }) as const
const A = place('http://a.example/crl')
const B = place('http://b.example/crl')
const pointing = (...points: Parameters<typeof cRLDistributionPointsExtension>[0]) => ({
  more: [cRLDistributionPointsExtension(points)],
})
const idp = (different: Partial<IssuingDistributionPoint>): Readonly<Record<string, Extension>> => ({
  idp: issuingDistributionPointExtension({
    onlyContainsUserCerts: false,
    onlyContainsCACerts: false,
    indirectCRL: false,
    onlyContainsAttributeCerts: false,
    ...different,
  }),
})
/** §5.2.6: OpenSSL looks for deltas where a list says that there are some. */
const freshest: Extension = { ...cRLDistributionPointsExtension([{ distributionPoint: A }]), extnID: OID.freshestCRL }

/** The root's list is there and good; these are the issuer's. */
const lists = (of: Lists) => ({
  context: (chain: Chain): Partial<PathContext> => ({
    status: { mode: 'require', crls: [crl(chain.root), ...of(chain)] },
  }),
})
const list = ({ issuing }: Chain, different: DifferentCrl = {}) =>
  crl(issuing, { ...different, extensions: { freshest, ...different.extensions } })
const delta = ({ issuing }: Chain, base: bigint, number: bigint, different: DifferentCrl = {}) =>
  crl(issuing, {
    number,
    ...different,
    extensions: { delta: deltaCRLIndicatorExtension(base), ...different.extensions },
  })
const entry = (chain: Chain, reasonCode: 'certificateHold' | 'keyCompromise' | 'removeFromCRL') => ({
  revoked: [revoked(chain.party, { reasonCode })],
})

const SOME: ReadonlySet<ReasonFlag> = new Set(['keyCompromise', 'cACompromise', 'certificateHold'])
const REST: ReadonlySet<ReasonFlag> = new Set([
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
])
const ended = { thisUpdate: hours(-48), nextUpdate: hours(-24) } as const
const unknown = (critical: boolean): Extension => ({
  extnID: '1.3.6.1.4.1.32473.1',
  critical,
  extnValue: Uint8Array.of(5, 0),
})

export const CRL_CASES: readonly Case[] = [
  { what: 'lists of both issuers', codes: [], ...lists((chain) => [list(chain)]) },
  { what: 'no list of the issuer', codes: UNKNOWN, ...lists(() => []) },
  { what: 'a list with the party', codes: REVOKED, ...lists((chain) => [list(chain, entry(chain, 'keyCompromise'))]) },
  {
    what: 'a list with the party on hold',
    codes: REVOKED,
    ...lists((chain) => [list(chain, entry(chain, 'certificateHold'))]),
  },
  {
    what: 'a list of the next second',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { thisUpdate: NOW.add({ seconds: 1 }) })]),
  },
  { what: 'a list that ends now', codes: ENDED, ...lists((chain) => [list(chain, { nextUpdate: NOW })]) },
  { what: 'a list without an end', codes: UNKNOWN, ...lists((chain) => [list(chain, { nextUpdate: null })]) },
  {
    what: 'a list without a number',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: { cRLNumber: null } })]),
  },
  {
    what: 'a list that the root signed in the name of the issuer',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { signer: chain.root.keys })]),
  },
  {
    what: 'a list with an unknown critical extension',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: { unknown: unknown(true) } })]),
  },
  {
    what: 'a list with another unknown extension',
    codes: [],
    ...lists((chain) => [list(chain, { extensions: { unknown: unknown(false) } })]),
  },
  {
    what: 'an issuer without the usage to sign lists',
    codes: UNKNOWN,
    issuing: { extensions: { keyUsage: usage('keyCertSign') } },
    ...lists((chain) => [list(chain)]),
  },
  {
    what: 'an issuer without any usage, and its list',
    codes: UNKNOWN,
    issuing: { extensions: { keyUsage: null } },
    ...lists((chain) => [list(chain)]),
  },
  {
    what: 'a list of parties',
    codes: [],
    ...lists((chain) => [list(chain, { extensions: idp({ onlyContainsUserCerts: true }) })]),
  },
  {
    what: 'a list of authorities',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: idp({ onlyContainsCACerts: true }) })]),
  },
  {
    what: 'a list of attributes',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: idp({ onlyContainsAttributeCerts: true }) })]),
  },
  {
    what: 'a list of the point that the party names',
    codes: [],
    party: pointing({ distributionPoint: A }),
    ...lists((chain) => [list(chain, { extensions: idp({ distributionPoint: A }) })]),
  },
  {
    what: 'a list of another point',
    codes: UNKNOWN,
    party: pointing({ distributionPoint: A }),
    ...lists((chain) => [list(chain, { extensions: idp({ distributionPoint: B }) })]),
  },
  {
    what: 'a list of a point, and a party that names none',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: idp({ distributionPoint: A }) })]),
  },
  {
    what: 'a list of a part that does not say so critically',
    codes: UNKNOWN,
    ...lists((chain) => [
      list(chain, { extensions: { idp: marked(false, idp({ onlyContainsUserCerts: true })['idp'] as Extension) } }),
    ]),
  },
  {
    what: 'a list of some reasons',
    codes: UNKNOWN,
    ...lists((chain) => [list(chain, { extensions: idp({ onlySomeReasons: SOME }) })]),
  },
  {
    what: 'two lists of all reasons together',
    codes: [],
    ...lists((chain) => [SOME, REST].map((onlySomeReasons) => list(chain, { extensions: idp({ onlySomeReasons }) }))),
  },
  {
    what: 'two lists of all reasons together, one of which revokes',
    codes: REVOKED,
    ...lists((chain) => [
      list(chain, { extensions: idp({ onlySomeReasons: REST }) }),
      list(chain, { ...entry(chain, 'keyCompromise'), extensions: idp({ onlySomeReasons: SOME }) }),
    ]),
  },
  { what: 'a delta alone', codes: UNKNOWN, ...lists((chain) => [delta(chain, 1n, 2n)]) },
  { what: 'a delta beside its list', codes: [], ...lists((chain) => [list(chain), delta(chain, 1n, 2n)]) },
  {
    what: 'a delta that revokes',
    codes: REVOKED,
    ...lists((chain) => [list(chain), delta(chain, 1n, 2n, entry(chain, 'keyCompromise'))]),
  },
  {
    what: 'a delta that takes a hold back',
    codes: [],
    ...lists((chain) => [
      list(chain, entry(chain, 'certificateHold')),
      delta(chain, 1n, 2n, entry(chain, 'removeFromCRL')),
    ]),
  },
  {
    what: 'a delta that takes a compromise back',
    codes: REVOKED,
    ...lists((chain) => [
      list(chain, entry(chain, 'keyCompromise')),
      delta(chain, 1n, 2n, entry(chain, 'removeFromCRL')),
    ]),
  },
  {
    what: 'a delta upon a later list than there is',
    codes: REVOKED,
    ...lists((chain) => [
      list(chain, entry(chain, 'certificateHold')),
      delta(chain, 2n, 3n, entry(chain, 'removeFromCRL')),
    ]),
  },
  {
    what: 'a delta of another scope',
    codes: REVOKED,
    ...lists((chain) => [
      list(chain, entry(chain, 'certificateHold')),
      delta(chain, 1n, 2n, { ...entry(chain, 'removeFromCRL'), extensions: idp({ onlyContainsUserCerts: true }) }),
    ]),
  },
  {
    what: 'a delta upon a list that has ended',
    codes: [],
    ...lists((chain) => [list(chain, ended), delta(chain, 1n, 2n)]),
  },
  {
    what: 'a delta that has ended upon such a list',
    codes: ENDED,
    ...lists((chain) => [list(chain, ended), delta(chain, 1n, 2n, ended)]),
  },
  {
    what: 'a hold that the next list lacks',
    codes: [],
    ...lists((chain) => [
      list(chain, entry(chain, 'certificateHold')),
      list(chain, { number: 2n, thisUpdate: NOW.subtract({ minutes: 30 }) }),
    ]),
  },
  {
    what: 'a compromise that the next list lacks',
    codes: REVOKED,
    ...lists((chain) => [
      list(chain, entry(chain, 'keyCompromise')),
      list(chain, { number: 2n, thisUpdate: NOW.subtract({ minutes: 30 }) }),
    ]),
  },
  {
    what: 'a list that the root keeps for its issuers',
    codes: [],
    party: (issuing) =>
      pointing({ distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: issuing.certificate.issuer }] }),
    ...lists(({ root }) => [crl(root, { extensions: idp({ indirectCRL: true, distributionPoint: A }) })]),
  },
  {
    what: 'a list that the root keeps for its issuers, with the party',
    codes: REVOKED,
    party: (issuing) =>
      pointing({ distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: issuing.certificate.issuer }] }),
    ...lists(({ root, issuing, party }) => [
      crl(root, {
        revoked: [
          revoked(party, { certificateIssuer: [{ kind: 'directoryName', value: issuing.certificate.subject }] }),
        ],
        extensions: idp({ indirectCRL: true, distributionPoint: A }),
      }),
    ]),
  },
  {
    what: 'a list of the root that says nothing of others, in its stead',
    codes: UNKNOWN,
    party: (issuing) =>
      pointing({ distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: issuing.certificate.issuer }] }),
    ...lists(({ root }) => [crl(root, { extensions: idp({ distributionPoint: A }) })]),
  },
]
