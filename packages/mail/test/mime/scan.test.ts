// Messages that every program reads alike are read, with each field and part in its place; all others are refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Entity, MAIL_LIMITS, type MailFault, MailFormError, scanEntity, sourceOf } from '@countersign/mail'
import { inPieces, octetsOfLines, scan, textOf } from './messages.ts'

/** Type and text of each leaf, as in `[['text/plain', 'Hello']]`, of a multipart its leaves. */
function leavesOf(octets: Uint8Array, { parts, contentType, bodyStart, end }: Entity): unknown {
  return parts.length > 0
    ? parts.map((part) => leavesOf(octets, part))
    : [contentType.type, textOf(octets, bodyStart, end)]
}

/** A multipart with this boundary parameter, whose body stands as given. */
const multipart = (boundary: string, body: string) => `Content-Type: multipart/mixed; boundary=${boundary}\n\n${body}`

const READ: readonly (readonly [name: string, text: string, leaves: unknown])[] = [
  ['a message without a body', 'Subject: a\n', ['text/plain', '']],
  ['a message with an empty line and nothing after it', 'Subject: a\n\n', ['text/plain', '']],
  ['a message whose last line has no end', 'Subject: a\n\nHello', ['text/plain', 'Hello']],
  ['a message without fields', '\nHello\n', ['text/plain', 'Hello\r\n']],
  ['one part', multipart('a', '--a\n\nHello\n--a--\n'), [['text/plain', 'Hello']]],
  ['one part that ends with a line end', multipart('a', '--a\n\nHello\n\n--a--\n'), [['text/plain', 'Hello\r\n']]],
  ['a part of nothing', multipart('a', '--a\n\n--a--\n'), [['text/plain', '']]],
  ['a part of fields alone', multipart('a', '--a\nContent-Type: text/html\n\n--a--\n'), [['text/html', '']]],
  ['a part with an empty body', multipart('a', '--a\nContent-Type: text/html\n\n\n--a--\n'), [['text/html', '']]],
  ['a closing delimiter without line end', multipart('a', '--a\n\nHello\n--a--'), [['text/plain', 'Hello']]],
  ['padding after delimiters', multipart('a', '--a \t\n\nHello\n--a-- \t \n'), [['text/plain', 'Hello']]],
  [
    'a boundary of 70 octets',
    multipart('a'.repeat(70), `--${'a'.repeat(70)}\n\nx\n--${'a'.repeat(70)}--`),
    [['text/plain', 'x']],
  ],
  [
    'a boundary in quotes with all that it may have',
    multipart(`"'()+_,-./:=? z"`, `--'()+_,-./:=? z\n\nx\n--'()+_,-./:=? z--`),
    [['text/plain', 'x']],
  ],
  ['the simplest boundary', multipart('"-"', '---\n\nx\n-----\n'), [['text/plain', 'x']]],
  ['a boundary within a line', multipart('a', '--a\n\nx --a\n --a--\n--a--\n'), [['text/plain', 'x --a\r\n --a--']]],
  [
    'lines of hyphens',
    multipart('a', '--a\n\n--\n---\n-- a\n--A--\n--a--\n'),
    [['text/plain', '--\r\n---\r\n-- a\r\n--A--']],
  ],
  [
    'parts in parts',
    multipart('a', `--a\n${multipart('b', '--b\n\nx\n--b\n\ny\n--b--\n')}\n--a\n\nz\n--a--\n`),
    [
      [
        ['text/plain', 'x'],
        ['text/plain', 'y'],
      ],
      ['text/plain', 'z'],
    ],
  ],
  [
    'an inner multipart that is closed where the outer goes on',
    multipart('a', `--a\n${multipart('b', '--b\n\nx\n--b--')}\n--a\n\nz\n--a--\n`),
    [[['text/plain', 'x']], ['text/plain', 'z']],
  ],
  [
    'a boundary that is used again by a sibling, whose parts nobody can mistake',
    multipart('a', `--a\n${multipart('b', '--b\n\nx\n--b--\n')}\n--a\n${multipart('b', '--b\n\ny\n--b--\n')}\n--a--\n`),
    [[['text/plain', 'x']], [['text/plain', 'y']]],
  ],
  [
    'a digest, whose parts are messages, RFC 2046 §5.1.5',
    'Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: b\n\nx\n--a--\n',
    [['message/rfc822', 'Subject: b\r\n\r\nx']],
  ],
  [
    'a message within, whose own parts are not looked into',
    multipart('a', `--a\nContent-Type: message/rfc822\n\n${multipart('b', 'unclosed')}\n--a--\n`),
    [['message/rfc822', 'Content-Type: multipart/mixed; boundary=b\r\n\r\nunclosed']],
  ],
]

const REFUSED: readonly (readonly [name: string, octets: string, fault: MailFault, at?: number])[] = [
  ['a bare CR in a body', 'A: b\r\n\r\nx\ry\r\n', 'bare-cr', 9],
  ['a bare CR in a header', 'A: b\rC: d\r\n\r\n', 'bare-cr', 4],
  ['a CR at the end', 'A: b\r\n\r\nx\r', 'bare-cr', 9],
  ['CR CR LF', 'A: b\r\r\n\r\n', 'bare-cr', 4],
  ['a bare LF in a body', 'A: b\r\n\r\nx\ny\r\n', 'bare-lf', 9],
  ['a bare LF in a header', 'A: b\nC: d\r\n\r\n', 'bare-lf', 4],
  ['LF first', '\nA: b\r\n\r\n', 'bare-lf', 0],
  ['LF CR', 'A: b\r\n\r\nx\n\ry', 'bare-lf', 9],
  ['NUL in a body', 'A: b\r\n\r\nx\0', 'nul', 9],
  ['NUL in a header', 'A: \0b\r\n\r\n', 'nul', 3],
  ['a header whose line is cut', 'A: b', 'line-end', 0],
  ['a line without a colon', 'A: b\r\nHello\r\n\r\n', 'field-name', 6],
  ['white space before the colon', 'From : a@b.example\r\n\r\n', 'field-name', 0],
  ['a tab before the colon', 'From\t: a@b.example\r\n\r\n', 'field-name', 0],
  ['a name that is not ASCII', 'Fr\u00f6m: a@b.example\r\n\r\n', 'field-name', 0],
  ['a field without a name', ': a\r\n\r\n', 'field-name', 0],
  ['the line of an mbox', 'From a@b.example Mon Jan  1 00:00:00 2026\r\nA: b\r\n\r\n', 'field-name', 0],
  ['a header that begins with a continuation', ' A: b\r\n\r\n', 'field-fold', 0],
  ['a continuation of white space alone', 'A: b\r\n \r\nC: d\r\n\r\n', 'field-fold', 6],
  ['a continuation of a tab alone, before the body', 'A: b\r\n\t\r\n\r\n', 'field-fold', 6],
  ['an escape in a field', 'A: \x1b[2J\r\n\r\n', 'field-octets', 0],
  ['DEL in a field', 'A: \x7f\r\n\r\n', 'field-octets', 0],
  ...[
    'From',
    'Sender',
    'To',
    'Subject',
    'Date',
    'Message-ID',
    'Content-Type',
    'Content-Transfer-Encoding',
    'MIME-Version',
  ].map(
    (name) => [`${name} twice`, `${name}: 7bit/a\r\n${name.toUpperCase()}: 7bit/a\r\n\r\n`, 'field-twice'] as const,
  ),
  ['a type without a subtype', 'Content-Type: text\r\n\r\n', 'content-type', 0],
  ['no type at all', 'Content-Type:\r\n\r\n', 'content-type', 0],
  ['a parameter without a value', 'Content-Type: text/plain; charset\r\n\r\n', 'content-type', 0],
  ['a parameter whose quotes are not closed', 'Content-Type: text/plain; charset="utf-8\r\n\r\n', 'content-type', 0],
  ['two types in one field', 'Content-Type: text/plain, text/html\r\n\r\n', 'content-type', 0],
  [
    'two boundaries',
    'Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\n--a--',
    'parameter-twice',
    0,
  ],
  [
    'two boundaries that are the same',
    'Content-Type: multipart/mixed; boundary=a; Boundary=a\r\n\r\n--a\r\n\r\n--a--',
    'parameter-twice',
  ],
  [
    'a boundary in a character set',
    "Content-Type: multipart/mixed; boundary*=utf-8''a\r\n\r\n--a\r\n\r\n--a--",
    'parameter-form',
  ],
  ['a boundary in parts', 'Content-Type: multipart/mixed; boundary*0=a\r\n\r\n--a\r\n\r\n--a--', 'parameter-form'],
  [
    'a boundary before a comment',
    'Content-Type: multipart/mixed; boundary=a(b)\r\n\r\n--a\r\n\r\n--a--',
    'content-type',
  ],
  [
    'a boundary with a quoted pair',
    'Content-Type: multipart/mixed; boundary="\\a"\r\n\r\n--a\r\n\r\n--a--',
    'content-type',
  ],
  [
    'white space around the equals sign of a boundary',
    'Content-Type: multipart/mixed; boundary = a\r\n\r\n--a\r\n\r\n--a--',
    'content-type',
  ],
  [
    'a boundary with a colon and no quotes, as in RFC 2046 §5.1.1',
    'Content-Type: multipart/mixed; boundary=gc0pJq0M:08jU534c0p\r\n\r\n',
    'content-type',
  ],
  ['no boundary', 'Content-Type: multipart/mixed\r\n\r\n', 'boundary', 0],
  ['an empty boundary', 'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\n----', 'boundary'],
  ['a boundary of 71 octets', `Content-Type: multipart/mixed; boundary=${'a'.repeat(71)}\r\n\r\n`, 'boundary'],
  ['a boundary that ends with a space', 'Content-Type: multipart/mixed; boundary="a "\r\n\r\n', 'boundary'],
  ['a boundary with an octet that none has', 'Content-Type: multipart/mixed; boundary="a*"\r\n\r\n', 'boundary'],
  [
    'a boundary folded within its quotes',
    'Content-Type: multipart/mixed; boundary="a\r\n b"\r\n\r\n--a b\r\n\r\n--a b--',
    'boundary',
  ],
  [
    'parts that are encoded as a whole',
    'Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64\r\n\r\n--a\r\n\r\n--a--',
    'transfer-encoding',
    43,
  ],
  [
    'a message that is encoded as a whole',
    'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
    'transfer-encoding',
  ],
  ['an encoding that is not known', 'Content-Transfer-Encoding: x-uuencode\r\n\r\n', 'transfer-encoding', 0],
  ['an encoding with a comment', 'Content-Transfer-Encoding: base64 (really)\r\n\r\n', 'transfer-encoding', 0],
  ['a multipart without a body', octets(multipart('a', '')), 'boundary-unclosed', 0],
  ['a multipart without a delimiter', octets(multipart('a', 'Hello\n')), 'boundary-unclosed', 0],
  ['a multipart that is not closed', octets(multipart('a', '--a\n\nHello\n')), 'boundary-unclosed', 0],
  ['a delimiter at the end', octets(multipart('a', '--a\n\nHello\n--a')), 'boundary-unclosed'],
  [
    'an inner multipart that is not closed',
    octets(multipart('a', `--a\n${multipart('b', '--b\n\nx\n')}--a--\n`)),
    'boundary-unclosed',
  ],
  [
    'an inner multipart that the outer takes for its own',
    octets(multipart('a', `--a\n${multipart('a', '--a\n\nx\n--a--\n')}\n--a--\n`)),
    'boundary-ambiguous',
  ],
  [
    'a boundary that begins with that of the outer',
    octets(multipart('a', `--a\n${multipart('ab', '--ab\n\nx\n--ab--\n')}\n--a--\n`)),
    'boundary-ambiguous',
  ],
  [
    'a boundary with which that of the outer begins',
    octets(multipart('ab', `--ab\n${multipart('a', '--a\n\nx\n--a--\n')}\n--ab--\n`)),
    'boundary-ambiguous',
  ],
  [
    'a boundary that is the closing of the outer',
    octets(multipart('a', `--a\n${multipart('a--', '--a--\n\nx\n--a----\n')}\n--a--\n`)),
    'boundary-ambiguous',
  ],
  ['a line that only begins as a delimiter', octets(multipart('a', '--a\n\n--abc\n--a--\n')), 'boundary-ambiguous'],
  ['a delimiter with words after it', octets(multipart('a', '--a\n\nx\n--a-- the end\n')), 'boundary-ambiguous'],
  [
    'a delimiter with padding without end',
    octets(multipart('a', `--a${' '.repeat(1000)}\n\nx\n--a--\n`)),
    'boundary-ambiguous',
  ],
  [
    'a delimiter after the closing one',
    octets(multipart('a', '--a\n\nx\n--a--\n--a\n\ny\n--a--\n')),
    'boundary-ambiguous',
  ],
  ['a second closing delimiter', octets(multipart('a', '--a\n\nx\n--a--\n--a--\n')), 'boundary-ambiguous'],
  ['a multipart of no part', octets(multipart('a', '--a--\n')), 'boundary-empty'],
  ['a delimiter where the header of a part stands', octets(multipart('a', '--a\n--a--\n')), 'part-header'],
  ['a delimiter right after a field', octets(multipart('a', '--a\nContent-Type: text/html\n--a--\n')), 'part-header'],
]

function octets(lines: string): string {
  return lines.replaceAll('\n', '\r\n')
}

const refuses = (fault: MailFault, at?: number) => (error: unknown) => {
  assert.ok(error instanceof MailFormError, String(error))
  assert.equal(error.fault, fault)
  if (at !== undefined) assert.equal(error.at, at)
  return true
}

suite('a message that every program reads alike', () => {
  for (const [name, text, leaves] of READ)
    test(name, async () => {
      const message = octetsOfLines(text)
      const whole = await scan(message)
      assert.deepEqual(leavesOf(message, whole), leaves)
      for (const size of [1, 2, 3, 7])
        assert.deepEqual(await scanEntity(inPieces(message, size), 0, message.length), whole)
    })

  test('has its fields with their places, unfolded', async () => {
    const message = octetsOfLines('Subject:\n a\n\tb \nX-Empty:\nFrom: Zo\u00eb <z@b.example>\n\nHello')
    const { fields, bodyStart } = await scan(message)
    assert.deepEqual(
      fields.map(({ name, value, start, end }) => [name, value, textOf(message, start, end)]),
      [
        ['Subject', 'a\tb', 'Subject:\r\n a\r\n\tb \r\n'],
        ['X-Empty', '', 'X-Empty:\r\n'],
        ['From', 'Zo\u00eb <z@b.example>', 'From: Zo\u00eb <z@b.example>\r\n'],
      ],
    )
    assert.equal(textOf(message, bodyStart, message.length), 'Hello')
  })

  test('begins and ends within a source where it is said to', async () => {
    const message = Buffer.from('\r\r\n\0Subject: a\r\n\r\nHello\n\n')
    const { start, bodyStart, end } = await scanEntity(sourceOf(message), 4, message.length - 2)
    assert.deepEqual([start, bodyStart, end], [4, 18, 23])
  })

  for (const [where, body, hasOutsiders] of [
    ['nowhere', '--a\n\nx\n--a--\n', false],
    ['before, of white space', ' \n\t\n--a\n\nx\n--a--\n', false],
    ['after, of white space', '--a\n\nx\n--a--\n\n \n', false],
    ['before', 'This is a message of MIME.\n--a\n\nx\n--a--\n', true],
    ['after', '--a\n\nx\n--a--\nBuy now', true],
  ] as const)
    test(`tells what stands beside its parts: ${where}`, async () => {
      assert.equal((await scan(octetsOfLines(multipart('a', body)))).hasOutsiders, hasOutsiders)
    })

  test('has the example of RFC 2046 §5.1.1 as the clause says', async () => {
    const message = octetsOfLines(
      `${multipart('"simple boundary"', 'This is the preamble.\n\n--simple boundary\n\nThis is implicitly typed plain US-ASCII text.\nIt does NOT end with a linebreak.\n--simple boundary\nContent-type: text/plain; charset=us-ascii\n\nThis is explicitly typed plain US-ASCII text.\nIt DOES end with a linebreak.\n\n--simple boundary--\n\nThis is the epilogue.\n')}`,
    )
    const entity = await scan(message)
    assert.deepEqual(leavesOf(message, entity), [
      ['text/plain', 'This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.'],
      ['text/plain', 'This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n'],
    ])
    assert.equal(entity.hasOutsiders, true)
  })
})

suite('a message that two programs could read in two ways', () => {
  for (const [name, text, fault, at] of REFUSED)
    test(name, async () => {
      const message = Buffer.from(text, 'utf8')
      await assert.rejects(scan(message), refuses(fault, at))
      for (const size of [1, 2, 5])
        await assert.rejects(scanEntity(inPieces(message, size), 0, message.length), refuses(fault, at))
    })

  test('a field that is not UTF-8', async () => {
    await assert.rejects(scan(Buffer.from('Subject: Zo\xeb\r\n\r\n', 'latin1')), refuses('field-octets', 0))
  })
})

suite('lines that are alike, as those of base64', () => {
  /** By the words of RFC 5322 §2.3 and §4.1, one octet after the other. */
  function faultOf(text: string): [MailFault, number] | undefined {
    const found = /\0|\r(?!\n)|(?<!\r)\n/.exec(text)
    if (found === null) return undefined
    return [found[0] === '\0' ? 'nul' : found[0] === '\r' ? 'bare-cr' : 'bare-lf', found.index]
  }

  for (const width of [1, 3, 4, 5, 8, 11, 76])
    test(`of ${width} octets, any octet of which is another`, async () => {
      const text = `A: b\r\n\r\n${`${'x\xff~ '.repeat(width).slice(0, width)}\r\n`.repeat(6)}`
      for (let at = 8; at < text.length; at++)
        for (const octet of ['\0', '\r', '\n', '\t', '\x1f', '-', 'y']) {
          const changed = `${text.slice(0, at)}${octet}${text.slice(at + 1)}`
          const message = Buffer.from(changed, 'latin1')
          const fault = faultOf(changed)
          for (const size of [message.length, 2 * width + 7])
            if (fault) await assert.rejects(scanEntity(inPieces(message, size), 0, message.length), refuses(...fault))
            else assert.equal((await scanEntity(inPieces(message, size), 0, message.length)).end, message.length)
        }
    })

  test('end at a delimiter that is as long', async () => {
    const message = octetsOfLines(multipart('abcd', '--abcd\n\nfirst.\nsecond\n--abcd\n\nthird.\nfourth\n--abcd--\n'))
    const leaves = [
      ['text/plain', 'first.\r\nsecond'],
      ['text/plain', 'third.\r\nfourth'],
    ]
    assert.deepEqual(leavesOf(message, await scan(message)), leaves)
  })
})

suite('a message over a budget', () => {
  const parts = (count: number) => octetsOfLines(multipart('a', `${'--a\n\nx\n'.repeat(count)}--a--\n`))
  const deep = (depth: number) => {
    let text = 'Subject: a\n\nx\n'
    for (let level = 0; level < depth; level++)
      text = multipart(`b${level}-`, `--b${level}-\n${text}\n--b${level}---\n`)
    return octetsOfLines(text)
  }
  const fields = (count: number, octets: number) => octetsOfLines(`A: ${'x'.repeat(octets - 5)}\n`.repeat(count))

  test('is read up to it', async () => {
    assert.equal((await scan(parts(1000))).parts.length, 1000)
    await scan(deep(16))
    assert.equal((await scan(fields(1000, 20))).fields.length, 1000)
    await scan(fields(1, 65_538))
    await scan(fields(4, 65_536))
    await scan(octetsOfLines(multipart('a', `${`--a\nA: ${'x'.repeat(64_995)}\n\n\n`.repeat(16)}--a--\n`)))
  })

  for (const [name, message, fault] of [
    ['10,000 parts', parts(10_000), 'parts'],
    ['parts 17 deep', deep(17), 'depth'],
    ['parts 10,000 deep', deep(500), 'depth'],
    ['1,001 fields', fields(1001, 20), 'fields'],
    ['a line of 1 MB', fields(1, 1_000_000), 'header-line'],
    ['a line of 1 MB with its end never seen', fields(1, 1_000_000).subarray(0, -2), 'header-line'],
    ['a header of more than 256 KiB', fields(5, 65_536), 'header-octets'],
    [
      'headers of more than 1 MiB',
      octetsOfLines(multipart('a', `${`--a\nA: ${'x'.repeat(65_000)}\n\n\n`.repeat(17)}--a--\n`)),
      'header-octets-in-all',
    ],
    ['comments in comments', octetsOfLines(`Content-Type: text/plain ${'('.repeat(1000)}\n\n`), 'comments'],
  ] as const)
    test(`is refused: ${name}`, async () => {
      const started = performance.now()
      const error = await scan(message).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof MailFormError)
      assert.deepEqual([error.code, error.fault], ['ERR_MAIL_BUDGET', fault])
      assert.ok(performance.now() - started < 1000)
    })

  test('is refused before it is read: more octets than a message has', async () => {
    const source = {
      length: MAIL_LIMITS.maxOctets + 1,
      read() {
        throw new Error('it was read')
      },
    }
    await assert.rejects(scanEntity(source, 0, source.length), refuses('message-octets', 0))
  })
})
