import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FeedMessage } from '@countersign/protocol'
import { decideOrder } from '../../src/feed/order.ts'
import { NOW } from '../support/pki.ts'

const snapshot = (sequence: bigint) =>
  ({
    kind: 'snapshot',
    snapshot: {
      sequence,
      at: NOW,
      crls: [],
      certificates: [],
      revoked: [],
      rules: { parties: [] },
      anchors: [],
      locks: [],
    },
  }) satisfies FeedMessage
const event = (previous: bigint, sequence: bigint) =>
  ({
    kind: 'event',
    previous,
    event: { sequence, at: NOW, change: { kind: 'crl', crls: [], certificates: [] } },
  }) satisfies FeedMessage

suite('the order of a feed', () => {
  test('a newcomer takes a snapshot, also of nothing', () => {
    assert.equal(decideOrder(undefined, snapshot(7n)), 'apply')
    assert.equal(decideOrder(undefined, snapshot(0n)), 'apply')
  })
  test('who was away for long takes a snapshot of what came since', () => {
    assert.equal(decideOrder(7n, snapshot(7n)), 'apply')
    assert.equal(decideOrder(7n, snapshot(9_000n)), 'apply')
  })
  test('the next event is applied; numbers may have gaps, as long as both sides know of none between', () => {
    assert.equal(decideOrder(7n, event(7n, 8n)), 'apply')
    assert.equal(decideOrder(7n, event(7n, 12n)), 'apply')
  })
  test('what is known already is a repetition', () => {
    assert.equal(decideOrder(7n, event(6n, 7n)), 'repeat')
    assert.equal(decideOrder(7n, event(0n, 1n)), 'repeat')
  })
  const refused = [
    ['an event was left out', 7n, event(8n, 9n)],
    ['the authority knows less than we do', 7n, event(5n, 8n)],
    ['a newcomer is told an event', undefined, event(0n, 1n)],
    ['the authority was set back', 7n, snapshot(6n)],
  ] as const
  for (const [what, last, message] of refused)
    test(`refused: ${what}`, () => assert.equal(typeof decideOrder(last, message), 'object'))
})
