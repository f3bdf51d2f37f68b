import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  closeWire,
  openWire,
  readBoolean,
  readMpint,
  readName,
  readNameList,
  readText,
  readUint32,
  readUint64,
  SshError,
  type WireCursor,
  writeBoolean,
  writeMpint,
  writeNameList,
  writeText,
  writeUint32,
  writeUint64,
} from '@countersign/ssh'
import { casesOf } from './vectors.ts'

interface Vector {
  readonly id: string
  readonly read: keyof typeof READERS
  readonly hex: string
  readonly value?: unknown
  readonly code?: string
}

/** Each gives what a vector's `value` says. */
const READERS = {
  boolean: (c: WireCursor) => readBoolean(c),
  uint32: (c: WireCursor) => readUint32(c),
  uint64: (c: WireCursor) => String(readUint64(c)),
  text: (c: WireCursor) => readText(c),
  name: (c: WireCursor) => readName(c),
  names: (c: WireCursor) => readNameList(c, 3),
  mpint: (c: WireCursor) => readMpint(c, 8).toHex(),
}

/** Each writes a vector's `value` to its `hex`. */
const WRITERS: Readonly<Record<keyof typeof READERS, (value: never) => Uint8Array>> = {
  boolean: (value: boolean) => writeBoolean(value),
  uint32: (value: number) => writeUint32(value),
  uint64: (value: string) => writeUint64(BigInt(value)),
  text: (value: string) => writeText(value),
  name: (value: string) => writeText(value),
  names: (value: readonly string[]) => writeNameList(value),
  mpint: (value: string) => writeMpint(Uint8Array.fromHex(`0000${value}`)),
}

for (const { id, read, hex, value, code } of casesOf<Vector>('wire.json')) {
  const decode = () => {
    const c = openWire(Uint8Array.fromHex(hex), 256)
    const decoded = READERS[read](c)
    closeWire(c)
    return decoded
  }
  test(id, () => {
    if (code === undefined) assert.deepEqual(decode(), value)
    else assert.throws(decode, (error) => error instanceof SshError && error.code === code)
  })
  // A boolean is read in 255 ways, and written in one. A vector's value has the type of its own writer.
  if (code === undefined && hex !== '80')
    test(`${id}, written`, () => assert.equal(WRITERS[read](value as never).toHex(), hex))
}

suite('writing', () => {
  for (const [what, write] of [
    ['a uint32 of 33 bits', () => writeUint32(2 ** 32)],
    ['a uint32 below zero', () => writeUint32(-1)],
    ['a uint32 that is not whole', () => writeUint32(0.5)],
    ['a uint64 of 65 bits', () => writeUint64(1n << 64n)],
    ['a uint64 below zero', () => writeUint64(-1n)],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(write, RangeError)
    })
  for (const [what, write, code] of [
    ['a text with a NUL', () => writeText('a\0'), 'ERR_SSH_TEXT'],
    ['a text with half a character', () => writeText('\ud800'), 'ERR_SSH_TEXT'],
    ['a name with a comma in a list', () => writeNameList(['a,b']), 'ERR_SSH_NAME'],
    ['an empty name in a list', () => writeNameList(['']), 'ERR_SSH_NAME'],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(write, { code })
    })
})

test('octets of a Buffer are read as those of a Uint8Array, and in place', () => {
  const pool = Buffer.from('ff0000000174ff', 'hex')
  const c = openWire(pool.subarray(1, 6), 5)
  assert.equal(readText(c), 't')
  assert.equal(c.octets.constructor, Uint8Array)
  assert.equal(c.octets.buffer, pool.buffer)
})

test('an error says where', () => {
  const c = openWire(Uint8Array.fromHex('0000000174000000ff'), 9)
  readText(c)
  assert.throws(() => readText(c), {
    offset: 5,
    message: 'the input or the enclosing string ends inside this value (RFC 4251 §5, octet 5)',
  })
})
