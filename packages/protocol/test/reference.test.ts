import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseReference, referenceOf } from '@countersign/protocol'

suite('referenceOf', () => {
  // Expected by hand: 40 bits in groups of five, Crockford's alphabet.
  test('all zero and all one', () => {
    assert.equal(referenceOf(new Uint8Array(32)), 'M-0000-0000')
    assert.equal(referenceOf(new Uint8Array(32).fill(0xff)), 'M-ZZZZ-ZZZZ')
  })
  test('bits are taken from the most significant end', () => {
    // 00001 00010 00011 00100 00101 00110 00111 01000 = 08 86 42 98 e8
    assert.equal(referenceOf(Uint8Array.fromHex('08864298e8')), 'M-1234-5678')
  })
  test('only the first five octets count', () => {
    assert.equal(referenceOf(Uint8Array.fromHex('08864298e8ffff')), 'M-1234-5678')
  })
  test('a digest that is too short is refused', () => {
    assert.throws(() => referenceOf(new Uint8Array(4)), RangeError)
  })
})

suite('parseReference', () => {
  for (const typed of ['M-7F3K-92QD', 'm-7f3k-92qd', 'M7F3K92QD', ' m 7f3k 92qd '])
    test(`reads "${typed}"`, () => assert.equal(parseReference(typed), 'M-7F3K-92QD'))
  test('forgives O, I and L', () => assert.equal(parseReference('m-ooil-0000'), 'M-0011-0000'))
  for (const typed of ['', 'M', 'M-7F3K', 'N-7F3K-92QD', 'M-7F3K-92QDX', 'M-7F3K-92Q!', 'M-UUUU-UUUU', '7F3K92QD'])
    test(`refuses "${typed}"`, () => assert.equal(parseReference(typed), undefined))
})
