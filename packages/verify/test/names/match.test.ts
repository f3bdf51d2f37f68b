import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { identitiesOf, matchesName, type ReferenceIdentity } from '@countersign/verify'
import { type GeneralName, nameOf, OID, smtpUTF8MailboxName, writeUtf8String } from '@countersign/x509'
import { leaf, root, sans } from '../../../../interop/chains/house.ts'

const issuer = root()
const withNames = (...names: readonly GeneralName[]) =>
  leaf(issuer, { extensions: { subjectAltName: sans(...names) } }).certificate

const dns = (value: string) => ({ kind: 'dNSName', value }) as const
const uri = (value: string) => ({ kind: 'uniformResourceIdentifier', value }) as const
const mail = (value: string) => ({ kind: 'rfc822Name', value }) as const
const ip = (...octets: number[]) => ({ kind: 'iPAddress', octets: Uint8Array.from(octets) }) as const
const address = (value: string) => ({ kind: 'iPAddress', value }) as const
const smtp = smtpUTF8MailboxName
const loopback6 = ip(...new Array<number>(15).fill(0), 1)

/** What the certificate carries, what must be proved, and whether it is: RFC 9525 §6.3, §6.4 and §7.2, RFC 5280 §7.5. */
const CASES: readonly (readonly [GeneralName, ReferenceIdentity, boolean])[] = [
  [dns('a.example'), dns('a.example'), true],
  [dns('A.Example'), dns('a.eXAMPLE'), true],
  [dns('a.example'), dns('a.example.'), true],
  [dns('a.example'), dns('a.example..'), false],
  [dns('a.example.'), dns('a.example'), false],
  [dns('a.example'), dns('b.example'), false],
  [dns('a.example'), dns('b.a.example'), false],
  [dns('b.a.example'), dns('a.example'), false],
  [dns('localhost'), dns('localhost'), true],
  [dns('xn--bcher-kva.example'), dns('XN--bcher-kva.example'), true],
  [dns('xn--bcher-kva.example'), dns('bücher.example'), false],
  [dns('*.example'), dns('a.example'), true],
  [dns('*.EXAMPLE'), dns('a.example'), true],
  [dns('*.example'), dns('example'), false],
  [dns('*.example'), dns('b.a.example'), false],
  [dns('*.example'), dns('*.example'), false],
  [dns('*.example'), dns('.example'), false],
  [dns('*.b.example'), dns('a.c.example'), false],
  [dns('*'), dns('example'), false],
  [dns('*.'), dns('example'), false],
  [dns('a*.example'), dns('ab.example'), false],
  [dns('*a.example'), dns('ba.example'), false],
  [dns('a.*.example'), dns('a.b.example'), false],
  [dns('*.*.example'), dns('a.b.example'), false],
  [dns('**.example'), dns('a.example'), false],
  [dns(''), dns(''), false],
  [dns('a..example'), dns('a..example'), false],
  [dns('-a.example'), dns('-a.example'), false],
  [dns('a-.example'), dns('a-.example'), false],
  [dns('a_b.example'), dns('a_b.example'), false],
  [dns('a b.example'), dns('a b.example'), false],
  [dns('a.example\0.evil'), dns('a.example'), false],
  [dns('a.example\n'), dns('a.example'), false],
  [dns(`${'a'.repeat(63)}.example`), dns(`${'a'.repeat(63)}.example`), true],
  [dns(`${'a'.repeat(64)}.example`), dns(`${'a'.repeat(64)}.example`), false],
  [dns(`${'a.'.repeat(126)}a`), dns(`${'a.'.repeat(126)}a`), true],
  [dns(`${'a.'.repeat(125)}aaaa`), dns(`${'a.'.repeat(125)}aaaa`), false],
  [dns(`${'a.'.repeat(127)}a`), dns(`${'a.'.repeat(127)}a`), false],
  // An address is no DNS name, on either side.
  [dns('192.0.2.1'), dns('192.0.2.1'), false],
  [dns('192.0.2.1'), address('192.0.2.1'), false],
  [dns('*.0.2.1'), dns('192.0.2.1'), false],
  [ip(192, 0, 2, 1), dns('192.0.2.1'), false],

  [ip(192, 0, 2, 1), address('192.0.2.1'), true],
  [ip(192, 0, 2, 1), address('192.0.2.2'), false],
  [ip(192, 0, 2, 1), address('192.0.2.01'), false],
  [ip(192, 0, 2, 1), address('192.0.513'), false],
  [ip(192, 0, 2, 1), address('::ffff:192.0.2.1'), false],
  [loopback6, address('::1'), true],
  [loopback6, address('0:0:0:0:0:0:0:1'), true],
  [loopback6, address('::0001'), true],
  [loopback6, address('[::1]'), false],
  [loopback6, address('::1%lo'), false],
  [loopback6, address('::2'), false],
  [loopback6, address('localhost'), false],

  // RFC 9598 §5: octet for octet, the domain in A-labels; no folding and no normalization of the local part.
  [smtp('\u5b66\u751f@school.example'), mail('\u5b66\u751f@school.example'), true],
  [smtp('\u5b66\u751f@school.example'), mail('\u5b66\u751f@SCHOOL.example'), true],
  [smtp('\u5b66\u751f@school.example'), mail('\u5b66\u751f@other.example'), false],
  [smtp('\u5b66\u751f@school.example'), mail('\u533b\u751f@school.example'), false],
  [smtp('\u533b\u751f@xn--pss25c.example'), mail('\u533b\u751f@XN--pss25c.example'), true],
  [smtp('\u533b\u751f@xn--pss25c.example'), mail('\u533b\u751f@\u5927\u5b66.example'), false],
  [smtp('jos\u00e9@school.example'), mail('jose\u0301@school.example'), false],
  [smtp('jos\u00e9@school.example'), mail('JOS\u00c9@school.example'), false],
  [smtp(`${'\u00e9'.repeat(32)}@school.example`), mail(`${'\u00e9'.repeat(32)}@school.example`), true],
  [smtp(`${'\u00e9'.repeat(33)}@school.example`), mail(`${'\u00e9'.repeat(33)}@school.example`), false],
  // It names nobody by what nobody sees.
  [smtp('jos\u00e9\u202e@school.example'), mail('jos\u00e9\u202e@school.example'), false],
  [smtp('jos\u00e9\u2028@school.example'), mail('jos\u00e9\u2028@school.example'), false],
  [smtp('*\u751f@school.example'), mail('\u5b66\u751f@school.example'), false],
  // §3: an address in ASCII has no business in this form.
  [
    { kind: 'otherName', typeId: OID.SmtpUTF8Mailbox, value: writeUtf8String('carol@school.example') },
    mail('carol@school.example'),
    false,
  ],
  [
    { kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.10', value: writeUtf8String('\u751f@school.example') },
    mail('\u751f@school.example'),
    false,
  ],

  [uri('spiffe://house.example/a'), uri('spiffe://house.example/a'), true],
  [uri('spiffe://house.example/a'), uri('SPIFFE://HOUSE.example/a'), true],
  [uri('SPIFFE://House.Example/a'), uri('spiffe://house.example/a'), true],
  [uri('spiffe://house.example/a'), uri('spiffe://house.example/A'), false],
  [uri('spiffe://house.example/a'), uri('spiffe://house.example/a/'), false],
  [uri('spiffe://house.example/a'), uri('spiffe://house.example/a/b'), false],
  [uri('spiffe://house.example/a'), uri('spiffe://house.example'), false],
  [uri('spiffe://house.example/a'), uri('spiffe://other.example/a'), false],
  [uri('spiffe://house.example/a'), uri('https://house.example/a'), false],
  [uri('https://b@house.example:1/a?B#c'), uri('HTTPS://b@House.example:1/a?B#c'), true],
  [uri('https://b@house.example/'), uri('https://B@house.example/'), false],
  [uri('https://house.example?A'), uri('https://house.example?a'), false],
  [uri('file:///A'), uri('FILE:///A'), true],
  [uri('file:///A'), uri('file:///a'), false],
  [uri('sip:Voice.example'), uri('SIP:Voice.example'), true],
  [uri('sip:voice.example'), uri('sip:Voice.example'), false],
  [uri('/a'), uri('/a'), false],
  [uri(':a'), uri(':a'), false],
  [uri('1a:b'), uri('1a:b'), false],
  [uri('a:b c'), uri('a:b c'), false],
  [uri('a:%zz'), uri('a:%zz'), false],
  [uri('a.example'), dns('a.example'), false],
  [dns('a.example'), uri('https://a.example/'), false],

  [mail('carol@mail.example'), mail('carol@MAIL.example'), true],
  [mail('carol@Mail.Example'), mail('carol@mail.example'), true],
  [mail('Carol@mail.example'), mail('carol@mail.example'), false],
  [mail('c.a+r=o@mail.example'), mail('c.a+r=o@mail.example'), true],
  [mail('carol@mail.example'), mail('dave@mail.example'), false],
  [mail('carol@mail.example'), mail('carol@a.mail.example'), false],
  [mail('mail.example'), mail('carol@mail.example'), false],
  [mail('@mail.example'), mail('@mail.example'), false],
  [mail('carol@'), mail('carol@'), false],
  [mail('carol@mail.example.'), mail('carol@mail.example.'), false],
  [mail('carol@*.example'), mail('carol@mail.example'), false],
  [mail('a..b@mail.example'), mail('a..b@mail.example'), false],
  [mail('.a@mail.example'), mail('.a@mail.example'), false],
  [mail('"a b"@mail.example'), mail('"a b"@mail.example'), false],
  [mail('a@b@mail.example'), mail('a@b@mail.example'), false],
  [mail(`${'a'.repeat(64)}@mail.example`), mail(`${'a'.repeat(64)}@mail.example`), true],
  [mail(`${'a'.repeat(65)}@mail.example`), mail(`${'a'.repeat(65)}@mail.example`), false],
]

suite('matchesName', () => {
  for (const [presented, reference, matches] of CASES) {
    const from = 'octets' in presented ? [...presented.octets].join('.') : JSON.stringify(Object.values(presented)[1])
    test(`${presented.kind} ${from} ${matches ? 'proves' : 'does not prove'} ${reference.kind} ${JSON.stringify(reference.value)}`, () => {
      assert.equal(matchesName(withNames(presented), reference), matches)
    })
  }

  test('any one of many names is enough', () => {
    const certificate = withNames(dns('bad name'), dns('a.example'), ip(192, 0, 2, 1))
    assert.ok(matchesName(certificate, dns('a.example')))
    assert.ok(matchesName(certificate, address('192.0.2.1')))
    assert.ok(!matchesName(certificate, dns('bad name')))
  })

  test('the common name never counts', () => {
    const subject = nameOf([['commonName', 'a.example']])
    assert.ok(
      !matchesName(leaf(issuer, { subject, extensions: { subjectAltName: null } }).certificate, dns('a.example')),
    )
  })
})

suite('identitiesOf', () => {
  test('lists every name in its normal form, in order, and leaves out what is none', () => {
    const certificate = withNames(
      uri('SPIFFE://House.example/A'),
      dns('*.Example'),
      dns('a_b.example'),
      dns('a.example\0'),
      mail('Carol@Mail.example'),
      ip(32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      ip(192, 0, 2, 1),
      { kind: 'registeredID', value: '1.2.3' },
    )
    assert.deepEqual(identitiesOf(certificate), [
      uri('spiffe://house.example/A'),
      dns('*.example'),
      mail('Carol@mail.example'),
      address('2001:db8::1'),
      address('192.0.2.1'),
    ])
  })

  test('is empty without names', () => {
    assert.deepEqual(identitiesOf(leaf(issuer, { extensions: { subjectAltName: null } }).certificate), [])
  })
})
