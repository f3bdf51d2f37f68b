import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Meeting, Reference } from '@countersign/protocol'
import { createMeetingQueue } from '../../src/feed/queue.ts'
import { createSender } from '../../src/feed/sender.ts'
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

/** What was sent, by its digit; `unread` is what the other side has not read of it. */
function sending(...numbers: readonly number[]) {
  const queue = createMeetingQueue(() => assert.fail('nothing is lost'))
  const sent: number[] = []
  const other = { unread: 0 }
  const more = createSender(
    queue,
    ({ id }) => {
      sent.push(id)
      other.unread += 20_000
    },
    () => other.unread,
  )
  for (const n of numbers) queue.add(meeting(n % 10))
  return { queue, sent, more, other }
}
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

suite('what waits is sent', () => {
  test('in its order, once on a connection', () => {
    const { queue, sent, more } = sending(1, 2)
    more()
    more()
    assert.deepEqual(sent, [1, 2])
    queue.add(meeting(3))
    more()
    queue.kept(2)
    more()
    assert.deepEqual(sent, [1, 2, 3])
  })
  test('while the other side reads, and then when it has kept some; one at least is always under way', () => {
    const { queue, sent, more, other } = sending(...upTo(200))
    more()
    // 1 MiB of 20 kB each.
    assert.deepEqual(sent, upTo(53))
    queue.kept(52)
    more()
    assert.deepEqual(sent, upTo(53))
    other.unread = 0
    queue.kept(53)
    more()
    assert.deepEqual(sent, upTo(106))
    queue.kept(106)
    more()
    // Nothing is under way, so that nothing would call again.
    assert.deepEqual(sent, upTo(107))
  })
  test('a thousand before the first is kept', () => {
    const { queue, sent, more, other } = sending(...upTo(1_500))
    for (let i = 0; i < 2_000; i++) {
      other.unread = 0
      more()
    }
    assert.deepEqual(sent, upTo(1_000))
    queue.kept(400)
    for (let i = 0; i < 2_000; i++) {
      other.unread = 0
      more()
    }
    assert.deepEqual(sent, upTo(1_400))
  })
})

suite('meetings that wait for the authority', () => {
  test('go in their order, and are gone when they are kept', () => {
    const queue = createMeetingQueue(() => assert.fail('nothing is lost'))
    for (const n of [1, 2, 3]) queue.add(meeting(n))
    assert.deepEqual(told(queue.after(0)), ['1 1', '2 2', '3 3'])
    queue.kept(2)
    queue.add(meeting(4))
    assert.equal(queue.newest, 4)
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
    queue.add(meeting(2))
    assert.equal(queue.newest, 2)
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
    const queue = createMeetingQueue((count) => lost.push(count), { meetings: 1_000, characters: 16_000 })
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
