// The examples of RFC 8785, and what it refuses.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { canonical } from '../../src/confirm/canonical.ts'

suite('the canonical form of JSON', () => {
  test('RFC 8785 §3.2.2: literals, strings and numbers', () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    assert.equal(
      canonical(JSON.parse(input)),
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  test('RFC 8785 §3.2.3: names in the order of their UTF-16 code units', () => {
    const input = String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`
    const values = [...canonical(JSON.parse(input)).matchAll(/:"([^"]*)"[,}]/g)].map(([, value]) => value)
    assert.deepEqual(values, [
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  for (const [ieee754, text] of [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ] as const)
    test(`RFC 8785 Appendix B: ${text}`, () => {
      assert.equal(canonical(Buffer.from(ieee754, 'hex').readDoubleBE()), text)
    })

  test('RFC 8785 Appendix B, §3.2.2.2: NaN, infinities and half a surrogate pair are refused', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '\ud800', 'a\udc00b'])
      assert.throws(() => canonical([value]), RangeError)
    assert.throws(() => canonical({ '\udead': 'x' }), RangeError)
  })
})
