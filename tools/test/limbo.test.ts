import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { score } from '../limbo/score.ts'

const accept = { id: 'a::accept', expected_result: 'SUCCESS' } as const
const refuse = { id: 'a::refuse', expected_result: 'FAILURE' } as const
const got = (id: string, actual_result: 'SUCCESS' | 'FAILURE') => ({ id, actual_result, context: null })

suite('the score of a suite', () => {
  test('all as expected', () => {
    const results = [got('a::accept', 'SUCCESS'), got('a::refuse', 'FAILURE')]
    assert.deepEqual(score([accept, refuse], results, []), { ok: true, lines: ['2 as expected, 0 excepted, 2 in all'] })
  })
  for (const [what, results, exceptions, line] of [
    ['a false accept', [got('a::refuse', 'SUCCESS')], [], 'false accept: a::refuse'],
    ['a false reject', [got('a::accept', 'FAILURE')], [], 'false reject: a::accept'],
    ['a case without a result', [], [], 'false accept: a::refuse'],
    ['an exception that no longer holds', [got('a::accept', 'SUCCESS')], ['a::accept'], 'stale exception: a::accept'],
    ['an exception for no case', [], ['a::other'], 'stale exception: a::other'],
  ] as const)
    test(`${what} fails`, () => {
      const { ok, lines } = score(
        [accept, refuse],
        results,
        exceptions.map((id) => ({ id, reason: 'a clause' })),
      )
      assert.equal(ok, false)
      assert.ok(
        lines.some((text) => text.startsWith(line)),
        lines.join('\n'),
      )
    })
  test('an exception that holds is no failure', () => {
    const results = [got('a::accept', 'FAILURE'), got('a::refuse', 'FAILURE')]
    assert.deepEqual(score([accept, refuse], results, [{ id: 'a::accept', reason: 'a clause' }]), {
      ok: true,
      lines: ['1 as expected, 1 excepted, 2 in all'],
    })
  })
})
