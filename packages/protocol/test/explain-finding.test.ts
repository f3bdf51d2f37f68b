// Each finding of the verifier in words, from chains that are refused: who, what, by how much, since when, and what to do.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Audience,
  CAUSE_OF_FINDING,
  explainFinding,
  explainRefusal,
  REFUSALS,
  readMeeting,
  refusalOfFindings,
  type Side,
  writeMeeting,
} from '@countersign/protocol'
import { FINDINGS, type Finding, type FindingCode, verifyPath } from '@countersign/verify'
import { type Case, chainOf, contextFor, run } from '../../../interop/chains/chain.ts'
import { EVERY_CASE } from '../../../interop/chains/every-case.ts'
import { anchorOf, contextOf, hours, intermediate, leaf, NOW, name, root, sans } from '../../../interop/chains/house.ts'

const AUDIENCES: readonly Audience[] = [
  { presenter: 'caller' },
  { presenter: 'caller', name: 'alice' },
  { presenter: 'callee' },
  { presenter: 'callee', name: 'hello.localhost' },
  { presenter: 'file' },
]
const side: Side = { name: 'alice', identities: [] }
const refused = EVERY_CASE.filter(({ codes }) => codes.length > 0)
const findingsOf = (one: Case): readonly Finding[] => {
  const verdict = run(one)
  return verdict.ok ? [] : verdict.findings
}

suite('every finding of every chain that is refused', () => {
  const seen = new Set<FindingCode>()
  for (const one of refused)
    test(`is a sentence with a next step: ${one.what}`, () => {
      for (const finding of findingsOf(one)) {
        seen.add(finding.code)
        for (const audience of AUDIENCES) {
          const { text, next } = explainFinding(finding, audience, NOW)
          // A word that the finding does not fill would show; what is escaped is filled.
          assert.match(text, /^[a-z]/)
          assert.doesNotMatch(
            text.replaceAll(/\\u\{[0-9a-f]+\}/g, ''),
            /[{}]|undefined|something else|was asked for| {2}|\(\)|\.$/,
          )
          assert.match(next, /^[a-z].*[^.]$/)
        }
      }
    })
  test('shows every code', () =>
    assert.deepEqual(
      Object.keys(FINDINGS).filter((code) => !seen.has(code as FindingCode)),
      [],
    ))
  test('reads the same after it was sent to the other side, but for the name of an issuer', () => {
    for (const one of refused) {
      for (const { certificate: _, ...detail } of findingsOf(one)) {
        const code = `ERR_CALLER_${CAUSE_OF_FINDING[detail.code]}` as const
        const meeting = meetingOf({ code, detail })
        const { outcome } = readMeeting(JSON.parse(JSON.stringify(writeMeeting(meeting))))
        assert.deepEqual(!outcome.ok && outcome.refusal.detail, detail, one.what)
      }
    }
  })
})

/** A chain of one fault, and what is said of it. */
const SAID: readonly (readonly [
  what: string,
  finding: () => Finding | undefined,
  caller: string,
  callee: string,
  file: string,
])[] = [
  [
    'expired',
    () => findingsOf({ what: '', codes: [], party: { notBefore: hours(-200), notAfter: hours(-72) } })[0],
    'your certificate expired 3 days ago; renew it, or ask your administrator for a new invitation',
    "the server's certificate expired 3 days ago; do not go on; tell the operator of the server",
    'the certificate expired 3 days ago; renew it with the authority that issued it (`countersign enroll --keep` does so in time)',
  ],
  [
    'not valid yet',
    () => findingsOf({ what: '', codes: [], party: { notBefore: hours(2) } })[0],
    'your certificate becomes valid in 2 hours; check the clocks on both sides',
    "the server's certificate becomes valid in 2 hours; check the clocks on both sides",
    'the certificate becomes valid in 2 hours; check the clock, or the time that was asked about (--at)',
  ],
  [
    'an issuer that expired, whom no party can mend',
    () => findingsOf({ what: '', codes: [], issuing: { notAfter: hours(-5) } })[0],
    'the issuer CN=Issuing above your certificate expired 5 hours ago; tell the operator of the authority that issued it; a new one from the same issuer is refused too',
    "the issuer CN=Issuing above the server's certificate expired 5 hours ago; do not go on; tell the operator of the server that its authority needs a new certificate",
    'the issuer CN=Issuing above the certificate expired 5 hours ago; tell the operator of the authority; all that this issuer signed is refused for it',
  ],
  [
    'another name',
    () =>
      findingsOf({
        what: '',
        codes: [],
        party: {
          extensions: {
            subjectAltName: sans(
              ...['a', 'b', 'c', 'd'].map((label) => ({ kind: 'dNSName', value: `${label}.example` }) as const),
            ),
          },
        },
        context: { name: { kind: 'dNSName', value: 'bank.example' } },
      })[0],
    'your certificate is for a.example, b.example, c.example and 1 more, not for bank.example; choose the certificate that carries the expected name',
    "the server's certificate is for a.example, b.example, c.example and 1 more, not for bank.example; check the address that you typed",
    'the certificate is for a.example, b.example, c.example and 1 more, not for bank.example; ask for a name that it carries, or ask its authority for one with this name',
  ],
  [
    'an issuer that nobody knows',
    () => {
      const verdict = verifyPath(
        [leaf(intermediate(root(), { subject: name('Lost') })).certificate.der],
        contextOf([anchorOf(root())]),
      )
      return verdict.ok ? undefined : verdict.findings[0]
    },
    'your certificate is from CN=Lost, which is not trusted here; choose the certificate that this authority issued to you, and send its issuers with it',
    "the server's certificate is from CN=Lost, which is not trusted here; do not go on; check the address and the trust file, then tell the operator of the server",
    'the certificate is from CN=Lost, which is not trusted here; give the certificates of its issuers too, and check that the anchor is theirs',
  ],
]

suite('who, what, by how much, since when, and the next step', () => {
  for (const [what, find, ...expected] of SAID)
    test(what, () => {
      const finding = find() ?? assert.fail('it is accepted')
      const told = (['caller', 'callee', 'file'] as const).map((presenter) => {
        const { text, next } = explainFinding(finding, { presenter }, NOW)
        return `${text}; ${next}`
      })
      assert.deepEqual(told, expected)
    })

  test('a name in a certificate moves no cursor and turns no text', () => {
    const chain = chainOf({ what: '', codes: [], issuing: { subject: name('a\u001b[2J\u202eb'), notAfter: hours(-1) } })
    const verdict = verifyPath(
      [chain.party.certificate.der, chain.issuing.certificate.der],
      contextFor({ what: '', codes: [] }, chain),
    )
    assert.ok(!verdict.ok)
    const [finding] = verdict.findings
    const { text } = explainFinding(finding ?? assert.fail(), { presenter: 'caller' }, NOW)
    assert.doesNotMatch(text, /[\p{C}]/u)
    assert.match(text, /expired 1 hour ago/)
  })
})

suite('a refusal by a finding', () => {
  const sides = { caller: side, callee: { name: 'hello.localhost', identities: [] } }
  const [finding] = findingsOf({ what: '', codes: [], party: { notAfter: hours(-1) } })

  test('is told with the finding’s words, to the refused party and to everybody', () => {
    const { code, detail } = refusalOfFindings('caller', [finding ?? assert.fail()])
    const { why, cause, next } = explainRefusal({ code, ...(detail && { detail }) }, sides, NOW)
    assert.equal(why, 'your certificate expired 1 hour ago')
    assert.equal(cause, "alice's certificate expired 1 hour ago")
    assert.equal(next, REFUSALS.ERR_CALLER_EXPIRED.next)
  })

  test('is told with the words of its code where the finding is of another', () => {
    const { why } = explainRefusal({ code: 'ERR_CALLER_REVOKED', ...(finding && { detail: finding }) }, sides, NOW)
    assert.equal(why, REFUSALS.ERR_CALLER_REVOKED.public)
  })

  test('of a record that has no values, says what it knows', () => {
    for (const code of Object.keys(FINDINGS) as FindingCode[]) {
      const bare = { code, clause: FINDINGS[code], detail: 'as an older door wrote it' }
      const { text } = explainFinding(bare, { presenter: 'callee' }, NOW)
      assert.doesNotMatch(text, /[{}]|undefined| {2}|\(\)| ,/, code)
    }
  })
})

function meetingOf(refusal: Parameters<typeof explainRefusal>[0]): Parameters<typeof writeMeeting>[0] {
  const step = { by: 'caller', outcome: 'not reached' } as const
  return {
    reference: 'M-7F3K-92QD' as Parameters<typeof writeMeeting>[0]['reference'],
    door: 'web',
    seenBy: 'callee',
    at: NOW,
    resumed: false,
    caller: side,
    callee: side,
    steps: [step, step, step, step, step, step],
    outcome: { ok: false, refusal },
  }
}
