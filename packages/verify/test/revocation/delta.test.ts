// Which CRL takes the place of another, and which delta brings one up to date. RFC 5280 §5.2.3, §5.2.4 and §6.3.3.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DELTA_CASES } from '../../../../interop/chains/delta-cases.ts'
import { codesOf, hours } from '../../../../interop/chains/house.ts'
import { anchorCrl, delta, list } from '../../../../interop/chains/lists.ts'
import { ask, judged, toldOf } from './asked.ts'

suite('deltas, and lists that take the place of others', () => {
  for (const one of DELTA_CASES) test(one.what, () => assert.deepEqual(codesOf(judged(one)), one.codes))

  test('a delta and its base are one evidence, with the number and the times of the delta', () => {
    const verdict = ask({
      crls: [
        anchorCrl,
        list({ number: 4n, nextUpdate: hours(0) }),
        delta(3n, 5n),
        delta(5n, 6n, { nextUpdate: hours(2) }),
      ],
    })
    assert.ok(verdict.ok)
    const [, { kind, issuer: _, ...evidence } = assert.fail('no evidence')] = verdict.evidence
    assert.equal(kind, 'crl')
    assert.deepEqual(evidence, { depth: 0, number: 6n, base: 4n, thisUpdate: hours(-1), nextUpdate: hours(2) })
    assert.ok(verdict.path.validUntil.equals(hours(1)))
  })

  test('a hundred deltas on one list are no work', () => {
    const deltas = Array.from({ length: 99 }, (_, i) => delta(1n, BigInt(i + 2), { nextUpdate: hours(0) }))
    const crls = [anchorCrl, list({ nextUpdate: hours(0) }), ...deltas, delta(1n, 101n)]
    assert.deepEqual(codesOf(ask({ crls })), [])
  })

  test('a delta without its base says which it is', () => {
    assert.match(toldOf(ask({ crls: [anchorCrl, delta(7n, 8n)] })), /it builds on crl number 7, which is not there/)
  })
})
