import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import type { GeneralName } from '@countersign/x509'
import { sideOf, summaryOf } from '../../src/gate/side.ts'
import { createRoot, dns, issueLeaf, uri } from '../support/pki.ts'

const root = createRoot('Side Root')
const ADDRESS = '192.0.2.7:51234'

function sideWith(...names: GeneralName[]) {
  return sideOf(issueLeaf(root, 'someone', { names }).certificates[0], ADDRESS)
}

suite('sideOf', () => {
  test('a side that showed nothing is its address', () => {
    assert.deepEqual(sideOf(undefined, ADDRESS), { name: ADDRESS, identities: [] })
  })

  test('the party is the path of the SPIFFE ID, and the name is the party', () => {
    const side = sideWith(dns('alice.acme.example'), uri('spiffe://acme.example/ns/prod/alice'))
    assert.equal(side.party, 'ns/prod/alice')
    assert.equal(side.name, 'ns/prod/alice')
    assert.deepEqual(side.identities, [
      { kind: 'dNSName', value: 'alice.acme.example' },
      { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/ns/prod/alice' },
    ])
  })

  test('without a SPIFFE ID the name is the first identity', () => {
    const side = sideWith({ kind: 'rfc822Name', value: 'a@acme.example' }, dns('a.acme.example'))
    assert.equal(side.name, 'a@acme.example')
    assert.equal(side.party, undefined)
  })

  test('a common name is no identity', () => {
    const side = sideOf(issueLeaf(root, 'spiffe://acme.example/root').certificates[0], ADDRESS)
    assert.equal(side.name, ADDRESS)
    assert.deepEqual(side.identities, [])
  })

  // SPIFFE-ID §2.1, §2.2, §2.3
  for (const [value, why] of [
    ['spiffe://acme.example', 'has no path'],
    ['spiffe://acme.example/', 'has an empty path'],
    ['spiffe://acme.example/a/', 'ends in a slash'],
    ['spiffe://acme.example//a', 'has an empty segment'],
    ['spiffe://acme.example/a/../b', 'has a relative segment'],
    ['spiffe://acme.example/.', 'is a relative segment'],
    ['spiffe://acme.example/a%2fb', 'has percent-encoded octets'],
    ['spiffe://acme.example/a?b', 'has a query'],
    ['spiffe://acme.example/a#b', 'has a fragment'],
    ['spiffe://acme.example:80/a', 'has a port'],
    ['spiffe://me@acme.example/a', 'has userinfo'],
    ['spiffe:///a', 'has no trust domain'],
    ['https://acme.example/a', 'is of another scheme'],
    [`spiffe://acme.example/${'a'.repeat(2030)}`, 'is longer than 2048 octets'],
  ] as const)
    test(`a URI that ${why} gives no party`, () => {
      assert.equal(sideWith(uri(value)).party, undefined)
    })

  test('of two URI names neither is a party, and no SPIFFE ID is an identity', () => {
    const side = sideWith(uri('spiffe://acme.example/alice'), uri('spiffe://acme.example/bob'), dns('x.example'))
    assert.equal(side.party, undefined)
    assert.deepEqual(side.identities, [{ kind: 'dNSName', value: 'x.example' }])
  })

  test('a name with a control character or a space is no identity', () => {
    assert.deepEqual(sideWith(dns('a\u001b[31m.example'), dns('a b'), dns('')).identities, [])
  })

  test('addresses are in their usual text form', () => {
    const octets = Uint8Array.fromHex('20010db8000000000000000000000001')
    const side = sideWith({ kind: 'iPAddress', octets }, { kind: 'iPAddress', octets: Uint8Array.of(192, 0, 2, 7) })
    assert.deepEqual(
      side.identities.map(({ value }) => value),
      ['2001:db8::1', '192.0.2.7'],
    )
  })
})

test('summaryOf agrees with OpenSSL', () => {
  const [certificate] = issueLeaf(root, 'Ann, of "Acme"', { serialNumber: 0x0abcn }).certificates
  const summary = summaryOf(certificate)
  const other = new X509Certificate(certificate.der)
  assert.equal(summary.sha256, other.fingerprint256.replaceAll(':', '').toLowerCase())
  assert.equal(summary.serialNumber, other.serialNumber.toLowerCase().replace(/^0+/, ''))
  assert.equal(summary.notBefore.epochMilliseconds, other.validFromDate.getTime())
  assert.equal(summary.notAfter.epochMilliseconds, other.validToDate.getTime())
  assert.equal(summary.subject, 'CN=Ann\\, of \\"Acme\\"')
  assert.equal(summary.issuer, 'CN=Side Root')
})
