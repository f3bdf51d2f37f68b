// The check of lines before SMTP is read, against the clauses as expressions, in pieces of any size.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLineCheck } from '../../src/door/submit/strict-lines.ts'

/** RFC 5321 §2.3.8, §4.5.3.1.6: where the first octet stands that cannot be, and why. */
function expected(text: string): readonly [number, string | undefined] {
  const faults: (readonly [number, string])[] = []
  const at = (pattern: RegExp, behind: number, fault: string) => {
    const found = pattern.exec(text)
    if (found) faults.push([found.index + behind, fault])
  }
  at(/\r[^\n]/s, 1, 'a CR without LF')
  at(/(?<!\r)\n/, 0, 'a LF without CR')
  at(/\0/, 0, 'a NUL')
  at(/(?<=^|\n)[^\n]{1001}[\s\S]/, 1001, 'a line of more than 1,000 octets')
  // Of the same octet the first named counts.
  const [first] = faults.toSorted(([one], [other]) => one - other)
  return first ?? [text.length, undefined]
}

function checked(text: string, pieceOctets: number): readonly [number, string | undefined] {
  const { push } = createLineCheck()
  const octets = Buffer.from(text, 'latin1')
  for (let at = 0; at < octets.length; at += pieceOctets) {
    const piece = octets.subarray(at, at + pieceOctets)
    const { good, fault } = push(piece)
    if (fault) return [at + good, fault]
    assert.equal(good, piece.length)
  }
  return [octets.length, undefined]
}

suite('lines of a caller', () => {
  test('that are right, and each fault at the edge of what is allowed', () => {
    for (const text of [
      'MAIL FROM:<a@b.example>\r\n',
      '\r\n\r\n.\r\n',
      `${'x'.repeat(999)}\r\n`.repeat(3),
      `${'x'.repeat(999)}\r\n${'x'.repeat(1000)}\r\n`,
      `${'x'.repeat(1002)}`,
      'a\r\n\n',
      'a\n.\nMAIL FROM:<b@c.example>\r\n',
      'a\r.\r\n',
      'a\r\r\n',
      'a\0b\r\n',
      '\r\0',
      'ends in CR\r',
      `${'x'.repeat(1001)}\n`,
      '\xff\x80\r\n',
    ])
      for (const pieceOctets of [1, 2, 3, 7, 1000, 5000])
        assert.deepEqual(checked(text, pieceOctets), expected(text), `${JSON.stringify(text)} by ${pieceOctets}`)
  })

  test('of chance', () => {
    // A small generator, so that what fails fails again.
    let state = 1
    const next = (below: number) => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    const parts = ['\r\n', '\r\n', '\r\n', 'a', 'bc', 'x'.repeat(500), 'y'.repeat(999), '\r', '\n', '\0']
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: next(9) }, () => parts[next(parts.length)]).join('')
      for (const pieceOctets of [1 + next(9), 400 + next(900)])
        assert.deepEqual(checked(text, pieceOctets), expected(text), JSON.stringify(text))
    }
  })
})
