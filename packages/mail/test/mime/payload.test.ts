// What stands in a payload is told, above all what is signed or encrypted in a place where it says nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MailFormError, scanEntity, walkPayload } from '@countersign/mail'
import { inPieces, octetsOfLines, scan } from './messages.ts'

/** A payload of these parts. */
const mixed = (...parts: string[]) =>
  `Content-Type: multipart/mixed; boundary="=_a"\n\n${parts.map((part) => `--=_a\n${part}\n`).join('')}--=_a--\n`

async function walk(text: string, size = 1000) {
  const message = octetsOfLines(text)
  const source = inPieces(message, size)
  return walkPayload(await scanEntity(source, 0, message.length), source)
}

suite('a payload', () => {
  test('has its parts with their numbers, types and names', async () => {
    const inner =
      'Content-Type: multipart/alternative; boundary="=_b"\n\n--=_b\n\nHello\n--=_b\nContent-Type: text/html\n\n<p>Hello\n--=_b--\n'
    const { parts, errants, attachedMessages } = await walk(
      mixed(
        inner,
        'Content-Type: application/pdf; name="=?utf-8?q?a=2Eexe?="\nContent-Disposition: attachment; filename*=utf-8\'\'Zo%C3%AB.pdf\nContent-Transfer-Encoding: base64\n\nZg==',
        'Content-Type: image/png; name="a\u202egnp.exe"\n\n',
        'Content-Type: message/rfc822\n\nSubject: a\n\n-----BEGIN PGP MESSAGE-----',
        'Content-Type: message/external-body; access-type=URL; URL="https://c.example/"\n\nContent-Type: text/plain\n\n',
      ),
    )
    assert.deepEqual(parts, [
      { part: '1.1', type: 'text/plain', octets: 5 },
      { part: '1.2', type: 'text/html', octets: 8 },
      { part: '2', type: 'application/pdf', octets: 4, fileName: 'Zo\u00eb.pdf' },
      { part: '3', type: 'image/png', octets: 0, fileName: 'a\ufffdgnp.exe' },
      { part: '4', type: 'message/rfc822', octets: 41 },
      { part: '5', type: 'message/external-body', octets: 28 },
    ])
    assert.deepEqual([errants, attachedMessages], [[], 1])
  })

  test('of one part', async () => {
    assert.deepEqual(await walk('Subject: a\n\nHello'), {
      parts: [{ part: '1', type: 'text/plain', octets: 5 }],
      errants: [],
      attachedMessages: 0,
    })
  })
})

suite('something signed or encrypted within a payload', () => {
  const signed =
    'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="=_s"\n\n--=_s\n\nPay\n--=_s\nContent-Type: application/pgp-signature\n\nx\n--=_s--\n'
  const cms = (type: string) => `Content-Type: application/pkcs7-mime; smime-type=${type}\n\nx`
  const armour = '-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----'

  for (const [name, part, kind] of [
    ['multipart/signed', signed, 'signed'],
    ['multipart/encrypted', 'Content-Type: multipart/encrypted; boundary="=_s"\n\n--=_s\n\nx\n--=_s--\n', 'encrypted'],
    ['the version part of OpenPGP alone', 'Content-Type: application/pgp-encrypted\n\nVersion: 1', 'encrypted'],
    ['signed-data', cms('signed-data'), 'signed'],
    ['enveloped-data', cms('enveloped-data'), 'encrypted'],
    ['authEnveloped-data', cms('authEnveloped-data'), 'encrypted'],
    ['CMS by the old name', 'Content-Type: application/x-pkcs7-mime; smime-type="SIGNED-DATA"\n\nx', 'signed'],
    ['CMS of no type', 'Content-Type: application/pkcs7-mime\n\nx', 'encrypted'],
    [
      'CMS by the name of its file',
      'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=smime.P7M\n\nx',
      'encrypted',
    ],
    ['the type before RFC 3156', 'Content-Type: application/pgp; x-action=encrypt\n\nx', 'inline'],
    ['a message of OpenPGP in a text', `Content-Type: text/plain\n\nHello\n${armour}`, 'inline'],
    ['and first in it', `\n${armour}`, 'inline'],
    ['and moved in', `\n  \t${armour}`, 'inline'],
    ['a signed text', '\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx', 'inline'],
    ['a part of a message', '\n-----BEGIN PGP MESSAGE, PART 1/2-----\n', 'inline'],
    ['in base64', `Content-Transfer-Encoding: base64\n\n${Buffer.from(armour).toString('base64')}`, 'inline'],
    [
      'in quoted-printable',
      'Content-Transfer-Encoding: quoted-printable\n\nx=0A=2D----BEGIN PG=\nP MESSAGE-----',
      'inline',
    ],
    [
      'in UTF-16',
      `Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n${Buffer.from(armour, 'utf16le').toString('base64')}`,
      'inline',
    ],
    ['in a character set that is not known', `Content-Type: text/plain; charset=x-none\n\n${armour}`, 'inline'],
    ['in HTML', `Content-Type: text/html\n\n<pre>${armour}</pre>`, 'inline'],
  ] as const) {
    test(`is told: ${name}`, async () => {
      for (const size of [1, 7, 1000])
        assert.deepEqual((await walk(mixed('\nHello', part), size)).errants, [{ kind, part: '2' }])
    })
    test(`is told where it is all: ${name}`, async () => {
      assert.deepEqual((await walk(part.startsWith('\n') ? part : `Subject: a\n${part}`)).errants, [
        { kind, part: '1' },
      ])
    })
  }

  for (const [name, part] of [
    ['certificates', cms('certs-only')],
    ['a quoted message', `\n> ${armour.replaceAll('\n', '\n> ')}`],
    ['a word of it', `\nIt begins with ${armour.slice(0, 27)}`],
    ['a key', '\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n'],
    ['a signature as a file', 'Content-Type: application/pgp-signature; name=a.pdf.asc\n\nx'],
    ['an encrypted file', `Content-Type: application/octet-stream; name=a.pdf.pgp\n\n${armour}`],
    ['a message that is attached', `Content-Type: message/rfc822\n\n${signed}`],
  ] as const)
    test(`is not: ${name}`, async () => {
      assert.deepEqual((await walk(mixed('\nHello', part))).errants, [])
    })

  for (const [name, part] of [
    ['a text that is not in its encoding', 'Content-Transfer-Encoding: base64\n\nHello!'],
    ['two names of a file', "Content-Disposition: attachment; filename=a.pdf; filename*=utf-8''a.exe\n\nx"],
  ] as const)
    test(`is refused: ${name}`, async () => {
      await assert.rejects(walk(mixed(part)), MailFormError)
    })
})

test('what is signed is what stands between the delimiters, RFC 1847 §2.1, in a file of Unix too', async () => {
  const part = 'Content-Type: text/plain\n\nPay Bob\n'
  const text = `Content-Type: multipart/signed; boundary="=_s"\n\n--=_s\n${part}\n--=_s\nContent-Type: application/pgp-signature\n\nx\n--=_s--\n`
  const message = octetsOfLines(text)
  const [first] = (await scan(message)).parts
  assert.equal(Buffer.from(message.subarray(first?.start, first?.end)).toString(), part.replaceAll('\n', '\r\n'))
})
