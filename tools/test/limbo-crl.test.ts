// The key for revocation that a case in limbo's format may carry: each certificate of the path is asked about, the anchor is not.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CrlIndex } from '@countersign/verify'
import { deltaCRLIndicatorExtension, type Extension, writePem } from '@countersign/x509'
import { CRL_ISSUER_CASES } from '../../interop/chains/crl-issuer-cases.ts'
import { DELTA_CASES } from '../../interop/chains/delta-cases.ts'
import {
  akiOf,
  crl,
  type Holder,
  hours,
  intermediate,
  leaf,
  NOW,
  name,
  p256,
  revoked,
  root,
  usage,
} from '../../interop/chains/house.ts'
import { A, anchor, anchorCrl, B, idp, issuing, party, pointing } from '../../interop/chains/lists.ts'
import { SCOPE_CASES } from '../../interop/chains/scope-cases.ts'
import { runCase } from '../limbo/harness.ts'

function judge([peer, ...issuers]: readonly [Holder, ...Holder[]], top: Holder, crls: readonly CrlIndex[]) {
  const pem = ({ certificate }: Holder) => writePem('CERTIFICATE', certificate.der)
  const one = {
    id: 'lists::case',
    expected_result: 'SUCCESS',
    validation_kind: 'CLIENT',
    validation_time: NOW.toString(),
    trusted_certs: [pem(top)],
    untrusted_intermediates: issuers.map(pem),
    peer_certificate: pem(peer),
    crls: crls.map(({ crl }) => writePem('X509 CRL', crl.der)),
    revocation: 'require-crl',
  } as const
  const { actual_result, context } = runCase(one, NOW)
  return context === null ? actual_result : context
}

suite('lists in limbo’s format', () => {
  for (const { what, codes, crls, holder = party, sent = [] } of [...SCOPE_CASES, ...DELTA_CASES, ...CRL_ISSUER_CASES])
    test(what, () => {
      const context = judge([holder, issuing, ...sent], anchor, [anchorCrl, ...crls])
      assert.match(context, codes.length === 0 ? /^SUCCESS$/ : new RegExp(`^${codes.join('.*')} `))
    })
})

suite('each certificate of a path of four', () => {
  const top = root()
  const upper = intermediate(top, { subject: name('Upper') })
  const lower = intermediate(upper, { subject: name('Lower') })
  const peer = leaf(lower)
  const chain = [peer, lower, upper] as const
  const good = [top, upper, lower].map((holder) => crl(holder))
  for (const [depth, which] of ['its issuer', 'its issuer’s issuer', 'the anchor'].entries()) {
    const at = 2 - depth
    test(`no list of ${which}`, () =>
      assert.equal(
        judge(chain, top, good.toSpliced(at, 1)),
        `ERR_VERIFY_STATUS_UNKNOWN at ${depth}: there is no crl of its issuer`,
      ))
    test(`a list of ${which} that revokes`, () => {
      const bad = crl([top, upper, lower][at] as Holder, { revoked: [revoked(chain[depth] as Holder)] })
      assert.match(judge(chain, top, good.with(at, bad)), new RegExp(`^ERR_VERIFY_REVOKED at ${depth}: revoked at `))
    })
  }

  test('the lists of all issuers, in any order', () => {
    assert.equal(judge(chain, top, good), 'SUCCESS')
    assert.equal(judge(chain, top, good.toReversed()), 'SUCCESS')
  })

  test('none at all', () =>
    assert.match(judge(chain, top, []), /^ERR_VERIFY_STATUS_UNKNOWN at 0: .*STATUS_UNKNOWN at 2/))

  test('what the lists say of others, the anchor among them', () => {
    const others = [top, intermediate(top), leaf(upper)].map((holder) => revoked(holder))
    assert.equal(
      judge(
        chain,
        top,
        [top, upper, lower].map((holder) => crl(holder, { revoked: others })),
      ),
      'SUCCESS',
    )
  })

  test('the same number in the list of another issuer', () => {
    const lists = [crl(top, { revoked: [revoked(peer)] }), crl(upper, { revoked: [revoked(upper)] }), crl(lower)]
    assert.equal(judge(chain, top, lists), 'SUCCESS')
  })
})

suite('many lists of one issuer', () => {
  const ended = { thisUpdate: hours(-48), nextUpdate: hours(-24) } as const
  const users = idp({ onlyContainsUserCerts: true })
  const authorities = idp({ onlyContainsCACerts: true })
  const atB = pointing({ distributionPoint: B })
  const ofA = idp({ distributionPoint: A })
  const ofB = idp({ distributionPoint: B })
  const list = (number: bigint, extensions: Readonly<Record<string, Extension>> = {}, different = {}) =>
    crl(issuing, { number, extensions, ...different })
  const bad = { revoked: [revoked(party)] } as const
  for (const [what, holder, crls, result] of [
    ['ended and current', party, [list(1n, {}, ended), list(2n)], /^SUCCESS/],
    ['ended alone', party, [list(1n, {}, ended), list(2n, {}, ended)], /^ERR_VERIFY_STATUS_EXPIRED/],
    ['of parties and of authorities', party, [list(1n, users), list(1n, authorities)], /^SUCCESS/],
    [
      'of authorities and of parties, the latter ended',
      party,
      [list(1n, users, ended), list(2n, authorities)],
      /^ERR_VERIFY_STATUS_EXPIRED/,
    ],
    ['of authorities, which revokes the party', party, [list(1n, users), list(1n, authorities, bad)], /^SUCCESS/],
    ['of each point', atB, [list(1n, ofA), list(1n, ofB)], /^SUCCESS/],
    ['of another point, which revokes', atB, [list(2n, ofA, { revoked: [revoked(atB)] }), list(1n, ofB)], /^SUCCESS/],
    [
      'of its point, which revokes',
      atB,
      [list(2n, ofA), list(1n, ofB, { revoked: [revoked(atB)] })],
      /^ERR_VERIFY_REVOKED/,
    ],
    [
      'of its point ended, of another current',
      atB,
      [list(2n, ofA), list(1n, ofB, ended)],
      /^ERR_VERIFY_STATUS_EXPIRED/,
    ],
    [
      'of each point, each with a delta',
      atB,
      [
        list(1n, ofA, ended),
        list(1n, ofB, ended),
        list(2n, { ...ofA, delta: deltaCRLIndicatorExtension(1n) }),
        list(2n, { ...ofB, delta: deltaCRLIndicatorExtension(1n) }),
      ],
      /^SUCCESS/,
    ],
    [
      'of each point, but for the delta of its own',
      atB,
      [list(1n, ofA, ended), list(1n, ofB, ended), list(2n, { ...ofA, delta: deltaCRLIndicatorExtension(1n) })],
      /^ERR_VERIFY_STATUS_EXPIRED/,
    ],
  ] as const)
    test(what, () => assert.match(judge([holder, issuing], anchor, [anchorCrl, ...crls]), result))

  test('of its two keys, each with a certificate among those that were sent', () => {
    const keys = p256()
    const signer = intermediate(anchor, { subject: name('Issuing'), keys, extensions: { keyUsage: usage('cRLSign') } })
    const byOther = { authorityKeyIdentifier: akiOf({ keys }) }
    const crls = [list(1n, {}, ended), list(2n, byOther, { signer: keys })]
    assert.equal(judge([party, issuing, signer], anchor, [anchorCrl, ...crls]), 'SUCCESS')
    assert.match(judge([party, issuing], anchor, [anchorCrl, ...crls]), /^ERR_VERIFY_STATUS_EXPIRED/)
  })
})
