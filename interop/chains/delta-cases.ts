// Deltas and the complete lists that they build on; lists that take the place of others. RFC 5280 §5.2.3, §5.2.4 and §6.3.3 (a), (c), (h) to (k).
import { deltaCRLIndicatorExtension } from '@countersign/x509'
import { akiOf, crl, hours, intermediate, marked, NOW, name, p256, revoked, usage } from './house.ts'
import {
  A,
  anchor,
  delta,
  EXPIRED,
  idp,
  issuing,
  type ListCase,
  list,
  party,
  pointing,
  REVOKED,
  UNKNOWN,
} from './lists.ts'

const ended = { nextUpdate: hours(0) } as const
const tomorrow = { thisUpdate: NOW.add({ seconds: 1 }) } as const
const users = { extensions: idp({ onlyContainsUserCerts: true }) } as const
const nameless = { extensions: { authorityKeyIdentifier: null } } as const
const holding = { revoked: [revoked(party, { reasonCode: 'certificateHold' })] } as const
const releasing = { revoked: [revoked(party, { reasonCode: 'removeFromCRL' })] } as const
const revoking = { revoked: [revoked(party, { reasonCode: 'keyCompromise' })] } as const

/** Another key of the party's issuer, which may sign lists. */
const keys = p256()
const other = intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: usage('cRLSign') } })
const byOther = { signer: keys, extensions: { authorityKeyIdentifier: akiOf({ keys }) } } as const
/** The same key under another name. */
const lists = intermediate(anchor, {
  subject: name('Lists'),
  keys: issuing.keys,
  extensions: { keyUsage: usage('cRLSign') },
})
const indirect = idp({ distributionPoint: A, indirectCRL: true })
const atA = pointing({ distributionPoint: A })
const ofA = { extensions: idp({ distributionPoint: A }) } as const

const BESIDE_A_BASE = [
  ['alone', [delta(1n, 2n)], UNKNOWN],
  ['beside its base', [list(), delta(1n, 2n)], []],
  ['which revokes', [list(), delta(1n, 2n, revoking)], REVOKED],
  ['which revokes, and has ended', [list(), delta(1n, 2n, { ...revoking, ...ended })], REVOKED],
  ['which revokes without its base', [delta(1n, 2n, revoking)], REVOKED],
  ['beside a base that revokes', [list(revoking), delta(1n, 2n)], REVOKED],
  ['which holds', [list(), delta(1n, 2n, holding)], REVOKED],
  ['which revokes what its base holds', [list(holding), delta(1n, 2n, revoking)], REVOKED],
  ['which is silent on what its base holds', [list(holding), delta(1n, 2n)], REVOKED],
  ['which releases what its base holds', [list(holding), delta(1n, 2n, releasing)], []],
  ['which releases what nobody holds', [list(), delta(1n, 2n, releasing)], []],
  ['which takes back what is no hold', [list(revoking), delta(1n, 2n, releasing)], REVOKED],
  ['which releases, and has ended', [list(holding), delta(1n, 2n, { ...releasing, ...ended })], REVOKED],
  ['which releases, of the next second', [list(holding), delta(1n, 2n, { ...releasing, ...tomorrow })], REVOKED],
  ['which releases, of another scope', [list(holding), delta(1n, 2n, { ...releasing, ...users })], REVOKED],
  ['which releases, and names no key', [list(holding), delta(1n, 2n, { ...releasing, ...nameless })], REVOKED],
  [
    'which releases, and somebody else signed',
    [list(holding), delta(1n, 2n, { ...releasing, signer: anchor.keys })],
    REVOKED,
  ],
  [
    'which releases, and is not marked critical',
    [
      list(holding),
      list({ number: 2n, ...releasing, extensions: { delta: marked(false, deltaCRLIndicatorExtension(1n)) } }),
    ],
    REVOKED,
  ],
] as const

const NUMBERS = [
  [
    'which builds on an older list than the one that holds',
    [list({ ...holding, number: 2n }), delta(1n, 3n, releasing)],
    [],
  ],
  ['which builds on a newer list than the one that holds', [list(holding), delta(2n, 3n, releasing)], REVOKED],
  ['which is older than the list that holds', [list({ ...holding, number: 3n }), delta(1n, 2n, releasing)], REVOKED],
  ['with the number of the list that holds', [list({ ...holding, number: 2n }), delta(1n, 2n, releasing)], REVOKED],
  ['of twenty octets beside its base', [list({ number: 2n ** 158n }), delta(2n ** 158n, 2n ** 158n + 1n)], []],
] as const

/** Where the base has ended: §6.3.3 (a) (1) (i). */
const RENEWS = [
  ['which renews its base', [list(ended), delta(1n, 2n)], []],
  ['which renews a newer list than its base', [list({ ...ended, number: 2n }), delta(1n, 3n)], []],
  ['which renews what another released', [list({ ...ended, ...holding }), delta(1n, 2n, releasing)], []],
  ['which has ended as its base', [list(ended), delta(1n, 2n, ended)], EXPIRED],
  ['which somebody else signed, beside an ended list', [list(ended), delta(1n, 2n, { signer: anchor.keys })], EXPIRED],
  [
    'of another issuer beside an ended list',
    [list(ended), crl(anchor, { number: 2n, extensions: { delta: deltaCRLIndicatorExtension(1n) } })],
    EXPIRED,
  ],
  ['of the next second beside an ended list', [list(ended), delta(1n, 2n, tomorrow)], EXPIRED],
  ['which builds on a newer list than the ended one', [list(ended), delta(2n, 3n)], EXPIRED],
  ['which is older than the ended list', [list({ ...ended, number: 3n }), delta(1n, 2n)], EXPIRED],
  ['with the number of the ended list', [list({ ...ended, number: 2n }), delta(1n, 2n)], EXPIRED],
  ['of another scope than the ended list', [list(ended), delta(1n, 2n, users)], EXPIRED],
  ['without the scope of the ended list', [list({ ...ended, ...users }), delta(1n, 2n)], EXPIRED],
  [
    'of the scope of the ended list',
    [list({ ...ended, ...users }), delta(1n, 2n, { extensions: { ...users.extensions } })],
    [],
  ],
  ['which names no key, unlike the ended list', [list(ended), delta(1n, 2n, nameless)], EXPIRED],
  ['beside a list of the next second', [list(tomorrow), delta(1n, 2n)], UNKNOWN],
  ['beside a list without an end', [list({ nextUpdate: null }), delta(1n, 2n)], UNKNOWN],
] as const

const CHAINS = [
  ['over a delta', [list(ended), delta(1n, 2n, ended), delta(2n, 3n)], []],
  ['over a delta in any order', [delta(2n, 3n), delta(1n, 2n, ended), list(ended)], []],
  [
    'upon a silent list, which is newer than one that holds',
    [list(holding), list({ number: 2n, ...ended }), delta(2n, 3n)],
    [],
  ],
  [
    'which is silent on what its base holds, upon a silent list',
    [list({ ...holding, number: 2n }), list({ number: 3n, ...ended }), delta(2n, 4n)],
    REVOKED,
  ],
  [
    'upon a silent list, which is older than one that holds',
    [list(ended), list({ number: 2n, ...holding }), delta(1n, 3n)],
    REVOKED,
  ],
  [
    'upon a list that holds as an older one does',
    [list(holding), list({ number: 2n, ...holding, ...ended }), delta(2n, 3n)],
    REVOKED,
  ],
  [
    'upon a delta that releases what an older one holds',
    [list({ ...holding, ...ended }), delta(1n, 2n, { ...releasing, ...ended }), delta(2n, 3n)],
    [],
  ],
  ['over a delta that is not there', [list(ended), delta(2n, 3n), delta(3n, 4n)], EXPIRED],
  ['over a delta of another scope', [list(ended), delta(1n, 2n, { ...ended, ...users }), delta(2n, 3n)], EXPIRED],
  ['over a delta that revokes', [list(ended), delta(1n, 2n, { ...ended, ...revoking }), delta(2n, 3n)], REVOKED],
  ['which releases what an older one holds', [list(), delta(1n, 2n, holding), delta(1n, 3n, releasing)], []],
  [
    'which holds what an older one released',
    [list(holding), delta(1n, 2n, releasing), delta(1n, 3n, holding)],
    REVOKED,
  ],
] as const

/** §5.2.3: the number tells "when a particular CRL supersedes another CRL". */
const COMPLETE = [
  ['that leaves out what an older one holds', [list(holding), list({ number: 2n })], []],
  ['that leaves out what an ended one holds', [list({ ...holding, ...ended }), list({ number: 2n })], []],
  ['that leaves out what a delta holds', [list(), delta(1n, 2n, holding), list({ number: 3n })], []],
  ['that leaves out what a delta of its number holds', [delta(1n, 2n, holding), list({ number: 2n })], REVOKED],
  ['that leaves out what a newer delta holds', [list({ number: 2n }), delta(1n, 3n, holding)], REVOKED],
  ['that leaves out what an older one revokes', [list(revoking), list({ number: 2n })], REVOKED],
  ['that leaves out what an older delta revokes', [list(), delta(1n, 2n, revoking), list({ number: 3n })], REVOKED],
  ['that holds what an older one leaves out', [list(), list({ ...holding, number: 2n })], REVOKED],
  ['that has ended and leaves out what an older one holds', [list(holding), list({ ...ended, number: 2n })], REVOKED],
  [
    'of another scope that leaves out what an older one holds',
    [list(holding), list({ ...users, number: 2n })],
    REVOKED,
  ],
] as const

/** Key and scope, as far as it takes others than the usual party. */
const OTHERS: readonly ListCase[] = [
  {
    what: 'a delta under another key of the issuer than the ended list',
    sent: [other],
    crls: [list(ended), delta(1n, 2n, byOther)],
    codes: EXPIRED,
  },
  {
    what: 'a delta under another key of the issuer than the ended list, neither of which names its key',
    sent: [other],
    crls: [list({ ...ended, ...nameless }), delta(1n, 2n, { signer: keys, ...nameless })],
    codes: EXPIRED,
  },
  {
    what: 'a delta under the other key of the issuer, as the ended list',
    sent: [other],
    crls: [list({ ...ended, ...byOther }), delta(1n, 2n, byOther)],
    codes: [],
  },
  {
    what: 'a complete list under another key that leaves out what an older one holds',
    sent: [other],
    crls: [list(holding), list({ number: 2n, ...byOther })],
    codes: REVOKED,
  },
  {
    what: 'a delta of a point, which renews the list of that point',
    holder: atA,
    crls: [list({ ...ended, ...ofA }), delta(1n, 2n, ofA)],
    codes: [],
  },
  {
    what: 'a delta of a point, which does not renew the list of all points',
    holder: atA,
    crls: [list(ended), delta(1n, 2n, ofA)],
    codes: EXPIRED,
  },
  {
    what: 'a delta of another issuer of lists, which has the same key',
    holder: pointing(
      { distributionPoint: A },
      { distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: name('Lists') }] },
    ),
    sent: [lists],
    crls: [
      list({ ...ended, extensions: indirect }),
      crl(lists, { number: 2n, extensions: { ...indirect, delta: deltaCRLIndicatorExtension(1n) } }),
    ],
    codes: EXPIRED,
  },
]

const of = (kind: string, table: readonly (readonly [string, ListCase['crls'], ListCase['codes']])[]) =>
  table.map(([what, crls, codes]): ListCase => ({ what: `${kind} ${what}`, crls, codes }))

export const DELTA_CASES: readonly ListCase[] = [
  ...of('a delta', [...BESIDE_A_BASE, ...NUMBERS, ...RENEWS, ...CHAINS]),
  ...of('a complete list', COMPLETE),
  ...OTHERS,
]
