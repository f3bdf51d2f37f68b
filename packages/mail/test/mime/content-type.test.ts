// Types and their parameters, and the tricks of RFC 2231 by which two programs see two file names.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MailFormError, readContentDisposition, readContentType, readText } from '@countersign/mail'

suite('Content-Type', () => {
  for (const [value, type, parameters] of [
    ['text/plain', 'text/plain', {}],
    ['Text/PLAIN; CharSet=UTF-8', 'text/plain', { charset: 'UTF-8' }],
    ['text/plain; charset=us-ascii (Plain text)', 'text/plain', { charset: 'us-ascii' }],
    ['text/plain;charset="us-ascii";', 'text/plain', { charset: 'us-ascii' }],
    ['text/plain; name="a;b=\\"c\\""', 'text/plain', { name: 'a;b="c"' }],
    ['text/plain; name=""', 'text/plain', { name: '' }],
    [
      'multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary="=_a"',
      'multipart/signed',
      { micalg: 'sha-256', protocol: 'application/pkcs7-signature', boundary: '=_a' },
    ],
    // RFC 2231 §3, §4 and §4.1.
    [
      'message/external-body; access-type=URL; URL*0="ftp://"; URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
      'message/external-body',
      { 'access-type': 'URL', url: 'ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar' },
    ],
    [
      "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
      'application/x-stuff',
      { title: 'This is ***fun***' },
    ],
    [
      "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
      'application/x-stuff',
      { title: "This is even more ***fun*** isn't it!" },
    ],
    ["text/plain; name*0*=utf-8''%C3; name*1*=%AB", 'text/plain', { name: '\u00eb' }],
  ] as const)
    test(`is read: ${value}`, () => {
      const read = readContentType(value, 0)
      assert.deepEqual([read.type, Object.fromEntries(read.parameters)], [type, parameters])
    })

  for (const [value, fault] of [
    ['', 'content-type'],
    ['text', 'content-type'],
    ['text/', 'content-type'],
    ['/plain', 'content-type'],
    ['text / plain', 'content-type'],
    ['text/plain charset=utf-8', 'content-type'],
    ['text/plain; =utf-8', 'content-type'],
    ['text/plain; charset=', 'content-type'],
    ['text/plain; charset=a b', 'content-type'],
    ['text/plain; charset="a"b', 'content-type'],
    ['text/plain; charset="a', 'content-type'],
    ['text/plain; charset="a\\', 'content-type'],
    ['text/plain; charset=(a)', 'content-type'],
    ['text/plain; (a', 'content-type'],
    ['text/plain;; charset=a', 'content-type'],
    ['text/plain; name=\u00eb', 'content-type'],
    ['text/html; type=text/html', 'content-type'],
    ['text/plain; charset=a; charset=a', 'parameter-twice'],
    ["text/plain; name=a; name*=utf-8''b", 'parameter-twice'],
    ["text/plain; name*=utf-8''b; name=a", 'parameter-twice'],
    ['text/plain; name=a; name*0=b', 'parameter-twice'],
    ['text/plain; name*0=a; name=b', 'parameter-twice'],
    ["text/plain; name*0=a; name*=utf-8''b", 'parameter-twice'],
    ['text/plain; name*0=a; name*0=b', 'parameter-form'],
    ["text/plain; name*0=a; name*0*=utf-8''b", 'parameter-form'],
    ['text/plain; name*1=a', 'parameter-form'],
    ['text/plain; name*0=a; name*2=b', 'parameter-form'],
    ['text/plain; name*1=a; name*0=b', 'parameter-form'],
    ['text/plain; name*00=a', 'parameter-form'],
    ['text/plain; name*x=a', 'parameter-form'],
    ['text/plain; *=a', 'parameter-form'],
    ['text/plain; name**=a', 'parameter-form'],
    ['text/plain; name*=a', 'parameter-form'],
    ["text/plain; name*=''a", 'parameter-form'],
    ["text/plain; name*=x-none''a", 'parameter-form'],
    ["text/plain; name*=utf-8''%e", 'parameter-form'],
    ["text/plain; name*=utf-8''%eb", 'parameter-form'],
    ['text/plain; name*="utf-8\'\'a"', 'parameter-form'],
    ["text/plain; charset*=utf-8''a", 'parameter-form'],
    ["multipart/signed; protocol*=utf-8''a", 'parameter-form'],
    ['application/pkcs7-mime; smime-type*0=signed; smime-type*1=-data', 'parameter-form'],
  ] as const)
    test(`is refused: ${value}`, () =>
      assert.throws(
        () => readContentType(value, 3),
        (error) => {
          assert.ok(error instanceof MailFormError, String(error))
          assert.deepEqual([error.fault, error.at], [fault, 3])
          return true
        },
      ))
})

suite('Content-Disposition', () => {
  test('is read as RFC 2183 §2.10 writes it', () => {
    const { disposition, parameters } = readContentDisposition(
      'ATTACHMENT; filename=genome.jpeg; modification-date="Wed, 12 Feb 1997 16:29:51 -0500"',
      0,
    )
    assert.equal(disposition, 'attachment')
    assert.equal(parameters.get('filename'), 'genome.jpeg')
  })

  for (const value of [
    '',
    'attachment/x',
    'attachment; filename',
    'attachment; filename=a; filename=b',
    "attachment; filename=a; filename*=utf-8''b",
  ])
    test(`is refused: ${value}`, () => assert.throws(() => readContentDisposition(value, 0), MailFormError))
})

suite('text of a field', () => {
  for (const [value, text] of [
    // RFC 2047 §8.
    ['=?ISO-8859-1?Q?a?=', 'a'],
    ['=?ISO-8859-1?Q?a?= b', 'a b'],
    ['=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a_b?=', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=', 'a b'],
    [
      '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=',
      'If you can read this you understand the example.',
    ],
    ['=?utf-8*en?q?a?=', 'a'],
    ['Zo\u00eb', 'Zo\u00eb'],
    // What is none, or cannot be read, stays.
    ['=?utf-8?q?=EB?=', '=?utf-8?q?=EB?='],
    ['=?utf-8?q?=E?=', '=?utf-8?q?=E?='],
    ['=?utf-8?b?=?=', '=?utf-8?b?=?='],
    ['=?x-none?q?a?=', '=?x-none?q?a?='],
    ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
    // What hides, or turns, or acts.
    ['a\u202eb', 'a\ufffdb'],
    ['=?utf-8?q?a=1B[2J=0D=0AFrom:_b?=', 'a\ufffd[2J\ufffd\ufffdFrom: b'],
  ] as const)
    test(value, () => assert.equal(readText(value), text))
})
