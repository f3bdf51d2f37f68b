// What is kept of what went wrong within a session.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Meeting, MOST_TROUBLES, referenceOf, type Step } from '@countersign/protocol'
import { createTroubles } from '../../src/server/troubles.ts'

const at = Temporal.Instant.from('2026-07-01T12:00:00Z')
const step: Step = { by: 'both', outcome: 'proved' }
const meeting: Meeting = {
  ...{ reference: referenceOf(new Uint8Array(5)), door: 'hello', seenBy: 'callee', at, resumed: false },
  caller: { name: 'alice', identities: [] },
  callee: { name: 'hello.localhost', identities: [] },
  steps: [step, step, step, step, step, step],
  outcome: { ok: true, decision: { ok: true, rule: 'allow *' } },
}

suite('troubles within a session', () => {
  test('each kind is kept once, however often it comes', () => {
    const kept: Meeting[] = []
    const add = createTroubles({ clock: () => at, amend: (amended) => kept.push(amended) })
    for (let i = 0; i < 100; i++) add(meeting, { code: 'ERR_DOOR_NO_ROUTE' })
    add(meeting, { code: 'ERR_DOOR_UPSTREAM', note: 'connect ECONNREFUSED' })
    assert.equal(kept.length, 2)
    assert.deepEqual(kept[1]?.troubles, [
      { at, code: 'ERR_DOOR_NO_ROUTE' },
      { at, code: 'ERR_DOOR_UPSTREAM', note: 'connect ECONNREFUSED' },
    ])
  })

  test('of many kinds the first few', () => {
    const kept: Meeting[] = []
    const add = createTroubles({ clock: () => at, amend: (amended) => kept.push(amended) })
    for (let i = 0; i < 100; i++) add(meeting, { code: 'ERR_DOOR_UPSTREAM', note: `port ${i}` })
    assert.equal(kept.length, MOST_TROUBLES)
    assert.equal(kept.at(-1)?.troubles?.length, MOST_TROUBLES)
  })

  test('a meeting that was refused says so itself', () => {
    const kept: Meeting[] = []
    const add = createTroubles({ clock: () => at, amend: (amended) => kept.push(amended) })
    add({ ...meeting, outcome: { ok: false, refusal: { code: 'ERR_CALLER_REVOKED' } } }, { code: 'ERR_CALLER_REVOKED' })
    assert.deepEqual(kept, [])
  })
})
