import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatAddress } from '../../src/gate/address.ts'

suite('formatAddress', () => {
  // RFC 5952 §4
  for (const [hex, text] of [
    ['c0000207', '192.0.2.7'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000000000000000000', '2001:db8::'],
    ['20010db8aaaabbbbccccddddeeee0aaa', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaa'],
  ] as const)
    test(text, () => assert.equal(formatAddress(Uint8Array.fromHex(hex)), text))

  for (const length of [0, 3, 5, 8, 15, 17, 32])
    test(`${length} octets are no address`, () => assert.equal(formatAddress(new Uint8Array(length)), undefined))
})
