// Which keys a door signs with and publishes as time goes on, forwards and back.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type AssertionKey, keysAt, makeKey, readKeys, signerAt, writeKeys } from '../../src/web/assertion-keys.ts'

const START = Temporal.Instant.from('2026-11-26T12:00:00Z')
const after = (days: number) => START.add({ minutes: Math.round(days * 1440) })
const ids = (keys: readonly AssertionKey[]) => keys.map(({ published }) => published.kid)
const signer = (keys: readonly AssertionKey[], days: number) => signerAt(keys, after(days))?.published.kid

suite('the keys of a door’s statements', () => {
  test('one signs for thirty days; the next is published a day before it signs, the one before a day after', () => {
    let keys = keysAt([], START)
    const [first = ''] = ids(keys)
    assert.equal(signer(keys, 0), first)
    for (const days of [0, 1, 28.9]) {
      keys = keysAt(keys, after(days))
      assert.deepEqual(ids(keys), [first])
    }
    keys = keysAt(keys, after(29))
    const [, second = ''] = ids(keys)
    assert.deepEqual(ids(keys), [first, second])
    assert.deepEqual([signer(keys, 29), signer(keys, 29.9), signer(keys, 30)], [first, first, second])
    // The key that has done its work cannot sign any more.
    keys = keysAt(keys, after(30))
    assert.deepEqual(ids(keys), [first, second])
    assert.deepEqual(
      keys.map(({ privateKey }) => privateKey !== undefined),
      [false, true],
    )
    keys = keysAt(keys, after(30.9))
    assert.deepEqual(ids(keys), [first, second])
    keys = keysAt(keys, after(31))
    assert.deepEqual(ids(keys), [second])
    assert.deepEqual(ids(keysAt(keys, after(58.9))), [second])
    assert.equal(keysAt(keys, after(59)).length, 2)
  })

  test('whoever keeps the set for a day can check every statement, hour by hour for half a year', () => {
    let keys = keysAt([], START)
    const sets: string[][] = []
    const signed = new Set<string>()
    for (let hour = 0; hour < 24 * 180; hour++) {
      const days = hour / 24
      keys = keysAt(keys, after(days))
      sets.push(ids(keys))
      const kid = signer(keys, days) ?? ''
      signed.add(kid)
      assert.ok(sets.slice(-24).every((set) => set.includes(kid)) || sets.length < 24, `hour ${hour}`)
      assert.ok(keys.length <= 2)
    }
    assert.equal(signed.size, 6)
  })

  test('a door that was closed for a year signs with its key for a day more, and announces the next', () => {
    const before = keysAt([], START)
    const keys = keysAt(before, after(365))
    assert.equal(signer(keys, 365), ids(before)[0])
    assert.equal(keys.length, 2)
    assert.deepEqual([signer(keys, 365.9), signer(keys, 366)], ids(keys))
  })

  test('a clock that was a year ahead for an hour, and comes back: what was published stays, and signs', () => {
    const before = keysAt([], START)
    const ahead = keysAt(before, after(365))
    const back = keysAt(ahead, after(1))
    assert.deepEqual(ids(back), ids(before))
    assert.equal(signer(back, 1), ids(before)[0])
  })

  test('a clock that stayed ahead until the first key was gone: the second goes on', () => {
    let keys = keysAt(keysAt([], START), after(365))
    const second = ids(keys)[1]
    for (const days of [366, 367]) keys = keysAt(keys, after(days))
    assert.deepEqual(ids(keys), [second])
    keys = keysAt(keys, after(1))
    assert.deepEqual([ids(keys), signer(keys, 1)], [[second], second])
    // And its time is counted from now on.
    assert.equal(keysAt(keys, after(29.9)).length, 1)
    assert.equal(keysAt(keys, after(30)).length, 2)
  })

  test('are read as they were written, and those that are done have nothing secret', () => {
    const keys = keysAt(keysAt(keysAt([], START), after(29)), after(30))
    const text = writeKeys(keys)
    assert.equal(text.match(/"d"/g)?.length, 1)
    const read = readKeys(text) ?? assert.fail()
    assert.deepEqual(ids(read), ids(keys))
    assert.equal(writeKeys(read), text)
    assert.ok(signerAt(read, after(30))?.privateKey.equals(signerAt(keys, after(30))?.privateKey ?? assert.fail()))
  })

  const text = writeKeys([makeKey(START)])
  const [, d = ''] = /"d":"([^"]+)"/.exec(text) ?? []
  const [, x = ''] = /"x":"([^"]+)"/.exec(text) ?? []
  const other = writeKeys([makeKey(START)])
  const damaged: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['half of it', text.slice(0, -30)],
    ['zeros', '\0'.repeat(text.length)],
    ['other JSON', '{"keys":7}'],
    ['a time that is none', text.replace('2026', 'soon')],
    [
      'no point of the curve',
      text.replace(
        x,
        x.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
      ),
    ],
    ['the secret key of another', text.replace(d, /"d":"([^"]+)"/.exec(other)?.[1] ?? '')],
    ['no secret key in its place', text.replace(d, 'AA')],
    ['another curve', text.replace('P-256', 'P-384')],
    ['more than there ever are', `{"keys":[${Array.from({ length: 17 }, () => text.slice(9, -3)).join()}]}`],
  ]
  for (const [what, file] of damaged)
    test(`${what} is no file of keys`, () => {
      assert.notEqual(file, text)
      assert.equal(readKeys(file), undefined)
    })
})
