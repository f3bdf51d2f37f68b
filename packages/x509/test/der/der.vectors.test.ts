import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  CERTIFICATE_LIMITS,
  closeDer,
  DER_ERRORS,
  type DerCursor,
  type DerLimits,
  derFromBer,
  formatName,
  openDer,
  readAny,
  readBitString,
  readBoolean,
  readBooleanDefaultFalse,
  readGeneralizedTime,
  readIa5String,
  readInteger,
  readName,
  readNamedBits,
  readNull,
  readOctetBitString,
  readOid,
  readText,
  readTime,
  readUnsigned,
  writeBoolean,
  writeGeneralizedTime,
  writeInteger,
  writeNamedBits,
  writeNull,
  writeOctetBitString,
  writeOid,
  writeTime,
  writeUtf8String,
} from '@countersign/x509'

interface Vector {
  readonly id: string
  readonly read: keyof typeof READERS
  readonly hex: string
  readonly value?: unknown
  readonly code?: string
  readonly limits?: Partial<DerLimits>
  readonly tag?: number
}

/** Each gives what a vector's `value` says. */
const READERS = {
  any: (c: DerCursor) => readAny(c).toHex(),
  boolean: (c: DerCursor) => readBoolean(c),
  booleanDefaultFalse: (c: DerCursor) => readBooleanDefaultFalse(c),
  integer: (c: DerCursor) => String(readInteger(c, 20)),
  unsigned: (c: DerCursor) => readUnsigned(c),
  null: (c: DerCursor) => readNull(c) ?? null,
  bitString: (c: DerCursor) => readBitString(c).toHex(),
  octetBitString: (c: DerCursor) => readOctetBitString(c).toHex(),
  namedBits: (c: DerCursor) => readNamedBits(c),
  oid: (c: DerCursor) => readOid(c),
  text: (c: DerCursor) => readText(c),
  ia5: (c: DerCursor, tag?: number) => readIa5String(c, tag),
  time: (c: DerCursor) => readTime(c).toString(),
  eitherTime: (c: DerCursor) => readTime(c).toString(),
  generalizedTime: (c: DerCursor) => readGeneralizedTime(c).toString(),
  name: (c: DerCursor) => formatName(readName(readAny(c))),
  ber: (c: DerCursor, _tag?: number, limits?: DerLimits) => {
    c.at = c.end
    return derFromBer(c.octets, limits ?? CERTIFICATE_LIMITS).toHex()
  },
}

/** Each writes a vector's `value` to its `hex`. */
const WRITERS: Partial<Record<keyof typeof READERS, (value: never) => Uint8Array>> = {
  boolean: (value: boolean) => writeBoolean(value),
  integer: (value: string) => writeInteger(BigInt(value)),
  unsigned: (value: number) => writeInteger(value),
  null: () => writeNull(),
  octetBitString: (value: string) => writeOctetBitString(Uint8Array.fromHex(value)),
  oid: (value: string) => writeOid(value),
  time: (value: string) => writeTime(Temporal.Instant.from(value)),
  generalizedTime: (value: string) => writeGeneralizedTime(Temporal.Instant.from(value)),
}

const folder = new URL('../../../../vectors/der/', import.meta.url)
const files = readdirSync(folder).map((name) => {
  const { cases } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { readonly cases: readonly Vector[] }
  return { name, cases }
})

for (const { name, cases } of files)
  suite(name, () => {
    for (const { id, read, hex, value, code, limits, tag } of cases) {
      test(id, () => {
        const decode = () => {
          const budget = { ...CERTIFICATE_LIMITS, ...limits }
          const c = openDer(Uint8Array.fromHex(hex), budget)
          const decoded = READERS[read](c, tag, budget)
          closeDer(c)
          return decoded
        }
        if (code === undefined) assert.deepEqual(decode(), value)
        else assert.throws(decode, { code })
      })
      const write = WRITERS[read]
      // A vector's value has the type of its own writer: the table above says so.
      if (code === undefined && write !== undefined)
        test(`${id}, written`, () => assert.equal(write(value as never).toHex(), hex))
    }
  })

suite('writing', () => {
  test('named bits, from the vectors', () => {
    assert.equal(writeNamedBits(5).toHex(), '030205a0')
    assert.equal(writeNamedBits(256).toHex(), '0303070080')
    assert.equal(writeNamedBits(0).toHex(), '030100')
  })
  test('a UTF8String', () => assert.equal(writeUtf8String('ü€𝄞').toHex(), '0c09c3bce282acf09d849e'))
  test('a time with a fraction, cut off', () =>
    assert.equal(
      writeTime(Temporal.Instant.from('1999-12-31T23:59:59.999Z')).toHex(),
      writeTime(Temporal.Instant.from('1999-12-31T23:59:59Z')).toHex(),
    ))
  const refusals: Record<string, () => Uint8Array> = {
    'a time before 1950': () => writeTime(Temporal.Instant.from('1949-12-31T23:59:59Z')),
    'a time after 9999': () => writeTime(Temporal.Instant.from('+010000-01-01T00:00:00Z')),
    'an identifier of one arc': () => writeOid('1'),
    'an identifier with second arc 40 under 1': () => writeOid('1.40'),
    'an identifier with a leading zero': () => writeOid('1.2.03'),
    'an identifier of letters': () => writeOid('1.2.x'),
  }
  for (const [what, write] of Object.entries(refusals))
    test(`${what} is refused`, () => assert.throws(write, RangeError))
})

test('every code of DER_ERRORS has a vector', () => {
  const codes = new Set(files.flatMap(({ cases }) => cases.flatMap(({ code }) => code ?? [])))
  assert.deepEqual(
    Object.keys(DER_ERRORS).filter((code) => !codes.has(code)),
    [],
  )
})
