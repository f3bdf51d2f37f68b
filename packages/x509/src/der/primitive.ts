// X.690 §8.2 to §8.8 and §11: the types whose contents are not constructed and not text.
import { type DerCursor, octetAt, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'

/** Reads a BOOLEAN. @throws {DerError} when it is not 00 or FF. @see X.690 §11.1 */
export function readBoolean(c: DerCursor, tag: number = TAG.boolean): boolean {
  const end = readHeader(c, tag)
  const at = c.at
  const octet = end - at === 1 ? octetAt(c, at) : 0x01
  if (octet !== 0x00 && octet !== 0xff) throw new DerError('ERR_DER_BOOLEAN', at)
  c.at = end
  return octet === 0xff
}

/** Reads a BOOLEAN DEFAULT FALSE, present or not. @throws {DerError} when FALSE is written out. @see X.690 §11.5 */
export function readBooleanDefaultFalse(c: DerCursor, tag: number = TAG.boolean): boolean {
  if (c.at >= c.end || octetAt(c, c.at) !== tag) return false
  const at = c.at
  if (!readBoolean(c, tag)) throw new DerError('ERR_DER_DEFAULT', at)
  return true
}

/** Steps over the header of an INTEGER and judges its form. @returns the index after its contents, which begin at `c.at`. */
export function readIntegerHeader(c: DerCursor, tag: number): number {
  const end = readHeader(c, tag)
  const at = c.at
  if (end === at) throw new DerError('ERR_DER_INTEGER', at)
  if (end - at > 1) {
    const head = octetAt(c, at)
    const negative = octetAt(c, at + 1) >= 0x80
    if ((head === 0x00 && !negative) || (head === 0xff && negative)) throw new DerError('ERR_DER_INTEGER', at)
  }
  return end
}

/** Reads an INTEGER of at most `maxOctets` content octets. @see X.690 §8.3 */
export function readInteger(c: DerCursor, maxOctets: number, tag: number = TAG.integer): bigint {
  const end = readIntegerHeader(c, tag)
  const at = c.at
  if (end - at > maxOctets) throw new DerError('ERR_DER_INTEGER_LIMIT', at)
  const negative = octetAt(c, at) >= 0x80
  // Six octets at a time are what a number holds exactly, and each step on a bigint makes a new one.
  const first = at + ((end - at) % 6)
  let value = BigInt(unsignedAt(c, at, first))
  for (let i = first; i < end; i += 6) value = (value << 48n) | BigInt(unsignedAt(c, i, i + 6))
  c.at = end
  return negative ? value - (1n << BigInt(8 * (end - at))) : value
}

/** Reads an INTEGER (0..MAX) as a number, or an ENUMERATED by its tag; more than 6 octets are over the limit. */
export function readUnsigned(c: DerCursor, tag: number = TAG.integer): number {
  const end = readIntegerHeader(c, tag)
  const at = c.at
  if (octetAt(c, at) >= 0x80 || end - at > 6) throw new DerError('ERR_DER_INTEGER_LIMIT', at)
  c.at = end
  return unsignedAt(c, at, end)
}

/** The number that at most 6 octets are. */
function unsignedAt(c: DerCursor, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) value = value * 256 + (c.octets[i] as number)
  return value
}

/** Reads a NULL. */
export function readNull(c: DerCursor): void {
  const end = readHeader(c, TAG.null)
  if (end !== c.at) throw new DerError('ERR_DER_NULL', c.at)
}

/** Reads a BIT STRING; the contents with their leading octet, which counts the unused bits. @see X.690 §8.6, §11.2.1 */
export function readBitString(c: DerCursor, tag: number = TAG.bitString): Uint8Array {
  const at = readBitStringHeader(c, tag)
  return c.octets.subarray(at, c.at)
}

/** Judges a BIT STRING and steps behind it. @returns the index of its contents. */
function readBitStringHeader(c: DerCursor, tag: number): number {
  const end = readHeader(c, tag)
  const at = c.at
  if (end === at) throw new DerError('ERR_DER_BIT_STRING', at)
  const unused = octetAt(c, at)
  if (unused > 7 || (unused > 0 && end - at === 1)) throw new DerError('ERR_DER_BIT_STRING', at)
  if (unused > 0 && (c.octets[end - 1] as number) & ((1 << unused) - 1))
    throw new DerError('ERR_DER_BIT_STRING', end - 1)
  c.at = end
  return at
}

/** Reads a BIT STRING that holds whole octets, such as a key or a signature; without the leading octet. */
export function readOctetBitString(c: DerCursor, tag: number = TAG.bitString): Uint8Array {
  const at = c.at
  const contents = readBitStringHeader(c, tag)
  if (c.octets[contents] !== 0) throw new DerError('ERR_DER_BIT_STRING_OCTETS', at)
  return c.octets.subarray(contents + 1, c.at)
}

/** Named bits are few: 0 to 30 fit a number, and bit 31 stands for any beyond, of which no format of ours has one. */
const MAX_NAMED_BIT = 30

/** Reads a BIT STRING of named bits; bit n of the number is named bit n. @see X.690 §11.2.2 */
export function readNamedBits(c: DerCursor, tag: number = TAG.bitString): number {
  const at = c.at
  const bits = readBitString(c, tag)
  const unused = bits[0] as number
  const last = bits[bits.length - 1] as number
  if (bits.length > 1 && !(last & (1 << unused))) throw new DerError('ERR_DER_NAMED_BITS', at)
  let named = bits.length > 5 ? 1 << 31 : 0
  for (let i = 0; i < 8 * Math.min(bits.length - 1, 4); i++)
    if ((bits[1 + (i >> 3)] as number) & (0x80 >> (i & 7))) named |= 1 << Math.min(i, MAX_NAMED_BIT + 1)
  return named
}
