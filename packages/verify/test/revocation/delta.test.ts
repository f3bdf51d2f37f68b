// Later lists and earlier ones: deltas, holds that end, lists that a delta makes current. RFC 5280 §5.2.4, §6.3.3 (a), (c), (i) to (k).
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, verifyPath } from '@countersign/verify'
import { deltaCRLIndicatorExtension } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type DifferentCrl,
  type Holder,
  hours,
  marked,
  NOW,
  revoked,
} from '../../../../interop/chains/house.ts'
import { anchor, anchorCrl, idp, issuing, party } from './asked.ts'

const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']
const REVOKED = ['ERR_VERIFY_REVOKED']

const list = (different: DifferentCrl = {}): CrlIndex => crl(issuing, different)
const delta = (base: bigint, number: bigint, different: DifferentCrl = {}): CrlIndex =>
  crl(issuing, {
    number,
    ...different,
    extensions: { delta: deltaCRLIndicatorExtension(base), ...different.extensions },
  })

function ask(holder: Holder, ...crls: readonly CrlIndex[]): readonly string[] {
  const chain = [holder, issuing].map(({ certificate }) => certificate.der)
  const status = { mode: 'require', crls: [anchorCrl, ...crls] } as const
  return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { status })))
}

suite('delta crls', () => {
  const held = list({ revoked: [revoked(party, { reasonCode: 'certificateHold' })] })
  const lifting = { revoked: [revoked(party, { reasonCode: 'removeFromCRL' })] } as const
  for (const [what, crls, codes] of [
    ['alone', [delta(1n, 2n)], UNKNOWN],
    ['beside its base', [list(), delta(1n, 2n)], []],
    ['which revokes', [list(), delta(1n, 2n, { revoked: [revoked(party, { reasonCode: 'keyCompromise' })] })], REVOKED],
    ['which takes a hold back', [held, delta(1n, 2n, lifting)], []],
    [
      'which takes a hold of a newer list back',
      [list({ number: 3n, revoked: [revoked(party, { reasonCode: 'certificateHold' })] }), delta(1n, 2n, lifting)],
      REVOKED,
    ],
    ['which builds on a newer list', [held, delta(2n, 3n, lifting)], REVOKED],
    [
      'which takes back what is no hold',
      [list({ revoked: [revoked(party, { reasonCode: 'keyCompromise' })] }), delta(1n, 2n, lifting)],
      REVOKED,
    ],
    [
      'of another scope',
      [held, delta(1n, 2n, { ...lifting, extensions: idp({ onlyContainsUserCerts: true }) })],
      REVOKED,
    ],
    ['that somebody else signed', [held, delta(1n, 2n, { ...lifting, signer: anchor.keys })], REVOKED],
    ['that has ended', [held, delta(1n, 2n, { ...lifting, nextUpdate: NOW })], REVOKED],
    ['of the next second', [held, delta(1n, 2n, { ...lifting, thisUpdate: NOW.add({ seconds: 1 }) })], REVOKED],
    [
      'that is not marked critical',
      [
        held,
        crl(issuing, { number: 2n, ...lifting, extensions: { delta: marked(false, deltaCRLIndicatorExtension(1n)) } }),
      ],
      REVOKED,
    ],
  ] as const)
    test(what, () => assert.deepEqual(ask(party, ...crls), codes))
})

suite('a later list and an earlier one', () => {
  const EXPIRED = ['ERR_VERIFY_STATUS_EXPIRED']
  const past = { thisUpdate: hours(-48), nextUpdate: hours(-24) } as const
  const hold = { revoked: [revoked(party, { reasonCode: 'certificateHold' })] } as const
  const compromise = { revoked: [revoked(party, { reasonCode: 'keyCompromise' })] } as const
  const users = { extensions: idp({ onlyContainsUserCerts: true }) }
  for (const [what, crls, codes] of [
    ['an ended list is none', [list(past)], EXPIRED],
    ['a delta upon it makes it current', [list(past), delta(1n, 2n)], []],
    ['a delta upon an earlier one, too', [list({ ...past, number: 3n }), delta(1n, 4n)], []],
    ['the delta revokes', [list(past), delta(1n, 2n, compromise)], REVOKED],
    ['the list still revokes', [list({ ...past, ...compromise }), delta(1n, 2n)], REVOKED],
    ['a delta upon a later list does not', [list(past), delta(2n, 3n)], EXPIRED],
    ['a delta of its own number does not', [list({ ...past, number: 2n }), delta(1n, 2n)], EXPIRED],
    ['a delta that has ended, too, does not', [list(past), delta(1n, 2n, past)], EXPIRED],
    [
      'a delta of tomorrow does not',
      [list(past), delta(1n, 2n, { thisUpdate: hours(24), nextUpdate: hours(48) })],
      EXPIRED,
    ],
    ['a delta of another scope does not', [list(past), delta(1n, 2n, users)], EXPIRED],
    ['a delta that somebody else signed does not', [list(past), delta(1n, 2n, { signer: anchor.keys })], EXPIRED],
    [
      'a delta that names another key does not',
      [list(past), delta(1n, 2n, { extensions: { authorityKeyIdentifier: null } })],
      EXPIRED,
    ],
    [
      'a delta of a list of another issuer does not',
      [list(past), crl(anchor, { number: 2n, extensions: { delta: deltaCRLIndicatorExtension(1n) } })],
      EXPIRED,
    ],
    ['a hold ends by the silence of a later list', [list(hold), list({ number: 2n })], []],
    ['a hold of a delta, too', [list(), delta(1n, 2n, hold), list({ number: 3n })], []],
    ['a hold is not ended by an earlier list', [list({ number: 2n, ...hold }), list()], REVOKED],
    ['a hold is not ended by a list of its number', [list(hold), list()], REVOKED],
    ['a hold is not ended by a later list of another scope', [list(hold), list({ number: 2n, ...users })], REVOKED],
    ['a hold is not ended by a later list that has ended', [list(hold), list({ ...past, number: 2n })], REVOKED],
    [
      'a hold is not ended by a later list that somebody else signed',
      [list(hold), list({ number: 2n, signer: anchor.keys })],
      REVOKED,
    ],
    ['a hold is not ended by the silence of a delta', [list(hold), delta(1n, 2n)], REVOKED],
    ['a compromise is never ended', [list(compromise), list({ number: 2n })], REVOKED],
  ] as const)
    test(what, () => assert.deepEqual(ask(party, ...crls), codes))

  test('the evidence is the delta, and no longer than it is the path believed', () => {
    const renewing = delta(1n, 2n, { nextUpdate: NOW.add({ minutes: 5 }) })
    const verdict = verifyPath(
      [party, issuing].map(({ certificate }) => certificate.der),
      contextOf([anchorOf(anchor)], { status: { mode: 'require', crls: [anchorCrl, list(past), renewing] } }),
    )
    assert.ok(verdict.ok)
    assert.deepEqual(
      verdict.evidence.map((each) => [each.depth, each.kind === 'crl' && each.number]),
      [
        [1, 1n],
        [0, 2n],
      ],
    )
    assert.equal(String(verdict.path.validUntil), String(NOW.add({ minutes: 5 })))
  })
})
