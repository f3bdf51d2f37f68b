import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import { LineError, openLines } from '../../src/feed/lines.ts'

/** A connection whose far end is the test: `said` is what was written, `hear` is what arrives. */
function connection() {
  const said: string[] = []
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      said.push(String(chunk))
      done()
    },
  })
  return { socket, said, hear: (octets: string | Buffer | null) => socket.push(octets) }
}

async function heard(
  pieces: readonly (string | Buffer | null)[],
  onValue?: (value: unknown) => void,
): Promise<{ values: unknown[]; error: Error | undefined }> {
  const { socket, hear } = connection()
  const values: unknown[] = []
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  openLines(socket, {
    maxCharacters: 20,
    maxWaitingOctets: 100,
    onValue: onValue ?? ((value) => values.push(value)),
    onEnd: resolve,
  })
  for (const piece of pieces) hear(piece)
  return { values, error: await promise }
}

suite('JSON, one value to a line', () => {
  test('in whatever pieces it comes, also within a character', async () => {
    const e = Buffer.from('"é"\n')
    const { values, error } = await heard(['{"a":', '1}\n[2]\n', e.subarray(0, 2), e.subarray(2), '\n', null])
    assert.deepEqual(values, [{ a: 1 }, [2], 'é'])
    assert.equal(error, undefined)
  })
  test('half a line at the end says nothing', async () => {
    assert.deepEqual(await heard(['[1]\n[2', null]), { values: [[1]], error: undefined })
  })
  for (const [what, ...pieces] of [
    ['a line that is no JSON', '{a}\n'],
    ['a line that is too long', `"${'x'.repeat(20)}`],
    ['a line that is too long, in pieces', '"0123456789', '0123456789'],
  ] as const)
    test(`${what} ends the connection`, async () => {
      const { values, error } = await heard(pieces)
      assert.deepEqual(values, [])
      assert.ok(error instanceof LineError)
    })
  test('what is thrown at a value ends it, and nothing behind it is read', async () => {
    const seen: unknown[] = []
    const { error } = await heard(['1\n2\n'], (value) => {
      seen.push(value)
      throw new TypeError('not this')
    })
    assert.deepEqual(seen, [1])
    assert.equal(error?.message, 'not this')
  })
  test('who does not read is not written to for ever', async () => {
    const socket = new Duplex({ read: () => undefined, write: () => undefined })
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    const lines = openLines(socket, {
      maxCharacters: 9,
      maxWaitingOctets: 100,
      onValue: () => undefined,
      onEnd: resolve,
    })
    for (let i = 0; i < 100; i++) lines.send('ten octets')
    assert.ok((await promise) instanceof LineError)
  })
})
