import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { LeastRecentlyUsed } from '../../src/trust/least-recently-used.ts'

suite('LeastRecentlyUsed', () => {
  test('forgets what was asked for longest ago, and stays within its bound', () => {
    const memory = new LeastRecentlyUsed<number>(2)
    memory.set('a', 1)
    memory.set('b', 2)
    assert.equal(memory.get('a'), 1)
    memory.set('c', 3)
    assert.equal(memory.get('b'), undefined)
    assert.equal(memory.get('a'), 1)
    assert.equal(memory.get('c'), 3)
    assert.equal(memory.size, 2)
  })

  test('replaces in place and deletes', () => {
    const memory = new LeastRecentlyUsed<number>(2)
    memory.set('a', 1)
    memory.set('a', 2)
    assert.equal(memory.size, 1)
    assert.equal(memory.get('a'), 2)
    memory.delete('a')
    assert.equal(memory.get('a'), undefined)
  })

  test('refuses a bound that is none', () => {
    for (const bound of [0, -1, 1.5, Number.NaN, Infinity])
      assert.throws(() => new LeastRecentlyUsed(bound), RangeError)
  })
})
