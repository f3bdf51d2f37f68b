// Some of the lists that an issuer publishes over time: what is decided on them is what comes out where they are merged.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { codesOf } from '../../../../interop/chains/house.ts'
import { anchorCrl, issuing, party } from '../../../../interop/chains/lists.ts'
import { isGood, listsOf, randomHistory } from '../../../../interop/differ/list-history.ts'
import { randomFrom } from '../../../../interop/differ/random.ts'
import { ask } from './asked.ts'

suite('lists of an issuer over time', () => {
  test('500 random histories', () => {
    const counts = { good: 0, bad: 0 }
    for (let seed = 1; seed <= 500; seed++) {
      const history = randomHistory(randomFrom(seed))
      const good = isGood(history)
      const codes = codesOf(ask({ crls: [anchorCrl, ...listsOf(history, issuing, party)] }))
      assert.equal(
        codes.length === 0,
        good,
        `${seed}: ${codes}; ${JSON.stringify(history, (_, value) => (value instanceof Set ? [...value] : value))}`,
      )
      counts[good ? 'good' : 'bad']++
    }
    assert.ok(counts.good > 80 && counts.bad > 80, JSON.stringify(counts))
  })
})
