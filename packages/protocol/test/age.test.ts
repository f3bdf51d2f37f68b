import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatLength, formatValidity, formatWhen } from '@countersign/protocol'

suite('formatLength', () => {
  for (const [seconds, text] of [
    [0, '0 s'],
    [0.9, '0 s'],
    [59.9, '59 s'],
    [60, '1 minute'],
    [119, '1 minute'],
    [120, '2 minutes'],
    [3_599, '59 minutes'],
    [3_600, '1 hour'],
    [86_399, '23 hours'],
    [86_400, '1 day'],
    [86_400 * 400, '400 days'],
    [86_400 * 731, '2 years'],
    [-5, '0 s'],
  ] as const)
    test(`${seconds} s are ${text}`, () => assert.equal(formatLength(seconds), text))
})

const now = Temporal.Instant.from('2026-11-24T12:00:00Z')

suite('formatWhen', () => {
  test('what is to come', () => assert.equal(formatWhen(now.add({ hours: 24 * 11 }), now), 'in 11 days'))
  test('what was', () => assert.equal(formatWhen(now.subtract({ minutes: 3 }), now), '3 minutes ago'))
  test('what is now', () => {
    assert.equal(formatWhen(now, now), 'just now')
    assert.equal(formatWhen(now.subtract({ milliseconds: 999 }), now), 'just now')
    assert.equal(formatWhen(now.subtract({ seconds: 1 }), now), '1 s ago')
  })
  for (const [seconds, text] of [
    [0.2, 'in 1 s'],
    [599.5, 'in 10 minutes'],
    [590, 'in 9 minutes'],
    [86_400 * 30 - 2, 'in 30 days'],
    [86_400 * 30 - 7_200, 'in 29 days'],
    [86_400 * 365 * 20, 'in 20 years'],
  ] as const)
    test(`${seconds} s ahead are ${text}: what was given is said a moment later too`, () => {
      assert.equal(formatWhen(now.add({ milliseconds: seconds * 1000 }), now), text)
    })
})

suite('formatValidity', () => {
  const from = now.subtract({ hours: 1 })
  const to = now.add({ hours: 47 })
  test('in force', () => assert.equal(formatValidity(from, to, now), '1 day left'))
  test('in its first and its last moment', () => {
    assert.equal(formatValidity(now, to, now), '1 day left')
    assert.equal(formatValidity(from, now, now), '0 s left')
  })
  test('over', () => assert.equal(formatValidity(from, now.subtract({ minutes: 2 }), now), 'expired 2 minutes ago'))
  test('to come', () => assert.equal(formatValidity(now.add({ minutes: 3 }), to, now), 'valid in 3 minutes'))
})
