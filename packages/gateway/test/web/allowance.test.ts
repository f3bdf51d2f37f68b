import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createAllowance } from '../../src/web/allowance.ts'

suite('an allowance', () => {
  let now = 0
  const start = () => {
    now = 0
    return createAllowance({ burst: 3, perSecond: 2 }, () => now)
  }
  const times = (spend: () => boolean, count: number) => Array.from({ length: count }, () => spend())

  test('is spent in a burst, and then no more', () => {
    assert.deepEqual(times(start(), 5), [true, true, true, false, false])
  })

  test('grows again by its rate', () => {
    const spend = start()
    times(spend, 3)
    now = 499
    assert.equal(spend(), false)
    now = 500
    assert.deepEqual(times(spend, 2), [true, false])
    now = 1_500
    assert.deepEqual(times(spend, 3), [true, true, false])
  })

  test('never grows above its burst', () => {
    const spend = start()
    now = 1_000_000
    assert.deepEqual(times(spend, 4), [true, true, true, false])
  })
})
