// The header of a message goes into its payload and is found there again; what happened to it on the way is told.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type HeaderProtection, MailFormError, protectHeader, readProtectedHeader, sourceOf } from '@countersign/mail'
import { octetsOfLines, scan } from '../mime/messages.ts'

const MESSAGE = `Received: from a by b;
 Fri, 27 Nov 2026 12:00:00 +0000
From: Zo\u00eb <z@b.example>
To: A <a@b.example>,
 C <c@d.example>
Bcc: hidden@e.example
Subject: =?utf-8?q?secret?=
Keywords: more,
 secrets
Comments: and one
HP-Outer: Subject: forged
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8;

Hello
`

async function protect(text: string, protection: HeaderProtection): Promise<{ outer: string; payload: string }> {
  const message = octetsOfLines(text)
  const { outer, payload } = await protectHeader(await scan(message), sourceOf(message), protection)
  const octets = Buffer.concat(await Array.fromAsync(payload))
  return {
    outer: outer
      .map((line) => `${line}\n`)
      .join('')
      .replaceAll('\r\n', '\n'),
    payload: octets.toString('utf8').replaceAll('\r\n', '\n'),
  }
}

async function read(payload: string, outer: string, isEncrypted: boolean) {
  return readProtectedHeader(await scan(octetsOfLines(payload)), await scan(octetsOfLines(outer)), isEncrypted)
}

suite('a header that is protected', () => {
  test('is inside, and outside without what is only for people, where it is encrypted', async () => {
    assert.deepEqual(await protect(MESSAGE, 'cipher'), {
      outer:
        'Received: from a by b;\n Fri, 27 Nov 2026 12:00:00 +0000\nFrom: Zo\u00eb <z@b.example>\nTo: A <a@b.example>,\n C <c@d.example>\nSubject: [...]\n',
      payload:
        'From: Zo\u00eb <z@b.example>\nTo: A <a@b.example>,\n C <c@d.example>\nSubject: =?utf-8?q?secret?=\nKeywords: more,\n secrets\nComments: and one\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8;\n hp="cipher"\nHP-Outer: From: Zo\u00eb <z@b.example>\nHP-Outer: To: A <a@b.example>,\n C <c@d.example>\nHP-Outer: Subject: [...]\n\nHello\n',
    })
  })

  test('is inside and outside where it is signed alone', async () => {
    const { outer, payload } = await protect(MESSAGE, 'clear')
    assert.match(outer, /^Subject: =\?utf-8\?q\?secret\?=$/m)
    assert.match(outer, /^Comments: and one$/m)
    assert.doesNotMatch(payload, /HP-Outer|Received/)
    assert.match(payload, /^Content-Type: text\/plain; charset=utf-8;\n hp="clear"$/m)
  })

  test('names nobody of Bcc', async () => {
    for (const protection of ['clear', 'cipher'] as const) {
      const { outer, payload } = await protect(MESSAGE, protection)
      assert.doesNotMatch(outer + payload, /hidden|bcc/i)
    }
  })

  test('has a type where the message says none', async () => {
    const { payload } = await protect('From: z@b.example\n\nHello\n', 'clear')
    assert.equal(payload, 'From: z@b.example\nContent-Type: text/plain; charset="us-ascii";\n hp="clear"\n\nHello\n')
  })

  test('is not protected twice', async () => {
    await assert.rejects(protect('Content-Type: text/plain; hp=clear\n\n', 'cipher'), (error) => {
      assert.ok(error instanceof MailFormError)
      assert.equal(error.fault, 'header-protection')
      return true
    })
  })

  test('is read as it was written, with what was confidential', async () => {
    const { outer, payload } = await protect(MESSAGE, 'cipher')
    const header = (await read(payload, `${outer}\n`, true)) ?? assert.fail()
    assert.deepEqual(
      [header.fields, header.confidential].map((fields) => fields.map(({ name }) => name)),
      [
        ['From', 'To', 'Subject', 'Keywords', 'Comments'],
        ['Subject', 'Keywords', 'Comments'],
      ],
    )
    assert.deepEqual([header.altered, header.unprotected, header.fromDiffers], [[], [], false])
  })
})

suite('a header that was changed on its way', () => {
  const tell = async (
    outer: string,
    payload = 'From: z@b.example\nSubject: s\nContent-Type: text/plain; hp=cipher\nHP-Outer: From: z@b.example\nHP-Outer: Subject: [...]\n\n',
  ) => {
    const { altered, unprotected, fromDiffers } = (await read(payload, outer, true)) ?? assert.fail()
    return [altered, unprotected.map(({ name }) => name), fromDiffers]
  }

  for (const [name, outer, expected] of [
    ['not at all', 'From: z@b.example\nSubject: [...]\n\n', [[], [], false]],
    ['only folded', 'From:\n z@b.example\nSUBJECT:  [...]\n\n', [[], [], false]],
    [
      'by servers',
      'Received: x\nReturn-Path: <y@b.example>\nFrom: z@b.example\nSubject: [...]\nContent-Type: text/plain\n\n',
      [[], [], false],
    ],
    ['another subject', 'From: z@b.example\nSubject: [list] [...]\n\n', [['subject'], [], false]],
    ['no subject', 'From: z@b.example\n\n', [['subject'], [], false]],
    ['the name of the sender', 'From: Boss <z@b.example>\nSubject: [...]\n\n', [['from'], [], false]],
    ['case in the address', 'From: Z@B.example\nSubject: [...]\n\n', [['from'], [], false]],
    ['another sender', 'From: evil@c.example\nSubject: [...]\n\n', [['from'], [], true]],
    ['one more sender', 'From: z@b.example, evil@c.example\nSubject: [...]\n\n', [['from'], [], true]],
    ['no sender', 'Subject: [...]\n\n', [['from'], [], true]],
    [
      'more fields',
      'From: z@b.example\nSubject: [...]\nReply-To: evil@c.example\nCc: d@c.example\n\n',
      [[], ['Reply-To', 'Cc'], false],
    ],
  ] as const)
    test(name, async () => assert.deepEqual(await tell(outer), expected))

  test('and shows what was to be confidential', async () => {
    const payload =
      'From: z@b.example\nKeywords: k\nContent-Type: text/plain; hp=cipher\nHP-Outer: From: z@b.example\n\n'
    assert.deepEqual(await tell('From: z@b.example\nKeywords: k\n\n', payload), [['keywords'], [], false])
  })
})

suite('a header that is not protected', () => {
  const outer = 'From: z@b.example\n\n'

  for (const [name, type] of [
    ['no word of it', 'text/plain'],
    ['another word', 'text/plain; hp=yes'],
    ['the word in capitals', 'text/plain; hp=CIPHER'],
    ['an empty word', 'text/plain; hp=""'],
  ] as const)
    test(name, async () =>
      assert.equal(await read(`From: z@b.example\nContent-Type: ${type}\n\n`, outer, true), undefined),
    )

  test('HP-Outer says nothing where nothing is encrypted', async () => {
    for (const type of ['clear', 'cipher']) {
      const payload = `From: z@b.example\nContent-Type: text/plain; hp=${type}\nHP-Outer: From: other@b.example\nHP-Outer: nothing\n\n`
      const header = (await read(payload, outer, false)) ?? assert.fail()
      assert.deepEqual([header.confidential, header.altered], [[], []])
    }
  })

  test('nor where the composer meant to sign alone', async () => {
    const payload = 'From: z@b.example\nSubject: s\nContent-Type: text/plain; hp=clear\nHP-Outer: From: z@b.example\n\n'
    const header = (await read(payload, 'From: z@b.example\nSubject: s\n\n', true)) ?? assert.fail()
    assert.deepEqual([header.confidential, header.altered], [[], []])
  })

  for (const value of ['', 'From', ': a', 'From : a', 'Fr\u00f6m: a'])
    test(`HP-Outer without a field in it is refused: ${value}`, async () => {
      const payload = `From: z@b.example\nContent-Type: text/plain; hp=cipher\nHP-Outer: ${value}\n\n`
      await assert.rejects(read(payload, outer, true), MailFormError)
    })

  test('a sender who is no address is refused, inside and outside', async () => {
    const payload = (from: string) => `From: ${from}\nContent-Type: text/plain; hp=clear\n\n`
    await assert.rejects(read(payload('z@'), outer, false), MailFormError)
    await assert.rejects(read(payload('z@b.example'), 'From: z@b.example <evil@c.example>\n\n', false), MailFormError)
  })
})
