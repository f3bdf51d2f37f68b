import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CAUSE_OF_FINDING, REFUSALS, refusalOfFindings } from '@countersign/protocol'
import { FINDINGS, type FindingCode } from '@countersign/verify'

suite('refusals', () => {
  for (const [code, entry] of Object.entries(REFUSALS))
    test(`${code} says what and what next`, () => {
      assert.match(code, /^ERR_[A-Z]+_[A-Z_]+$/)
      for (const text of [entry.clause, entry.public, entry.next]) {
        assert.notEqual(text, '')
        assert.doesNotMatch(text, /[{}]/)
        assert.doesNotMatch(text, /\.$/)
      }
    })
  test('every finding has a cause, and each cause a refusal on both sides', () => {
    assert.deepEqual(new Set(Object.keys(CAUSE_OF_FINDING)), new Set(Object.keys(FINDINGS)))
    for (const cause of Object.values(CAUSE_OF_FINDING))
      for (const side of ['CALLER', 'CALLEE']) assert.ok(`ERR_${side}_${cause}` in REFUSALS, `${side} ${cause}`)
  })
})

suite('refusalOfFindings', () => {
  const of = (...codes: FindingCode[]) =>
    refusalOfFindings(
      'caller',
      codes.map((code) => ({ code })),
    ).code
  test('says expired of an expired certificate', () => assert.equal(of('ERR_VERIFY_EXPIRED'), 'ERR_CALLER_EXPIRED'))
  test('says it of the server where that presented it', () =>
    assert.equal(refusalOfFindings('callee', [{ code: 'ERR_VERIFY_NAME' }]).code, 'ERR_CALLEE_WRONG_NAME'))
  // Status is told only to a proved key under our anchors (what must always hold, 2).
  for (const first of [
    'ERR_VERIFY_NO_ANCHOR',
    'ERR_VERIFY_ISSUER_NOT_FOUND',
    'ERR_VERIFY_BAD_SIGNATURE',
    'ERR_VERIFY_MALFORMED',
  ] as const)
    test(`${first} hides what is known of revocation`, () => {
      assert.notEqual(of('ERR_VERIFY_REVOKED', first), 'ERR_CALLER_REVOKED')
    })
  test('revoked is told before expired', () =>
    assert.equal(of('ERR_VERIFY_EXPIRED', 'ERR_VERIFY_REVOKED'), 'ERR_CALLER_REVOKED'))
  test('no finding at all is still a refusal', () => assert.equal(of(), 'ERR_CALLER_INVALID_PATH'))
})
