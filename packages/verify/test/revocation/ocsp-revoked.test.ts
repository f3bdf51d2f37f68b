// RFC 6960 §2.2 and §4.2.2.2: what an answer of a responder revokes, and when the responder itself is revoked.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type OcspAnswer, verifyPath } from '@countersign/verify'
import { authorityInfoAccessExtension, noRevAvailExtension, OID } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type Different,
  type Holder,
  hours,
  intermediate,
  leaf,
  p256,
  revoked,
} from '../../../../interop/chains/house.ts'
import { A, anchor, anchorCrl, issuing, party } from '../../../../interop/chains/lists.ts'
import { answer, type DifferentAnswer, delegate, digest, single } from '../../../../interop/chains/responder.ts'
import { ask, askAnswers, toldOf, unknownExtension } from './asked.ts'

const stranger = p256()
const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']
const REVOKED = ['ERR_VERIFY_REVOKED']
const nonce = Uint8Array.fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const other = leaf(issuing)
const killed = { kind: 'revoked', revocationTime: hours(-3) } as const

const by = (different: Different = {}): DifferentAnswer => ({ by: delegate(issuing, different) })

suite('an answer that revokes', () => {
  test('is told with its time and reason', () => {
    const status = { ...killed, revocationReason: 'keyCompromise' } as const
    const verdict = askAnswers([answer(party, issuing, { status })])
    assert.ok(!verdict.ok)
    assert.deepEqual(
      verdict.findings.map(({ code, depth, detail, revocation }) => ({ code, depth, detail, revocation })),
      [
        {
          code: 'ERR_VERIFY_REVOKED',
          depth: 0,
          detail: 'revoked at 2026-11-24T09:00:00Z (keyCompromise) by an answer of its responder',
          revocation: { at: hours(-3), reason: 'keyCompromise' },
        },
      ],
    )
  })

  const good = answer(party, issuing)
  const CASES: readonly (readonly [string, readonly OcspAnswer[], readonly string[]])[] = [
    ['beside a good one', [good, answer(party, issuing, { status: killed })], REVOKED],
    ['that has ended', [answer(party, issuing, { status: killed, nextUpdate: hours(-1) })], REVOKED],
    ['to another nonce', [answer(party, issuing, { status: killed, nonce })], REVOKED],
    [
      'with good in one answer',
      [answer(party, issuing, { more: [single(party, issuing, { status: killed })] })],
      REVOKED,
    ],
    ['of a delegate', [answer(party, issuing, { ...by(), status: killed })], REVOKED],
    [
      'that a stranger signed, beside a good one',
      [answer(party, issuing, { status: killed, signer: stranger }), good],
      [],
    ],
    ['another certificate', [answer(other, issuing, { status: killed }), good], []],
  ]
  for (const [what, answers, codes] of CASES) test(what, () => assert.deepEqual(codesOf(askAnswers(answers)), codes))

  test('counts beside a good crl, where status is only preferred, and where none is to be had', () => {
    const ocsp = { answers: [answer(party, issuing, { status: killed })], digest }
    assert.deepEqual(codesOf(ask({ crls: [anchorCrl, crl(issuing)], ocsp })), REVOKED)
    assert.deepEqual(codesOf(ask({ mode: 'prefer', ocsp })), REVOKED)
    const brief = leaf(issuing, { more: [noRevAvailExtension()] })
    assert.deepEqual(codesOf(askAnswers([answer(brief, issuing, { status: killed })], {}, brief)), REVOKED)
  })

  test('gives way to a crl that revokes, whatever it says', () => {
    const crls = [anchorCrl, crl(issuing, { revoked: [revoked(party)] })]
    assert.deepEqual(codesOf(ask({ crls, ocsp: { answers: [good], digest } })), REVOKED)
  })
})

suite('the status of a delegate', () => {
  const signer = delegate(issuing)
  const answers = [answer(party, issuing, { by: signer })]

  test('revoked by a crl: one in force speaks for the party itself, one that has ended does not', () => {
    for (const nextUpdate of [hours(1), hours(0)]) {
      const crls = [anchorCrl, crl(issuing, { nextUpdate, revoked: [revoked(signer)] })]
      const verdict = ask({ crls, ocsp: { answers, digest } })
      assert.deepEqual(codesOf(verdict), nextUpdate.equals(hours(1)) ? [] : ['ERR_VERIFY_STATUS_EXPIRED'])
      if (verdict.ok) assert.equal(verdict.evidence[1]?.kind, 'crl')
      else assert.match(toldOf(verdict), /the certificate of its responder: revoked at 2026-11-24T10:00:00Z/)
    }
  })

  test('revoked by an announcement', () => {
    const announced = (_: unknown, serialNumber: bigint) =>
      serialNumber === signer.certificate.serialNumber ? { at: hours(-1) } : undefined
    assert.deepEqual(codesOf(ask({ crls: [anchorCrl], announced, ocsp: { answers, digest } })), UNKNOWN)
  })
})

suite('the status of a delegate, by answers', () => {
  const more = [authorityInfoAccessExtension([{ accessMethod: OID.ocsp, accessLocation: A.value[0] }])]
  const [one, two] = [delegate(issuing), delegate(issuing)]
  const [asked, also] = [1, 2].map(() => delegate(issuing, { extensions: { nocheck: null }, more })) as [Holder, Holder]
  const by = (signer: Holder) => answer(party, issuing, { by: signer })
  const GOOD: readonly string[] = []
  for (const [what, answers, codes] of [
    ['revoked by the issuer', [by(one), answer(one, issuing, { status: killed })], UNKNOWN],
    ['revoked by another delegate', [by(one), answer(one, issuing, { by: two, status: killed })], UNKNOWN],
    ['revoked by a stranger', [by(one), answer(one, issuing, { signer: stranger, status: killed })], GOOD],
    ['revoked beside another delegate', [by(one), answer(one, issuing, { status: killed }), by(two)], GOOD],
    ['asked for, and good by the issuer', [by(asked), answer(asked, issuing)], GOOD],
    ['asked for, and good by another delegate', [by(asked), answer(asked, issuing, { by: two })], GOOD],
    ['asked for, and good by itself', [by(asked), answer(asked, issuing, { by: asked })], UNKNOWN],
    ['asked for, and old', [by(asked), answer(asked, issuing, { nextUpdate: hours(-1) })], UNKNOWN],
    [
      'asked for, and good by one that vouches for it in turn',
      [by(asked), answer(asked, issuing, { by: also }), answer(also, issuing, { by: asked })],
      UNKNOWN,
    ],
  ] as const)
    test(what, () => assert.deepEqual(codesOf(askAnswers(answers)), codes))

  test('asked for, and good by a crl', () => {
    const crls = [anchorCrl, crl(issuing)]
    const verdict = ask({ crls, ocsp: { answers: [by(asked)], digest } })
    assert.deepEqual(verdict.ok && verdict.evidence.map(({ kind }) => kind), ['crl', 'ocsp'])
  })

  test('asked for, where status is only preferred', () => {
    const verdict = ask({ mode: 'prefer', ocsp: { answers: [by(asked)], digest } })
    assert.deepEqual(verdict.ok && verdict.evidence.map(({ kind }) => kind), ['ocsp'])
  })
})

test('the certificate of a responder is read and asked about once, whatever the paths', () => {
  const twin = intermediate(anchor, { subject: issuing.certificate.subject, keys: issuing.keys })
  const signer = delegate(issuing)
  const context = contextOf([anchorOf(anchor)], {
    status: { mode: 'prefer', crls: [], ocsp: { answers: [answer(party, issuing, { by: signer })], digest } },
    policy: { initialExplicitPolicy: true },
  })
  let asked = 0
  const verdict = verifyPath(
    [party, issuing, twin].map(({ certificate }) => certificate.der),
    {
      ...context,
      checkSignature: (algorithm, key, signed, signature) => {
        if (Buffer.compare(signed, signer.certificate.tbsDer) === 0) asked++
        return context.checkSignature(algorithm, key, signed, signature)
      },
    },
  )
  assert.deepEqual([verdict.ok || verdict.tried.length, asked], [2, 1])
})

test('answers beyond the budget are a refusal', () => {
  const good = answer(party, issuing)
  const many = Array.from({ length: 33 }, () => good)
  assert.deepEqual(codesOf(askAnswers(many)), ['ERR_VERIFY_BUDGET'])
  assert.deepEqual(codesOf(askAnswers(many.slice(1))), [])
  const long = answer(party, issuing, {
    extensions: [{ ...unknownExtension(false), extnValue: new Uint8Array(102_400) }],
  })
  assert.deepEqual(codesOf(askAnswers([long])), ['ERR_VERIFY_BUDGET'])
})
