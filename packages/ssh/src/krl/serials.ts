// Serial numbers in a list: three forms of one set, PROTOCOL.krl §2.1 to §2.3.
import { SshError } from '../error.ts'
import { readMpint, readUint64, type WireCursor } from '../wire/read.ts'
import { join, joinAll, writeMpint, writeString, writeUint64 } from '../wire/write.ts'
import { MAX_BITMAP_BITS, MAX_SERIAL, SECTION, type SerialRange } from './model.ts'

/** One serial number alone costs as much as its octets. */
const SERIAL_OCTETS = 8
/** A section of a range: its type, its length, and two serial numbers. */
const RANGE_OCTETS = 21
/** A section of a bitmap without the bits: type, length, offset, length of the bits, and an octet of their sign. */
const BITMAP_OCTETS = 18

/** Puts ranges in order, and joins those that touch. @throws {SshError} when one is empty, or has a number that is none. */
export function normalRanges(ranges: readonly SerialRange[]): readonly SerialRange[] {
  const merged: { first: bigint; last: bigint }[] = []
  for (const { first, last } of ranges.toSorted((left, right) =>
    left.first < right.first ? -1 : left.first > right.first ? 1 : 0,
  )) {
    // OpenSSH refuses 0, which says that a certificate has no number.
    if (first < 1n || last < first || last > MAX_SERIAL) throw new SshError('ERR_SSH_KRL_SERIAL')
    const before = merged.at(-1)
    if (before !== undefined && first <= before.last + 1n) before.last = last > before.last ? last : before.last
    else merged.push({ first, last })
  }
  return merged
}

/** Reads the numbers of one section. `take` gets each range, in the order of the section. @throws {SshError} */
export function readSerials(type: number, c: WireCursor, take: (range: SerialRange, at: number) => void): void {
  const numberAt = () => {
    const at = c.at
    const number = readUint64(c)
    if (number === 0n) throw new SshError('ERR_SSH_KRL_SERIAL', at)
    return number
  }
  if (type === SECTION.serialBitmap) {
    readBitmap(c, take)
    return
  }
  do {
    const at = c.at
    const first = numberAt()
    const last = type === SECTION.serialRange ? numberAt() : first
    if (last < first) throw new SshError('ERR_SSH_KRL_SERIAL', at)
    take({ first, last }, at)
  } while (type === SECTION.serialList && c.at < c.end)
}

/** "A bit set at index N in the bitmap corresponds to … serial number (serial_offset + N)." */
function readBitmap(c: WireCursor, take: (range: SerialRange, at: number) => void): void {
  const at = c.at
  const offset = readUint64(c)
  const bits = readMpint(c, MAX_BITMAP_BITS / 8)
  const isSet = (index: number) => ((bits[bits.length - 1 - (index >> 3)] ?? 0) & (1 << (index & 7))) !== 0
  for (let index = 0; index < bits.length * 8; index++) {
    if (!isSet(index)) continue
    const start = index
    while (isSet(index + 1)) index++
    const range = { first: offset + BigInt(start), last: offset + BigInt(index) }
    if (range.first === 0n || range.last > MAX_SERIAL) throw new SshError('ERR_SSH_KRL_SERIAL', at)
    take(range, at)
  }
}

/** Writes ranges in the form that takes the fewest octets, nearly: one pass, which joins neighbours into bitmaps. */
export function writeSerials(ranges: readonly SerialRange[]): readonly Uint8Array[] {
  const alone: bigint[] = []
  const sections: Uint8Array[] = []
  for (let from = 0; from < ranges.length; ) {
    const to = endOfBitmap(ranges, from)
    const group = ranges.slice(from, to)
    const [{ first, last } = { first: 0n, last: 0n }] = group
    if (group.length > 1) sections.push(bitmapOf(group))
    else if (last - first > 1n) sections.push(section(SECTION.serialRange, [writeUint64(first), writeUint64(last)]))
    else alone.push(first, ...(first === last ? [] : [last]))
    from = to
  }
  return alone.length === 0 ? sections : [section(SECTION.serialList, alone.map(writeUint64)), ...sections]
}

/** The index after the ranges, from `from` on, that cost less as one bitmap than each by itself. */
function endOfBitmap(ranges: readonly SerialRange[], from: number): number {
  const start = ranges[from]?.first ?? 0n
  let best = from + 1
  let apart = 0
  let bestSaving = 0
  for (let to = from; to < ranges.length; to++) {
    const { first, last } = ranges[to] as SerialRange
    if (last - start >= MAX_BITMAP_BITS) break
    apart += last - first > 1n ? RANGE_OCTETS : SERIAL_OCTETS * Number(last - first + 1n)
    const saving = apart - BITMAP_OCTETS - Number(last - start) / 8
    if (saving > bestSaving) [best, bestSaving] = [to + 1, saving]
  }
  return best
}

function bitmapOf(group: readonly SerialRange[]): Uint8Array {
  const start = group[0]?.first ?? 0n
  const bits = new Uint8Array(MAX_BITMAP_BITS / 8)
  for (const { first, last } of group)
    for (let index = Number(first - start); index <= Number(last - start); index++) {
      const at = bits.length - 1 - (index >> 3)
      bits[at] = (bits[at] ?? 0) | (1 << (index & 7))
    }
  return section(SECTION.serialBitmap, [writeUint64(start), writeMpint(bits)])
}

/** One section, of a list or within one. */
export function section(type: number, parts: readonly Uint8Array[]): Uint8Array {
  return join(Uint8Array.of(type), writeString(joinAll(parts)))
}
