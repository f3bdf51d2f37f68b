// CRLs of a part: by distribution point, by kind of certificate, by reason. RFC 5280 §6.3.3 (b) to (e).
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, DEFAULT_BUDGET, verifyPath } from '@countersign/verify'
import type { ReasonFlag } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type DifferentCrl,
  type Holder,
  marked,
  name,
  revoked,
} from '../../../../interop/chains/house.ts'
import { A, anchor, anchorCrl, B, idp, issuing, party, pointing } from './asked.ts'

const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']
const REVOKED = ['ERR_VERIFY_REVOKED']
const SOME: ReadonlySet<ReasonFlag> = new Set(['keyCompromise', 'cACompromise', 'certificateHold'])
const REST: ReadonlySet<ReasonFlag> = new Set([
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
])

const list = (different: DifferentCrl = {}): CrlIndex => crl(issuing, different)
function ask(holder: Holder, ...crls: readonly CrlIndex[]): readonly string[] {
  const chain = [holder, issuing].map(({ certificate }) => certificate.der)
  const status = { mode: 'require', crls: [anchorCrl, ...crls] } as const
  return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { status })))
}

suite('the scope of a crl', () => {
  const atA = pointing({ distributionPoint: A })
  const atEither = pointing({ distributionPoint: A }, { distributionPoint: B })
  for (const [what, holder, crls, codes] of [
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
  ] as const)
    test(what, () => assert.deepEqual(ask(holder, ...crls), codes))

  test('of authorities, for an authority', () => {
    const mine = crl(anchor, { extensions: idp({ onlyContainsCACerts: true }) })
    const theirs = crl(anchor, { extensions: idp({ onlyContainsUserCerts: true }) })
    const asked = (above: CrlIndex) => {
      const status = { mode: 'require', crls: [above, list()] } as const
      const chain = [party, issuing].map(({ certificate }) => certificate.der)
      return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { status })))
    }
    assert.deepEqual(asked(mine), [])
    assert.deepEqual(asked(theirs), UNKNOWN)
  })

  test('thousands of names in points are over the budget, hundreds are not', () => {
    const many = (count: number) =>
      pointing({
        distributionPoint: {
          kind: 'fullName',
          value: Array.from(
            { length: count },
            (_, i) => ({ kind: 'uniformResourceIdentifier', value: `a:${i}` }) as const,
          ),
        },
      })
    const asked = (holder: Holder, crls: readonly CrlIndex[]) => {
      const chain = [holder, issuing].map(({ certificate }) => certificate.der)
      const budget = { ...DEFAULT_BUDGET, maxOctets: 1_048_576 }
      return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { budget, status: { mode: 'prefer', crls } })))
    }
    const crls = [anchorCrl, list({ extensions: idp({ distributionPoint: B }) })]
    assert.deepEqual(asked(many(900), crls), [])
    assert.deepEqual(asked(many(5000), crls), ['ERR_VERIFY_BUDGET'])
    assert.deepEqual(asked(many(5000), []), [])
  })

  test('both lists are evidence where it takes two', () => {
    const status = {
      mode: 'require',
      crls: [
        anchorCrl,
        list({ extensions: idp({ onlySomeReasons: SOME }) }),
        list({ number: 2n, extensions: idp({ onlySomeReasons: REST }) }),
      ],
    } as const
    const verdict = verifyPath(
      [party, issuing].map(({ certificate }) => certificate.der),
      contextOf([anchorOf(anchor)], { status }),
    )
    assert.deepEqual(verdict.ok && verdict.evidence.map((each) => [each.depth, each.kind === 'crl' && each.number]), [
      [1, 1n],
      [0, 2n],
      [0, 1n],
    ])
  })
})
