import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { generalNameOf, identityOf, isTrustDomain, parseSan } from '../../src/issuance/names.ts'

suite('names that can be asked for', () => {
  for (const [san, kind, value] of [
    ['dns:Hello.Localhost', 'dNSName', 'hello.localhost'],
    ['dns:xn--bcher-kva.example', 'dNSName', 'xn--bcher-kva.example'],
    ['ip:127.0.0.1', 'iPAddress', '127.0.0.1'],
    ['ip:2001:DB8:0:0::1', 'iPAddress', '2001:db8::1'],
    ['email:Alice.B@Acme.Example', 'rfc822Name', 'Alice.B@acme.example'],
    ['uri:spiffe://acme.example/alice', 'uniformResourceIdentifier', 'spiffe://acme.example/alice'],
  ] as const)
    test(`${san} is ${value}, and the same after a round trip through a certificate`, () => {
      const parsed = parseSan(san)
      assert.deepEqual(parsed, { ok: true, name: { kind, value } })
      assert.ok(parsed.ok)
      assert.deepEqual(identityOf(generalNameOf(parsed.name)), { kind, value })
    })

  for (const san of [
    '',
    'alice',
    'dns:',
    'dns:*.example',
    'dns:-a.example',
    'dns:a..example',
    'dns:a.example.',
    'dns:bücher.example',
    'dns:a_b.example',
    'dns:127.0.0.1',
    'dns:evil.example\0.good.example',
    `dns:${'a'.repeat(64)}.example`,
    `dns:${'a.'.repeat(127)}example`,
    'ip:127.1',
    'ip:010.0.0.1',
    'ip:fe80::1%eth0',
    'ip:300.0.0.1',
    'email:alice',
    'email:@acme.example',
    'email:a b@acme.example',
    'email:"a"@acme.example',
    'email:alice@acme..example',
    'email:älice@acme.example',
    'other:x',
    'DNS:a.example',
  ])
    test(`${JSON.stringify(san.slice(0, 40))} is refused with its reason`, () => {
      const parsed = parseSan(san)
      assert.ok(!parsed.ok)
      assert.match(parsed.detail, /^".*" (is not|does not)/s)
    })
})

suite('trust domains', () => {
  test('trust domains are in lower case, without port or path', () => {
    assert.equal(isTrustDomain('acme.example'), true)
    for (const domain of ['', 'Acme.example', 'acme.example:443', 'acme/example', 'a'.repeat(256)])
      assert.equal(isTrustDomain(domain), false, domain)
  })
})
