import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTurns } from '../../src/web/turns.ts'

suite('turns', () => {
  test('the first begins at once, each other when the one before is over', () => {
    const turns = createTurns()
    const log: string[] = []
    const ends: (() => void)[] = []
    for (const name of ['a', 'b', 'c'])
      assert.ok(
        turns.take((over) => {
          log.push(name)
          ends.push(over)
        }),
      )
    assert.deepEqual(log, ['a'])
    ends[0]?.()
    assert.deepEqual(log, ['a', 'b'])
    ends[1]?.()
    assert.deepEqual(log, ['a', 'b', 'c'])
    assert.equal(turns.idle, false)
    ends[2]?.()
    assert.equal(turns.idle, true)
  })
  test('those that are over at once follow each other', () => {
    const turns = createTurns()
    const log: number[] = []
    for (let i = 0; i < 3; i++)
      turns.take((over) => {
        log.push(i)
        over()
      })
    assert.deepEqual(log, [0, 1, 2])
    assert.ok(turns.idle)
  })
  test('over said twice counts once', () => {
    const turns = createTurns()
    const log: string[] = []
    let end: (() => void) | undefined
    turns.take((over) => {
      end = over
    })
    turns.take(() => log.push('b'))
    turns.take(() => log.push('c'))
    end?.()
    end?.()
    assert.deepEqual(log, ['b'])
  })
  test('32 may wait, the next is refused', () => {
    const turns = createTurns()
    turns.take(() => undefined)
    for (let i = 0; i < 32; i++) assert.ok(turns.take(() => undefined))
    assert.equal(
      turns.take(() => assert.fail('it began')),
      false,
    )
  })
})
