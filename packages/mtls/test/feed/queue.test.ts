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
    assert.deepEqual(told(queue.restart()), ['1 1', '2 2', '3 3'])
    queue.kept(2)
    queue.add(meeting(4))
    assert.equal(queue.newest()?.id, 4)
    // The next connection counts anew.
    assert.deepEqual(told(queue.restart()), ['1 3', '2 4'])
    queue.kept(2)
    assert.equal(queue.size, 0)
    assert.deepEqual(queue.restart(), [])
  })
  test('a number that nobody gave keeps none, or all there are', () => {
    const queue = createMeetingQueue(() => assert.fail('nothing is lost'))
    queue.add(meeting(1))
    queue.kept(0)
    assert.equal(queue.size, 1)
    queue.kept(1_000_000)
    assert.equal(queue.size, 0)
  })
  test('too many: the oldest are dropped, and counted', () => {
    const lost: number[] = []
    const queue = createMeetingQueue((count) => lost.push(count), 3)
    for (const n of [1, 2, 3, 4, 5]) queue.add(meeting(n))
    assert.deepEqual(told(queue.restart()), ['1 3', '2 4', '3 5'])
    assert.deepEqual(lost, [1, 1])
  })
})
