// One caller as a machine: all events at all stages, and what must never be.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Client, type ClientEffect, type ClientEvent, STAGES, stepClient } from '../../src/vpn/client.ts'

const EVENTS: readonly ClientEvent[] = [
  { type: 'asks', kid: 1 },
  { type: 'accepted', address: '10.8.0.2' },
  { type: 'refused', words: 'no' },
  { type: 'admitted' },
  { type: 'renewed', kid: 2 },
  { type: 'renewed', kid: 2, refusal: 'no' },
  { type: 'cut', words: 'revoked', comesBack: false },
  { type: 'gone' },
]

function after(...events: readonly ClientEvent[]): { client?: Client; effects: readonly ClientEffect[] } {
  let client: Client | undefined
  const effects: ClientEffect[] = []
  for (const event of events) {
    const next = stepClient(client, event)
    client = next.client
    effects.push(...next.effects)
  }
  return { ...(client && { client }), effects }
}
const types = (effects: readonly ClientEffect[]) => effects.map(({ type }) => type)
const [ASKS, ACCEPTED, REFUSED, ADMITTED, RENEWED, OTHER, CUT, GONE] = EVENTS as unknown as readonly [
  ...ClientEvent[],
] & { readonly [index: number]: ClientEvent } as readonly [
  ClientEvent,
  ClientEvent,
  ClientEvent,
  ClientEvent,
  ClientEvent,
  ClientEvent,
  ClientEvent,
  ClientEvent,
]

suite('a caller at the engine', () => {
  test('comes in, renews its keys, and goes', () => {
    assert.deepEqual(types(after(ASKS, ACCEPTED, ADMITTED, RENEWED, GONE).effects), [
      'judge',
      'admit',
      'confirm',
      'confirm',
      'block',
      'release',
    ])
  })

  test('is refused', () => {
    assert.deepEqual(after(ASKS, REFUSED, GONE).effects, [
      { type: 'judge', kid: 1 },
      { type: 'deny', kid: 1, words: 'no' },
      { type: 'release' },
    ])
  })

  test('is refused where the rules do not let in whom the gate has', () => {
    assert.deepEqual(after(ASKS, ACCEPTED, REFUSED, ADMITTED, GONE).effects, [
      { type: 'judge', kid: 1 },
      { type: 'admit', address: '10.8.0.2' },
      { type: 'block', address: '10.8.0.2' },
      { type: 'deny', kid: 1, words: 'no' },
      { type: 'release' },
    ])
  })

  test('is blocked before the engine ends it, and once', () => {
    assert.deepEqual(types(after(ASKS, ACCEPTED, ADMITTED, CUT, CUT, GONE).effects), [
      ...['judge', 'admit', 'confirm', 'block', 'kill', 'release'],
    ])
  })

  test('is cut while what it may reach is being opened: it is never told that it is in', () => {
    assert.deepEqual(types(after(ASKS, ACCEPTED, CUT, ADMITTED, GONE).effects), [
      ...['judge', 'admit', 'block', 'deny', 'release'],
    ])
  })

  test('goes before it was decided on: what was decided is given back', () => {
    assert.deepEqual(types(after(ASKS, GONE, ACCEPTED).effects), ['judge', 'release', 'release'])
    assert.deepEqual(types(after(ASKS, GONE, REFUSED, ADMITTED, CUT).effects), ['judge', 'release'])
  })

  test('whoever renews the keys and is another gets none, and neither does whoever is not in', () => {
    assert.deepEqual(types(after(ASKS, ACCEPTED, ADMITTED, OTHER).effects).at(-1), 'deny')
    for (const before of [[], [ASKS], [ASKS, ACCEPTED], [ASKS, ACCEPTED, ADMITTED, CUT]])
      assert.deepEqual(types(after(...before, RENEWED).effects).at(-1), 'deny')
  })

  test('at no stage does an event let in whom the gate has not, and who leaves is never let in again', () => {
    for (const stage of STAGES)
      for (const event of EVENTS) {
        const client: Client = { stage, kid: 1, ...(stage !== 'asked' && { address: '10.8.0.2' }) }
        const { client: next, effects } = stepClient(client, event)
        const confirms = effects.filter(({ type }) => type === 'confirm')
        if (confirms.length > 0) assert.ok(stage === 'open' || (stage === 'entering' && event.type === 'admitted'))
        if (stage === 'leaving') assert.ok(next === undefined || next.stage === 'leaving', event.type)
        if (types(effects).includes('kill')) assert.equal(types(effects)[0], 'block')
      }
  })
})
