import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Field, fieldOf, ShapeError, writeJson } from '@countersign/protocol'

suite('writeJson', () => {
  const at = Temporal.Instant.from('2026-11-24T12:00:00.5Z')
  for (const [name, value, written] of [
    ['null', null, null],
    ['a text', 'a', 'a'],
    ['a number', 1.5, 1.5],
    ['false', false, false],
    ['a bigint as decimal text', 2n ** 70n, '1180591620717411303424'],
    ['an instant in RFC 3339', at, '2026-11-24T12:00:00.5Z'],
    ['octets in Base64', new Uint8Array([0, 255, 16]), 'AP8Q'],
    ['a list', [1n, [at]], ['1', ['2026-11-24T12:00:00.5Z']]],
    ['an object without what is undefined', { a: 1n, b: undefined }, { a: '1' }],
  ] as const)
    test(name, () => assert.deepEqual(writeJson(value), written))
  for (const value of [undefined, Symbol('x'), () => 1])
    test(`a ${typeof value} has no JSON form`, () => assert.throws(() => writeJson(value), TypeError))
})

suite('a field of untrusted JSON', () => {
  const read: readonly (readonly [name: string, value: unknown, read: (field: Field) => unknown, expected: unknown])[] =
    [
      ['text', 'abc', (f) => f.text(3), 'abc'],
      ['boolean', false, (f) => f.boolean(), false],
      ['integer', '42', (f) => f.integer(), 42n],
      ['number', 64, (f) => f.number(64), 64],
      ['octets', 'AP8=', (f) => [...f.octets(2)], [0, 255]],
      ['one of', 'b', (f) => f.oneOf(['a', 'b']), 'b'],
      ['optional, absent', undefined, (f) => f.optional((g) => g.text()), undefined],
      ['optional, null', null, (f) => f.optional((g) => g.text()), undefined],
      [
        'nested',
        { a: [{ b: 'c' }] },
        (f) =>
          f
            .get('a')
            .list(1)
            .map((g) => g.get('b').text()),
        ['c'],
      ],
      ['own keys only', {}, (f) => f.get('constructor').present, false],
    ]
  for (const [name, value, decode, expected] of read)
    test(name, () => assert.deepEqual(decode(fieldOf(value)), expected))

  const refused: readonly (readonly [name: string, value: unknown, read: (field: Field) => unknown, path: string])[] = [
    ['a text that is too long', { a: 'abcd' }, (f) => f.get('a').text(3), 'a'],
    ['a number as text', { a: 1 }, (f) => f.get('a').text(), 'a'],
    ['text as boolean', { a: 'true' }, (f) => f.get('a').boolean(), 'a'],
    ['a number as integer', 1, (f) => f.integer(), ''],
    ['a signed integer', '-1', (f) => f.integer(), ''],
    ['an integer of 61 digits', '1'.repeat(61), (f) => f.integer(), ''],
    ['a hexadecimal integer', '0x1', (f) => f.integer(), ''],
    ['a number above the most', 65, (f) => f.number(64), ''],
    ['a negative number', -1, (f) => f.number(64), ''],
    ['a broken number', 1.5, (f) => f.number(64), ''],
    ['no number', Number.NaN, (f) => f.number(64), ''],
    ['octets that are no Base64', 'A?==', (f) => f.octets(9), ''],
    ['too many octets', 'AAAAAAAA', (f) => f.octets(3), ''],
    ['a time without a zone', '2026-11-24T12:00:00', (f) => f.instant(), ''],
    ['a time of 50 characters', `2026-11-24T12:00:00${' '.repeat(40)}Z`, (f) => f.instant(), ''],
    ['another choice', 'c', (f) => f.oneOf(['a', 'b']), ''],
    ['a list that is too long', { a: [1, 2] }, (f) => f.get('a').list(1), 'a'],
    ['an object as list', { a: {} }, (f) => f.get('a').list(1), 'a'],
    ['a list as object', [{}], (f) => f.get('a'), ''],
    ['text as object', 'a', (f) => f.get('a'), ''],
    [
      'a field deep inside',
      { a: [{ b: 1 }] },
      (f) =>
        f
          .get('a')
          .list(9)
          .map((g) => g.get('b').text()),
      'a[0].b',
    ],
    ['null where something is needed', { a: null }, (f) => f.get('a').text(), 'a'],
  ]
  for (const [name, value, decode, path] of refused)
    test(`${name} is refused and named`, () => {
      assert.throws(
        () => decode(fieldOf(value)),
        (error: unknown) => error instanceof ShapeError && error.path === path,
      )
    })
})
