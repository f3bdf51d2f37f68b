import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hoursAt, readHours } from '@countersign/policy'

const cases: readonly (readonly [string, string, boolean, string | undefined])[] = [
  // 2026-11-24 is a Tuesday.
  ['hours 08:00-20:00', '2026-11-24T08:00:00Z', true, '2026-11-24T20:00:00Z'],
  ['hours 08:00-20:00', '2026-11-24T07:59:59Z', false, '2026-11-24T08:00:00Z'],
  ['hours 08:00-20:00', '2026-11-24T20:00:00Z', false, '2026-11-25T08:00:00Z'],
  ['hours 22:00-06:00', '2026-11-24T05:59:00Z', true, '2026-11-24T06:00:00Z'],
  ['hours 22:00-06:00', '2026-11-24T23:00:00Z', true, '2026-11-25T06:00:00Z'],
  ['hours 22:00-06:00', '2026-11-24T12:00:00Z', false, '2026-11-24T22:00:00Z'],
  ['hours mon-fri 08:00-20:00', '2026-11-28T12:00:00Z', false, '2026-11-30T08:00:00Z'],
  // Friday night belongs to Friday.
  ['hours fri 22:00-06:00', '2026-11-28T05:00:00Z', true, '2026-11-28T06:00:00Z'],
  ['hours fri 22:00-06:00', '2026-11-27T05:00:00Z', false, '2026-11-27T22:00:00Z'],
  ['hours sat-mon 00:00-24:00', '2026-11-29T12:00:00Z', true, '2026-12-01T00:00:00Z'],
  ['hours sat,wed 10:00-11:00', '2026-11-24T12:00:00Z', false, '2026-11-25T10:00:00Z'],
  ['hours 08:00-20:00 Europe/Berlin', '2026-11-24T07:00:00Z', true, '2026-11-24T19:00:00Z'],
  ['hours 08:00-20:00 Europe/Berlin', '2026-07-01T06:00:00Z', true, '2026-07-01T18:00:00Z'],
  // The night in which clocks are put on has no 02:30: it begins when that would have been.
  ['hours 02:30-04:00 Europe/Berlin', '2026-03-29T00:59:00Z', false, '2026-03-29T01:30:00Z'],
]
suite('hours', () => {
  for (const [hours, now, open, changesAt] of cases)
    test(`${hours} at ${now}`, () => {
      const state = hoursAt(readHours(hours), Temporal.Instant.from(now))
      assert.equal(state.open, open)
      assert.equal(state.changesAt?.toString(), changesAt)
    })
  test('always is open', () => {
    assert.equal(hoursAt(readHours('hours 00:00-24:00'), Temporal.Instant.from('2026-11-24T08:00:00Z')).open, true)
  })
  for (const text of [
    '08:00-20:00',
    'hours 8:00-20:00',
    'hours 25:00-26:00',
    'hours 08:00-24:01',
    'hours mon-tue-wed 08:00-09:00',
    'hours  ',
  ])
    test(`refused: ${text}`, () => assert.throws(() => readHours(text), RangeError))
})
