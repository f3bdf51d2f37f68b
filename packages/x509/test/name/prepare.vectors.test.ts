import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Name, namesEqual, OID, readName, writeName, writeUtf8String } from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly left: string
  readonly right: string
  readonly equal: boolean
}

const name = (text: string): Name => readName(writeName([[{ type: OID.commonName, value: writeUtf8String(text) }]]))

suite('string preparation, RFC 4518', () => {
  for (const { id, left, right, equal } of casesOf<Vector>('x509/string-preparation.json'))
    test(id, () => {
      assert.equal(namesEqual(name(left), name(right)), equal)
      assert.equal(namesEqual(name(right), name(left)), equal)
    })

  const marks = '\u0315\u0300\u0316\u0323'

  test('above the local limits only octets count', () => {
    assert.equal(namesEqual(name(`A${marks.repeat(7)}`), name(`a${marks.repeat(7)}`)), true)
    assert.equal(namesEqual(name(`A${marks.repeat(8)}`), name(`a${marks.repeat(8)}`)), false)
    assert.equal(namesEqual(name(`A${marks.repeat(8)}`), name(`A${marks.repeat(8)}`)), true)
    assert.equal(namesEqual(name('Ä'.repeat(1_024)), name('ä'.repeat(1_024))), true)
    assert.equal(namesEqual(name('Ä'.repeat(1_025)), name('ä'.repeat(1_025))), false)
  })

  test('texts that are hard to normalize cost little', () => {
    const nameOfMany = (text: string) =>
      readName(writeName(Array.from({ length: 40 }, () => [{ type: OID.commonName, value: writeUtf8String(text) }])))
    // What it costs, and not how long it waited for other programs.
    const start = process.cpuUsage()
    // One character that becomes 18, as often as it fits into a certificate, and marks that must be sorted.
    assert.equal(namesEqual(nameOfMany(`A${'\ufdfa'.repeat(1_000)}`), nameOfMany(`a${'\ufdfa'.repeat(1_000)}`)), true)
    assert.equal(namesEqual(name(`A${marks.repeat(15_000)}`), name(`a${marks.repeat(15_000)}`)), false)
    // Some 60 ms here; sorting 60,000 marks takes the engine seconds.
    const { user } = process.cpuUsage(start)
    assert.ok(user < 1_000_000, `${user} µs`)
  })
})
