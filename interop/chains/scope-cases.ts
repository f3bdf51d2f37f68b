// Lists of a part: by distribution point, by kind of certificate, by reason. RFC 5280 §6.3.3 (b), (d) and (e).
import type { ReasonFlag } from '@countersign/x509'
import { marked, name, revoked } from './house.ts'
import { A, B, idp, type ListCase, list, party, pointing, REVOKED, UNKNOWN } from './lists.ts'

export const SOME: ReadonlySet<ReasonFlag> = new Set(['keyCompromise', 'cACompromise', 'certificateHold'])
export const REST: ReadonlySet<ReasonFlag> = new Set([
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
])

const atA = pointing({ distributionPoint: A })
const atEither = pointing({ distributionPoint: A }, { distributionPoint: B })

const TABLE = [
  ['of the point that the certificate names', atA, [list({ extensions: idp({ distributionPoint: A }) })], []],
  ['of another point', atA, [list({ extensions: idp({ distributionPoint: B }) })], UNKNOWN],
  [
    'of a point, for a certificate that names none',
    party,
    [list({ extensions: idp({ distributionPoint: A }) })],
    UNKNOWN,
  ],
  ['of one of two points', atEither, [list({ extensions: idp({ distributionPoint: B }) })], []],
  ['of no point', atA, [list()], []],
  [
    'of its issuer by name, for a certificate that names no point',
    party,
    [
      list({
        extensions: idp({
          distributionPoint: { kind: 'fullName', value: [{ kind: 'directoryName', value: name('issuing') }] },
        }),
      }),
    ],
    [],
  ],
  [
    'of a point relative to its issuer, as the certificate has it',
    pointing({ distributionPoint: { kind: 'nameRelativeToCRLIssuer', value: name('shard 1').rdnSequence[0] ?? [] } }),
    [
      list({
        extensions: idp({
          distributionPoint: { kind: 'nameRelativeToCRLIssuer', value: name('Shard  1').rdnSequence[0] ?? [] },
        }),
      }),
    ],
    [],
  ],
  [
    'of a point with another issuer of lists',
    pointing({ distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: name('Lists') }] }),
    [list({ extensions: idp({ distributionPoint: A }) })],
    UNKNOWN,
  ],
  [
    'of parties, not marked critical',
    party,
    [
      list({
        extensions: { idp: marked(false, idp({ onlyContainsUserCerts: true })['idp'] as ReturnType<typeof marked>) },
      }),
    ],
    UNKNOWN,
  ],
  ['of parties, for a party', party, [list({ extensions: idp({ onlyContainsUserCerts: true }) })], []],
  ['of authorities, for a party', party, [list({ extensions: idp({ onlyContainsCACerts: true }) })], UNKNOWN],
  ['of attribute certificates', party, [list({ extensions: idp({ onlyContainsAttributeCerts: true }) })], UNKNOWN],
  ['indirect, of its own issuer', party, [list({ extensions: idp({ indirectCRL: true }) })], []],
  ['of some reasons', party, [list({ extensions: idp({ onlySomeReasons: SOME }) })], UNKNOWN],
  [
    'of some reasons, and of the rest',
    party,
    [list({ extensions: idp({ onlySomeReasons: SOME }) }), list({ extensions: idp({ onlySomeReasons: REST }) })],
    [],
  ],
  [
    'of some reasons, twice',
    party,
    [
      list({ extensions: idp({ onlySomeReasons: SOME }) }),
      list({ number: 2n, extensions: idp({ onlySomeReasons: SOME }) }),
    ],
    UNKNOWN,
  ],
  [
    'of some reasons, which revokes',
    party,
    [list({ revoked: [revoked(party)], extensions: idp({ onlySomeReasons: SOME }) }), list()],
    REVOKED,
  ],
  [
    'of another point, which revokes',
    atA,
    [list({ revoked: [revoked(atA)], extensions: idp({ distributionPoint: B }) })],
    UNKNOWN,
  ],
  [
    'of a point that the certificate names for some reasons alone',
    pointing({ distributionPoint: A, reasons: SOME }),
    [list({ extensions: idp({ distributionPoint: A }) })],
    UNKNOWN,
  ],
  [
    'of two points, each for its reasons',
    pointing({ distributionPoint: A, reasons: SOME }, { distributionPoint: B, reasons: REST }),
    [list({ extensions: idp({ distributionPoint: A }) }), list({ extensions: idp({ distributionPoint: B }) })],
    [],
  ],
] as const

export const SCOPE_CASES: readonly ListCase[] = TABLE.map(([what, holder, crls, codes]) => ({
  what: `a list ${what}`,
  holder,
  crls,
  codes,
}))
