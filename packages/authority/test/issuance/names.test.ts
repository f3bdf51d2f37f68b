import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { writeUtf8String } from '@countersign/x509'
import { generalNameOf, identityOf, isTrustDomain, parseSan } from '../../src/issuance/names.ts'

suite('names that can be asked for', () => {
  for (const [san, kind, value] of [
    ['dns:Hello.Localhost', 'dNSName', 'hello.localhost'],
    ['dns:xn--bcher-kva.example', 'dNSName', 'xn--bcher-kva.example'],
    ['ip:127.0.0.1', 'iPAddress', '127.0.0.1'],
    ['ip:2001:DB8:0:0::1', 'iPAddress', '2001:db8::1'],
    ['email:Alice.B@Acme.Example', 'rfc822Name', 'Alice.B@acme.example'],
    ['email:jörg@xn--bcher-kva.example', 'rfc822Name', 'jörg@xn--bcher-kva.example'],
    ['email:jo\u0308rg@Acme.Example', 'rfc822Name', 'jo\u0308rg@acme.example'],
    ['email:dr.医生+1@XN--PSS25C.example.com', 'rfc822Name', 'dr.医生+1@xn--pss25c.example.com'],
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
    'email:jörg@bücher.example',
    'email:alice@bücher.example',
    'email:"jörg"@acme.example',
    'email:jörg..m@acme.example',
    'email:jörg@acme.example.',
    'email:jö\u202erg@acme.example',
    'email:jö\u200brg@acme.example',
    'email:jö\ufeffrg@acme.example',
    'email:jörg@ab--c.example',
    'email:jörg@xn--a.example',
    'email:alice@xn--zz.example',
    'email:alice@xn--bcher-kva-.example',
    `email:${'ö'.repeat(33)}@acme.example`,
    'other:x',
    'DNS:a.example',
  ])
    test(`${JSON.stringify(san.slice(0, 40))} is refused with its reason`, () => {
      const parsed = parseSan(san)
      assert.ok(!parsed.ok)
      assert.match(parsed.detail, /^".*" (is not|does not)/s)
    })
})

suite('an e-mail address in a certificate', () => {
  // RFC 9598 §3, table 1, and the octets of Appendix B.
  test('is an rfc822Name where its local part is ASCII, else an SmtpUTF8Mailbox', () => {
    const mail = (value: string) => generalNameOf({ kind: 'rfc822Name', value })
    assert.deepEqual(mail('student@xn--pss25c.example.com'), {
      kind: 'rfc822Name',
      value: 'student@xn--pss25c.example.com',
    })
    const value = Uint8Array.fromHex('0c1de58cbbe7949f40786e2d2d7073733235632e6578616d706c652e636f6d')
    assert.deepEqual(mail('医生@xn--pss25c.example.com'), { kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.9', value })
  })

  test('in a form that RFC 9598 does not have is nobody', () => {
    for (const text of ['doctor@example.com', '医生@大学.example.com', '医生@Example.com', '医生@example.com.', '医生'])
      assert.equal(
        identityOf({ kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.9', value: writeUtf8String(text) }),
        undefined,
        text,
      )
    assert.equal(
      identityOf({ kind: 'otherName', typeId: '1.3.6.1.4.1.311.20.2.3', value: writeUtf8String('医生@example.com') }),
      undefined,
    )
  })
})

suite('trust domains', () => {
  test('trust domains are in lower case, without port or path', () => {
    assert.equal(isTrustDomain('acme.example'), true)
    for (const domain of ['', 'Acme.example', 'acme.example:443', 'acme/example', 'a'.repeat(256)])
      assert.equal(isTrustDomain(domain), false, domain)
  })
})
