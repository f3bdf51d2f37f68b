import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatIpAddress, parseIpAddress } from '@countersign/x509'

suite('parseIpAddress', () => {
  const addresses: [string, string][] = [
    ['127.0.0.1', '7f000001'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['2001:db8::1', `20010db8${'00'.repeat(11)}01`],
    ['2001:DB8:0:0:0:0:0:1', `20010db8${'00'.repeat(11)}01`],
    ['1::', `0001${'00'.repeat(14)}`],
    ['::ffff:192.0.2.1', `${'00'.repeat(10)}ffffc0000201`],
    ['64:ff9b::192.0.2.33', `0064ff9b${'00'.repeat(8)}c0000221`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ]
  for (const [text, hex] of addresses) test(text, () => assert.equal(parseIpAddress(text)?.toHex(), hex))

  const none = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:1',
    '::1.2.3',
    '1:',
    ':1',
    '[::1]',
    '::1/64',
  ]
  for (const text of none) test(`${JSON.stringify(text)} is none`, () => assert.equal(parseIpAddress(text), undefined))
})

suite('formatIpAddress', () => {
  // RFC 5952 §4: the forms that it asks for.
  const cases: [string, string][] = [
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00000000000000000000000000000000', '::'],
    ['00010000000000000000000000000000', '1::'],
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
    ['c0000201', '192.0.2.1'],
    ['0a000000ffffff00', '10.0.0.0/24'],
    ['20010db8000000000000000000000000ffffffff000000000000000000000000', '2001:db8::/32'],
  ]
  for (const [hex, text] of cases) test(text, () => assert.equal(formatIpAddress(Uint8Array.fromHex(hex)), text))
  test('five octets are refused', () => {
    assert.throws(() => formatIpAddress(new Uint8Array(5)), RangeError)
  })
})
