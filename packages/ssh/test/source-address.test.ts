// What may stand in source-address: RFC 4632 §3.1, RFC 4291 §2.2 and §2.3.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readSshCertificate } from '@countersign/ssh'
import { certificateOf, options, str } from './frames.ts'

const read = (text: string) =>
  readSshCertificate(certificateOf({ criticalOptions: options(['source-address', str(text)]) })).sourceAddress

const ACCEPTED = [
  '192.0.2.1',
  '192.0.2.0/24',
  '192.0.2.128/25',
  '192.0.2.1/32',
  '0.0.0.0/0',
  '255.255.255.255',
  '::',
  '::/0',
  '::1',
  '2001:db8::/32',
  '2001:DB8:0:0:8:800:200C:417A',
  '2001:db8::8:800:200c:417a/128',
  'fe80::/10',
  '::ffff:192.0.2.0/120',
  '1:2:3:4:5:6:192.0.2.1',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
]
const REFUSED = [
  '192.0.2.1/24',
  '192.0.2.128/24',
  '192.0.2.0/33',
  '192.0.2.0/024',
  '192.0.2.0/',
  '192.0.2.0/24/24',
  '192.0.2.0/+24',
  '192.0.2.0/255.255.255.0',
  '192.0.2',
  '192.0.2.1.1',
  '192.0.2.256',
  '192.0.2.01',
  '0xc0.0.2.1',
  '3221225985',
  '192.0.2.-1',
  '2001:db8::1/32',
  'fe80::/8',
  '2001:db8::/129',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4::5:6:7:8',
  '1::2::3',
  ':::',
  ':1::',
  '::1:',
  '12345::',
  'g::',
  'fe80::1%eth0',
  '::192.0.2.256',
  '192.0.2.1::',
  '1:2:3:4:5:6:7:192.0.2.1',
  '[::1]',
  '*',
  'any',
]

suite('sources', () => {
  for (const text of ACCEPTED) test(`${text} is read`, () => assert.deepEqual(read(text), [text]))
  for (const text of REFUSED)
    test(`${text} is refused`, () => {
      assert.throws(() => read(text), { code: 'ERR_SSH_CERT_SOURCE_ADDRESS' })
    })
  test('several, in their order', () => {
    assert.deepEqual(read('192.0.2.1,::1,127.0.0.0/8'), ['192.0.2.1', '::1', '127.0.0.0/8'])
  })
  test('several of which one is wrong are refused', () => {
    assert.throws(() => read('192.0.2.1,,::1'), { code: 'ERR_SSH_CERT_SOURCE_ADDRESS' })
  })
})
