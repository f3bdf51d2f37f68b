// x509-limbo (C2SP, Apache-2.0), where it is present: every core case as expected, but for tools/limbo/exceptions.json.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { needsVectors } from '../../interop/peer.ts'
import exceptions from '../limbo/exceptions.json' with { type: 'json' }
import { type LimboCase, runCase } from '../limbo/harness.ts'

const CORE = 'limbo/core.json'
const now = Temporal.Now.instant()

suite('x509-limbo', needsVectors(CORE), () => {
  const folder = process.env['COUNTERSIGN_VECTORS']
  const cases: readonly LimboCase[] =
    folder === undefined ? [] : JSON.parse(readFileSync(join(folder, CORE), 'utf8')).testcases
  const excepted = new Map(exceptions.map(({ id, reason }) => [id, reason]))
  for (const one of cases) {
    test(one.id, () => {
      const { actual_result, context } = runCase(one, now)
      if (excepted.has(one.id)) assert.notEqual(actual_result, one.expected_result, 'no longer true: strike the line')
      else assert.equal(actual_result, one.expected_result, context ?? 'accepted')
    })
  }
  test('at most three exceptions, each with its reason, each about a case, none a false accept', () => {
    const expected = new Map(cases.map(({ id, expected_result }) => [id, expected_result]))
    assert.ok(exceptions.length <= 3)
    for (const { id, reason } of exceptions) {
      assert.equal(expected.get(id), 'SUCCESS', id)
      assert.ok(reason.length > 20)
    }
  })
})
