// The header of the PROXY protocol, octet by octet: expected values from section 2.2 of its text.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { writeProxyHeader } from '../../src/tcp/proxy-v2.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const common = {
  reference: 'M-7F3K-92QD',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
  identities: [],
}
/** Version and command, family, addresses; the length covers the rest. */
function headOf(from: string, to: string, octets: number) {
  const header = writeProxyHeader({ ...common, from: { address: from, port: 0x1234 }, to: { address: to, port: 443 } })
  const hex = Buffer.from(header).toString('hex')
  assert.equal(hex.slice(0, 24), SIGNATURE)
  assert.equal(Number.parseInt(hex.slice(28, 32), 16), header.length - 16)
  return hex.slice(24, 28) + hex.slice(32, 32 + 2 * octets)
}

suite('writeProxyHeader', () => {
  test('of IPv4', () =>
    assert.equal(headOf('192.0.2.1', '198.51.100.2', 12), '2111' + 'c0000201' + 'c6336402' + '1234' + '01bb'))

  for (const [what, from] of [
    ['of IPv6', 'fe80::1'],
    ['of IPv6 with a zone, which has no place in it', 'fe80::1%eth0'],
  ] as const)
    test(what, () =>
      assert.equal(
        headOf(from, '2001:db8::2', 36),
        `2121${'fe80000000000000'}${'0000000000000001'}${'20010db800000000'}${'0000000000000002'}123401bb`,
      ),
    )

  // Behind the family comes the first of the values: PP2_TYPE_UNIQUE_ID, 11 octets.
  for (const [from, to] of [
    ['192.0.2.1', '2001:db8::2'],
    ['fe80::1', '192.0.2.1'],
    ['nowhere', '192.0.2.1'],
  ] as const)
    test(`of ${from} and ${to}: no addresses`, () => assert.equal(headOf(from, to, 3), '2100' + '05000b'))

  test('is refused where it would be longer than its length can say', () => {
    const identities = Array.from({ length: 4_000 }, (_, i) => `dNSName:host-${i}.acme.example`)
    assert.throws(() => writeProxyHeader({ ...common, identities }), RangeError)
  })
})
