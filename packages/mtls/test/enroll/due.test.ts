import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { renewalDue, retryAfterMs, statusDue, urgency } from '../../src/enroll/due.ts'
import { issueCrl } from '../support/crls.ts'
import { createRoot, NOW } from '../support/pki.ts'

const at = (days: number) => NOW.add({ hours: days * 24 }).epochMilliseconds

suite('when it is time', () => {
  test('to renew: after two thirds of the lifetime, a twelfth later at most', () => {
    const month = { notBefore: NOW, notAfter: NOW.add({ hours: 30 * 24 }) }
    assert.equal(renewalDue(month, 0).epochMilliseconds, at(20))
    assert.equal(renewalDue(month, 1).epochMilliseconds, at(22.5))
  })

  test('to say that nobody has renewed: in the last quarter, and in the last tenth', () => {
    const hundred = { notBefore: NOW, notAfter: NOW.add({ hours: 100 }) }
    assert.deepEqual(
      [0, 74, 75, 89, 90, 100, 200].map((hours) => urgency(hundred, NOW.add({ hours }))),
      [0, 0, 1, 1, 2, 2, 2],
    )
  })

  test('to fetch: between a half and three quarters of the time of the list that runs out first', () => {
    const root = createRoot('root')
    const day = issueCrl(root, { thisUpdate: NOW, nextUpdate: NOW.add({ hours: 24 }) })
    const week = issueCrl(root, { thisUpdate: NOW, nextUpdate: NOW.add({ hours: 168 }) })
    assert.equal(statusDue([week, day], 0).epochMilliseconds, at(0.5))
    assert.equal(statusDue([day, week], 1).epochMilliseconds, at(0.75))
    const { nextUpdate: _, ...endless } = day
    assert.ok(statusDue([endless], 0).epochMilliseconds > at(100_000))
    assert.ok(statusDue([], 0).epochMilliseconds > at(100_000))
  })

  test('to try again: half a minute, twice as long each time, an hour at most, spread', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((failures) => retryAfterMs(failures, 0.5)),
      [30_000, 60_000, 120_000, 240_000],
    )
    assert.equal(retryAfterMs(8, 0.5), 3_600_000)
    assert.equal(retryAfterMs(5_000, 0.5), 3_600_000)
    assert.deepEqual(
      [0, 1].map((spread) => retryAfterMs(1, spread)),
      [22_500, 37_500],
    )
  })
})
