import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CAUSE_OF_FINDING, REFUSALS, refusalOfFindings } from '@countersign/protocol'
import { FINDINGS, type FindingCode, type ReferenceIdentity } from '@countersign/verify'
import type { CertificateList } from '@countersign/x509'
import { type Judgement, judge, type Question } from '../../src/gate/judge.ts'
import type { Credential } from '../../src/model.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { createTrust } from '../../src/trust/trust.ts'
import {
  announcement,
  createIntermediate,
  createRoot,
  dns,
  type Issuer,
  issueCrl,
  issueLeaf,
  NOW,
  uri,
} from '../support/pki.ts'

const root = createRoot('Acme Root')
const issuing = createIntermediate(root, 'Acme Issuing 1')
const foreign = createRoot('Foreign Root')
const ALICE = { names: [uri('spiffe://acme.example/alice')], purposes: ['clientAuth'] } as const
const SHOP = { names: [dns('shop.acme.example')], purposes: ['serverAuth'] } as const
const alice = issueLeaf(issuing, 'alice', ALICE)
const shop = issueLeaf(issuing, 'shop', SHOP)
const checkSignature = createCheckSignature()

interface Setting {
  readonly presenter?: 'caller' | 'callee'
  readonly crls?: readonly CertificateList[]
  readonly revocation?: 'require' | 'prefer'
  readonly anchor?: Issuer
  readonly name?: ReferenceIdentity
  readonly now?: Temporal.Instant
  readonly issuers?: Question['issuers']
}

function trustOf({ crls = [], revocation = 'prefer', anchor = root }: Setting) {
  return createTrust({ anchors: [anchor.certificate], crls, revocation, asOf: NOW })
}

function ask(certificates: Question['certificates'], setting: Setting = {}, trust = trustOf(setting)): Judgement {
  const { presenter = 'caller', name, now = NOW, issuers } = setting
  return judge({
    presenter,
    certificates,
    trust,
    now,
    address: '192.0.2.1:4000',
    checkSignature,
    ...(name && { name }),
    ...(issuers && { issuers }),
  })
}

function sent({ certificates }: Credential): readonly Uint8Array[] {
  return certificates.map(({ der }) => der)
}

function refusedAs(judgement: Judgement): string {
  return judgement.ok ? 'accepted' : judgement.refusal.code
}

suite('judge accepts', () => {
  test('a caller, and says who it is and by what path', () => {
    const judgement = ask(sent(alice))
    assert.ok(judgement.ok)
    assert.equal(judgement.side.party, 'alice')
    assert.deepEqual(
      judgement.path.certificates.map(({ der }) => der),
      sent(alice),
    )
    assert.equal(judgement.path.anchor.certificate, root.certificate)
    assert.deepEqual(judgement.evidence, [])
  })

  test('a callee that proves the name', () => {
    const setting = { presenter: 'callee', name: { kind: 'dNSName', value: 'shop.acme.example' } } as const
    const judgement = ask(sent(shop), setting)
    assert.ok(judgement.ok)
    assert.equal(judgement.side.name, 'shop.acme.example')
  })

  test('certificates that were read before, and a leaf alone where its issuer is known', () => {
    assert.equal(refusedAs(ask(alice.certificates)), 'accepted')
    assert.equal(refusedAs(ask([alice.certificates[0]])), 'ERR_CALLER_UNKNOWN_ISSUER')
    for (const alone of [[alice.certificates[0]], sent(alice).slice(0, 1)])
      assert.equal(refusedAs(ask(alone, { issuers: [issuing.certificate] })), 'accepted')
  })

  test('with a CRL of each issuer where status is required, and keeps it as evidence', () => {
    const judgement = ask(sent(alice), { revocation: 'require', crls: [issueCrl(root), issueCrl(issuing)] })
    assert.ok(judgement.ok)
    assert.deepEqual(
      judgement.evidence.map(({ depth, kind }) => ({ depth, kind })).toSorted((a, b) => a.depth - b.depth),
      [
        { depth: 0, kind: 'crl' },
        { depth: 1, kind: 'crl' },
      ],
    )
  })
})

suite('judge refuses', () => {
  const serverName = { kind: 'dNSName', value: 'shop.acme.example' } as const
  const longAgo = Temporal.Instant.from('2020-01-01T00:00:00Z')
  const inTheFuture = Temporal.Instant.from('2040-01-01T00:00:00Z')
  const require = { revocation: 'require' } as const
  const crlsRevoking = [issueCrl(root), issueCrl(issuing, [alice.certificates[0], shop.certificates[0]])]

  const cases: readonly (readonly [string, Question['certificates'], Setting, string])[] = [
    ['a caller without a certificate', [], {}, 'ERR_CALLER_NO_CERTIFICATE'],
    ['a callee without a certificate', [], { presenter: 'callee' }, 'ERR_CALLEE_NO_CERTIFICATE'],
    ['another authority', sent(issueLeaf(foreign, 'alice', ALICE)), {}, 'ERR_CALLER_UNKNOWN_ISSUER'],
    [
      'our names under a key of another',
      sent(issueLeaf({ ...root, privateKey: foreign.privateKey }, 'alice', ALICE)),
      {},
      'ERR_CALLER_BAD_SIGNATURE',
    ],
    [
      'an expired certificate',
      sent(issueLeaf(issuing, 'alice', { ...ALICE, notBefore: longAgo, notAfter: longAgo.add({ hours: 1 }) })),
      {},
      'ERR_CALLER_EXPIRED',
    ],
    [
      'one that is not yet valid',
      sent(issueLeaf(issuing, 'alice', { ...ALICE, notBefore: inTheFuture, notAfter: inTheFuture.add({ hours: 1 }) })),
      {},
      'ERR_CALLER_NOT_YET_VALID',
    ],
    ['all of them, when the clock is ten years off', sent(alice), { now: inTheFuture }, 'ERR_CALLER_EXPIRED'],
    ['a server certificate as a caller', sent(shop), {}, 'ERR_CALLER_WRONG_PURPOSE'],
    ['a client certificate as a callee', sent(alice), { presenter: 'callee' }, 'ERR_CALLEE_WRONG_PURPOSE'],
    [
      'a callee of another name',
      sent(shop),
      { presenter: 'callee', name: { kind: 'dNSName', value: 'bank.acme.example' } },
      'ERR_CALLEE_WRONG_NAME',
    ],
    [
      'a callee without any name',
      sent(issueLeaf(issuing, 'x', { purposes: ['serverAuth'] })),
      { presenter: 'callee', name: serverName },
      'ERR_CALLEE_WRONG_NAME',
    ],
    ['an issuer as a caller', [issuing.certificate.der], {}, 'ERR_CALLER_WRONG_PURPOSE'],
    ['a caller that a CRL revokes', sent(alice), { crls: crlsRevoking }, 'ERR_CALLER_REVOKED'],
    ['a callee that a CRL revokes', sent(shop), { presenter: 'callee', crls: crlsRevoking }, 'ERR_CALLEE_REVOKED'],
    ['a caller of unknown status where it is required', sent(alice), require, 'ERR_CALLER_STATUS_UNKNOWN'],
    [
      'a CRL that ran out where status is required',
      sent(alice),
      { ...require, crls: [issueCrl(root), issueCrl(issuing, [], { nextUpdate: NOW.subtract({ hours: 1 }) })] },
      'ERR_CALLER_STATUS_UNKNOWN',
    ],
    ['octets that are no certificate', [Uint8Array.of(1, 2, 3)], {}, 'ERR_CALLER_MALFORMED'],
    [
      'more certificates than are read',
      [...sent(alice), ...Array.from({ length: 40 }, () => root.certificate.der)],
      {},
      'ERR_CALLER_BUDGET',
    ],
  ]
  for (const [title, certificates, setting, code] of cases)
    test(title, () => assert.equal(refusedAs(ask(certificates, setting)), code))

  test('a caller whose revocation was announced, from that moment on', () => {
    const trust = trustOf({})
    assert.equal(refusedAs(ask(sent(alice), {}, trust)), 'accepted')
    trust.announce([announcement(issuing, alice.certificates[0])], NOW)
    assert.equal(refusedAs(ask(sent(alice), {}, trust)), 'ERR_CALLER_REVOKED')
  })

  test('a caller whose issuer was revoked', () => {
    const trust = trustOf({})
    trust.announce([announcement(root, issuing.certificate)], NOW)
    assert.equal(refusedAs(ask(sent(alice), {}, trust)), 'ERR_CALLER_REVOKED')
  })

  test('and records the claim, the finding, and what else was found', () => {
    const judgement = ask(
      sent(issueLeaf(issuing, 'alice', { ...ALICE, purposes: ['serverAuth'], notAfter: NOW.subtract({ hours: 1 }) })),
    )
    assert.ok(!judgement.ok)
    assert.equal(judgement.side.party, 'alice')
    assert.equal(judgement.refusal.code, 'ERR_CALLER_EXPIRED')
    assert.equal(
      judgement.refusal.detail && 'clause' in judgement.refusal.detail && judgement.refusal.detail.code,
      'ERR_VERIFY_EXPIRED',
    )
    assert.equal(judgement.refusal.note, 'also ERR_VERIFY_EXTENDED_KEY_USAGE')
  })

  test('a leaf that cannot be read is called by its address', () => {
    const judgement = ask([Uint8Array.of(1)])
    assert.deepEqual(judgement.side, { name: '192.0.2.1:4000', identities: [] })
  })
})

suite('what may be told to whom', () => {
  test('revoked by a stranger’s word: who is not under our anchors hears nothing about status', () => {
    const other = issueLeaf({ ...root, privateKey: foreign.privateKey }, 'alice', ALICE)
    const crls = [issueCrl(root, [other.certificates[0]])]
    assert.equal(refusedAs(ask(sent(other), { crls, revocation: 'require' })), 'ERR_CALLER_BAD_SIGNATURE')
    const trust = trustOf({})
    const stranger = issueLeaf(foreign, 'alice', ALICE).certificates[0]
    trust.announce([announcement(foreign, stranger), announcement(root, stranger)], NOW)
    assert.equal(refusedAs(ask([stranger.der], {}, trust)), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  test('of any two findings, status is chosen only where none says that the path is not ours', () => {
    const codes = Object.keys(FINDINGS) as FindingCode[]
    const notOurs = new Set(['MALFORMED', 'UNKNOWN_ISSUER', 'BAD_SIGNATURE', 'WEAK', 'INVALID_PATH', 'BUDGET'])
    for (const status of ['ERR_VERIFY_REVOKED', 'ERR_VERIFY_STATUS_UNKNOWN', 'ERR_VERIFY_STATUS_EXPIRED'] as const)
      for (const other of codes.filter((code) => notOurs.has(CAUSE_OF_FINDING[code])))
        for (const presenter of ['caller', 'callee'] as const)
          for (const findings of [
            [status, other],
            [other, status],
          ]) {
            const { code } = refusalOfFindings(
              presenter,
              findings.map((finding) => ({ code: finding })),
            )
            assert.ok(!/REVOKED|STATUS_UNKNOWN/.test(code), `${findings} gives ${code}`)
            assert.ok(code in REFUSALS)
          }
  })
})
