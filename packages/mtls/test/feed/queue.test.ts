import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Meeting, Reference } from '@countersign/protocol'
import { createMeetingQueue } from '../../src/feed/queue.ts'
import { makeSteps } from '../../src/gate/steps.ts'
import { NOW } from '../support/pki.ts'

const nobody = { name: 'nobody', identities: [] }
const meeting = (n: number): Meeting => ({
  reference: `M-0000-000${n}` as Reference,
  door: 'web',
  seenBy: 'callee',
  at: NOW,
  resumed: false,
  caller: nobody,
  callee: nobody,
  steps: makeSteps([], 1),
  outcome: { ok: false, refusal: { code: 'ERR_GATE_TIMEOUT' } },
})
const told = (waiting: readonly { readonly id: number; readonly meeting: Meeting }[]) =>
  waiting.map(({ id, meeting: { reference } }) => `${id} ${reference.slice(-1)}`)

suite('meetings that wait for the authority', () => {
  test('go in their order, and are gone when they are kept', () => {
    const queue = createMeetingQueue(() => assert.fail('nothing is lost'))
    for (const n of [1, 2, 3]) queue.add(meeting(n))
    assert.deepEqual(told(queue.after(0)), ['1 1', '2 2', '3 3'])
    queue.kept(2)
    assert.equal(queue.add(meeting(4)).id, 4)
    // The next connection is sent all that waits, by the same numbers.
    assert.deepEqual(told(queue.after(0)), ['3 3', '4 4'])
    assert.deepEqual(told(queue.after(3)), ['4 4'])
    assert.deepEqual(told(queue.after(0, 1)), ['3 3'])
    assert.deepEqual(queue.after(4), [])
    queue.kept(4)
    assert.deepEqual([queue.size, queue.newest], [0, 4])
    assert.deepEqual(queue.after(0), [])
  })
  test('a number that nobody gave keeps none, or all there are', () => {
    const queue = createMeetingQueue(() => assert.fail('nothing is lost'))
    queue.add(meeting(1))
    queue.kept(0)
    assert.equal(queue.size, 1)
    queue.kept(1_000_000)
    assert.equal(queue.size, 0)
    assert.equal(queue.add(meeting(2)).id, 2)
    queue.kept(1)
    assert.equal(queue.size, 1)
  })
  test('too many: the oldest are dropped, and counted', () => {
    const lost: number[] = []
    const queue = createMeetingQueue((count) => lost.push(count), { meetings: 3, characters: 1_000_000 })
    for (const n of [1, 2, 3, 4, 5]) queue.add(meeting(n))
    assert.deepEqual(told(queue.after(0)), ['3 3', '4 4', '5 5'])
    assert.deepEqual(lost, [1, 1])
  })
  test('too long, as of strangers who claim many names: the same, and the newest always waits', () => {
    const lost: number[] = []
    const queue = createMeetingQueue((count) => lost.push(count), { meetings: 1_000, characters: 20_000 })
    const named = (n: number, characters: number): Meeting => ({
      ...meeting(n),
      caller: { name: 'x', identities: [{ kind: 'dNSName', value: 'x'.repeat(characters) }] },
    })
    for (const n of [1, 2, 3]) queue.add(named(n, 3_000))
    assert.deepEqual(told(queue.after(0)), ['1 1', '2 2', '3 3'])
    queue.add(named(4, 3_000))
    assert.deepEqual(told(queue.after(0)), ['2 2', '3 3', '4 4'])
    queue.add(named(5, 100_000))
    assert.deepEqual(told(queue.after(0)), ['5 5'])
    assert.deepEqual(lost, [1, 1, 1, 1])
    // What is gone counts no more.
    queue.kept(5)
    for (const n of [6, 7, 8]) queue.add(named(n, 3_000))
    assert.equal(queue.size, 3)
  })
})
