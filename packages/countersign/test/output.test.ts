import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nearest } from '@countersign/policy/nearest'
import { styleOf } from '../src/output/style.ts'
import { tableLines } from '../src/output/table.ts'
import { wrapWords } from '../src/output/wrap.ts'
import { parseSpan } from '../src/span.ts'

suite('parseSpan', () => {
  for (const [text, seconds] of [
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['1d', 86_400],
  ] as const) {
    test(text, () => {
      assert.equal(parseSpan(text, '--ttl'), seconds)
    })
  }
  for (const text of ['', '0m', '10', 'm', '-1m', '1.5h', '10 m', '1w', '9999999s']) {
    test(`refuses "${text}"`, () => {
      assert.throws(() => parseSpan(text, '--ttl'), { name: 'Failure', exit: 2 })
    })
  }
})

suite('nearest', () => {
  const names = ['up', 'invite', 'enroll', 'revoke', 'sessions']
  for (const [word, name] of [
    ['invtie', 'invite'],
    ['enrol', 'enroll'],
    ['session', 'sessions'],
    ['rewoke', 'revoke'],
    ['upp', 'up'],
  ] as const) {
    test(`${word} → ${name}`, () => {
      assert.equal(nearest(word, names), name)
    })
  }
  for (const word of ['', 'zebra', 'mail']) {
    test(`${word} is near nothing`, () => {
      assert.equal(nearest(word, names), undefined)
    })
  }
})

test('words are wrapped where the terminal ends, and none is broken', () => {
  assert.deepEqual(wrapWords(['one', 'two', 'three', 'fourteen'], 7), ['one two', 'three', 'fourteen'])
  assert.deepEqual(wrapWords([], 7), [])
})

test('numbers are right-aligned, and no line ends in spaces', () => {
  const lines = tableLines(
    [{ head: 'name' }, { head: 'octets', number: true }, { head: 'note' }],
    [
      ['alice', '7', ''],
      ['bob', '1234', 'x'],
    ],
  )
  assert.deepEqual(lines, ['name   octets  note', 'alice       7', 'bob      1234  x'])
})

test('colours are written only where they may be', () => {
  assert.equal(styleOf(true).refused('no'), '\u001B[31mno\u001B[39m')
  assert.equal(styleOf(false).refused('no'), 'no')
})

suite('a table that is too wide', () => {
  const columns = [
    { head: 'door', shrinks: true },
    { head: 'caller', shrinks: true },
    { head: 'octets', number: true },
  ]
  const rows = [
    ['hello', 'a-person-with-a-long-name', '12'],
    ['the-other-door', 'bob', '3456789'],
  ]
  test('is cut where it may be, the widest first, and numbers stay whole', () => {
    const lines = tableLines(columns, rows, 40)
    assert.deepEqual(lines, [
      'door            caller            octets',
      'hello           a-person-with-…       12',
      'the-other-door  bob              3456789',
    ])
  })
  test('stays as it is where it fits, or nothing may shrink any more', () => {
    assert.deepEqual(tableLines(columns, rows, 80), tableLines(columns, rows))
    assert.equal(tableLines(columns, rows, 10)[2], 'the-oth…  bob       3456789')
    assert.deepEqual(tableLines([{ head: 'rule' }], [['longer than that']], 5), ['rule', 'longer than that'])
  })
})
