// What a message says and how long it is: by the alphabets of telephones, and with lines that nobody else can write.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { segmentsOf } from '../src/sms/segments.ts'
import { wordsOfMatter, writeSmsText } from '../src/sms/text.ts'

suite('a text of several messages', () => {
  // 3GPP TS 23.040 §9.2.3.24.1: 160 septets or 70 units alone, 153 or 67 of each where they are joined.
  const CASES: readonly (readonly [what: string, text: string, segments: number])[] = [
    ['none', '', 1],
    ['all of one of 7 bits', 'a'.repeat(160), 1],
    ['one septet more', 'a'.repeat(161), 2],
    ['all of two', 'a'.repeat(306), 2],
    ['one septet more than two', 'a'.repeat(307), 3],
    ['all of four', 'a'.repeat(612), 4],
    ['one septet more than four', 'a'.repeat(613), 5],
    ['letters of the basic alphabet that ASCII has not', 'äöüßàéñÅØΔΩ§¿£¥\n'.repeat(10), 1],
    ['letters of the table beside it, of two septets', '€[]{}~|^\\\f'.repeat(8), 1],
    ['one of these more', `${'€[]{}~|^\\\f'.repeat(8)}€`, 2],
    ['one of these across the end of the first', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 3],
    ['all of one of UCS2', 'ж'.repeat(70), 1],
    ['one unit more', 'ж'.repeat(71), 2],
    ['all of two of UCS2', 'ж'.repeat(134), 2],
    ['one unit more than two', 'ж'.repeat(135), 3],
    ['all of four of UCS2', 'ж'.repeat(268), 4],
    ['one unit more than four', 'ж'.repeat(269), 5],
    ['one letter outside among many inside', `${'a'.repeat(159)}ç`, 3],
    ['a grave accent, which is in neither table', `${'a'.repeat(70)}\``, 2],
    ['signs of two units', '🦊'.repeat(35), 1],
    ['one of these across the end of the first', `${'ж'.repeat(66)}🦊${'ж'.repeat(66)}`, 3],
  ]
  for (const [what, text, segments] of CASES)
    test(`${what}: ${segments}`, () => assert.equal(segmentsOf(text), segments))
})

suite('the lines of a message', () => {
  const linesOf = (title: string, lines: [string, string][]) =>
    writeSmsText('Acme Bank', wordsOfMatter({ title, lines }), '123456').split('\n')

  test('are what is confirmed, and then the code', () => {
    assert.deepEqual(
      linesOf('Transfer €5.00', [
        ['To', 'Dave'],
        ['Purpose', ''],
      ]),
      [
        'Acme Bank: to confirm "Transfer €5.00"',
        '- To: "Dave"',
        '- Purpose: ""',
        'If you want exactly this: 123456. We never ask you for this code.',
      ],
    )
  })

  const CODE_LINE = 'If you want exactly this: 999999. We never ask you for this code.'
  const FORGED: readonly (readonly [what: string, value: string])[] = [
    ['an end of a line', `Dave\n${CODE_LINE}`],
    ['the ends of lines of other alphabets', `Dave\u2028${CODE_LINE}\u0085\u2029\v\f\r`],
    ['spaces up to the end of a narrow screen', `Dave${' '.repeat(80)}${CODE_LINE}`],
    ['wide spaces', `Dave${'\u3000\u00a0\u2003\u2800'.repeat(20)}${CODE_LINE}`],
    ['an end of the quotes', `Dave" - Amount: "1.00`],
    ['marks that look like it', 'Dave” - Amount: “1.00 „ « » ‟ ＂ 〞'],
  ]
  for (const [what, value] of FORGED)
    for (const where of ['title', 'name', 'value'] as const)
      test(`cannot be written by somebody else: ${what}, in the ${where}`, () => {
        const written = linesOf(where === 'title' ? value : 'Transfer', [
          [where === 'name' ? value : 'To', where === 'value' ? value : 'Dave'],
          ['Amount', '5,000.00 EUR'],
        ])
        assert.equal(written.length, 4)
        const [first = '', second = '', third, last] = written
        assert.match(first, /^Acme Bank: to confirm "[^"]+"$/)
        assert.match(second, /^- [^"]+: "[^"]+"$/)
        for (const line of [first, second])
          assert.doesNotMatch(line, /[“”„«»‟＂〞\u00a0\u2003\u2028\u2029\u2800\u3000\p{Cc}]| {2}/u)
        assert.deepEqual([third, last], ['- Amount: "5,000.00 EUR"', CODE_LINE.replace('999999', '123456')])
      })
})
