// RFC 4251 §5: the types of which every SSH format is made. One cursor walks one input, and values are views of it.
import { SshError } from '../error.ts'

/** A place in an input. Only the functions of this file move it. */
export interface WireCursor {
  readonly octets: Uint8Array
  /** Index of the next value. */
  at: number
  /** Index after the last octet that may be read. */
  readonly end: number
}

/** Opens `octets` (read in place, not copied). @throws {SshError} when there are more than `maxOctets`. */
export function openWire(octets: Uint8Array, maxOctets: number): WireCursor {
  if (octets.length > maxOctets) throw new SshError('ERR_SSH_OCTETS_LIMIT', maxOctets)
  // Views of a Buffer would be Buffers, slower to make and strange to compare.
  const plain =
    octets.constructor === Uint8Array ? octets : new Uint8Array(octets.buffer, octets.byteOffset, octets.length)
  return { octets: plain, at: 0, end: plain.length }
}

/** @throws {SshError} when the input, or the string that was opened, has more than was read. */
export function closeWire(c: WireCursor): void {
  if (c.at !== c.end) throw new SshError('ERR_SSH_TRAILING', c.at)
}

/** Steps over `count` octets. @returns a view of them. */
export function readOctets(c: WireCursor, count: number): Uint8Array {
  if (count > c.end - c.at) throw new SshError('ERR_SSH_TRUNCATED', c.at)
  const from = c.at
  c.at += count
  return c.octets.subarray(from, c.at)
}

/** A `byte`. @throws {SshError} */
export function readByte(c: WireCursor): number {
  return readOctets(c, 1)[0] as number
}

/** A `boolean`: "All non-zero values MUST be interpreted as TRUE". @throws {SshError} @see RFC 4251 §5 */
export function readBoolean(c: WireCursor): boolean {
  return readByte(c) !== 0
}

/** A `uint32`. @throws {SshError} @see RFC 4251 §5 */
export function readUint32(c: WireCursor): number {
  return viewOf(readOctets(c, 4)).getUint32(0)
}

/** A `uint64`. @throws {SshError} @see RFC 4251 §5 */
export function readUint64(c: WireCursor): bigint {
  return viewOf(readOctets(c, 8)).getBigUint64(0)
}

/** A `string`, as a view of its octets. @throws {SshError} @see RFC 4251 §5 */
export function readString(c: WireCursor): Uint8Array {
  const at = c.at
  const length = readUint32(c)
  if (length > c.end - c.at) throw new SshError('ERR_SSH_TRUNCATED', at)
  return readOctets(c, length)
}

/** Opens a `string` that holds values of its own; {@link closeWire} ends it. Offsets stay those of the whole input. @throws {SshError} */
export function openString(c: WireCursor): WireCursor {
  const { length } = readString(c)
  return { octets: c.octets, at: c.at - length, end: c.at }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A `string` of text. Without a NUL: programs in C would read what stands before it.
 * @throws {SshError} @see RFC 4251 §5
 */
export function readText(c: WireCursor): string {
  const at = c.at
  const octets = readString(c)
  if (octets.includes(0)) throw new SshError('ERR_SSH_TEXT', at)
  try {
    return utf8.decode(octets)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new SshError('ERR_SSH_TEXT', at)
  }
}

/** For names alone: what is not US-ASCII becomes what no name has. */
const ascii = new TextDecoder('utf-8', { ignoreBOM: true })

/** Printable US-ASCII without comma; one at-sign at most, and something on both of its sides. */
const NAME = /^(?=.{1,64}$)[!-+\--?A-~]+(?:@[!-+\--?A-~]+)?$/

/** Whether `text` is a name of an algorithm, a method or an option. @see RFC 4251 §6 */
export function isName(text: string): boolean {
  return NAME.test(text)
}

/** A `string` that is the name of a type, an algorithm or an option. @throws {SshError} @see RFC 4251 §6 */
export function readName(c: WireCursor): string {
  const at = c.at
  return nameOf(readString(c), at)
}

/** A `name-list`. @throws {SshError} @see RFC 4251 §5 */
export function readNameList(c: WireCursor, maxNames: number): readonly string[] {
  const at = c.at
  const octets = readString(c)
  if (octets.length === 0) return []
  // A name has 64 octets and a comma: so many that nothing beyond is split.
  if (octets.length > maxNames * 65) throw new SshError('ERR_SSH_ELEMENTS_LIMIT', at)
  const names = ascii.decode(octets).split(',')
  if (names.length > maxNames) throw new SshError('ERR_SSH_ELEMENTS_LIMIT', at)
  if (!names.every(isName)) throw new SshError('ERR_SSH_NAME', at)
  return names
}

/**
 * An `mpint` that is not negative, as its big-endian octets without leading zeros; zero has none.
 * @throws {SshError} when it is negative, has an octet that is not needed, or has more than `maxOctets`.
 * @see RFC 4251 §5
 */
export function readMpint(c: WireCursor, maxOctets: number): Uint8Array {
  const at = c.at
  const octets = readString(c)
  const [first, second = 0] = octets
  if (first === undefined) return octets
  if (first >= 0x80) throw new SshError('ERR_SSH_MPINT_NEGATIVE', at)
  if (first === 0 && second < 0x80) throw new SshError('ERR_SSH_MPINT', at)
  const magnitude = first === 0 ? octets.subarray(1) : octets
  if (magnitude.length > maxOctets) throw new SshError('ERR_SSH_MPINT_LIMIT', at)
  return magnitude
}

/**
 * A `uint64` of seconds since 1970.
 * @throws {SshError} when it is after what {@link Temporal.Instant} can be, in the year 275760.
 */
export function readTime(c: WireCursor): Temporal.Instant {
  const at = c.at
  return instantOf(readUint64(c), at)
}

/** The time of so many seconds since 1970. @throws {SshError} */
export function instantOf(seconds: bigint, at: number): Temporal.Instant {
  if (seconds > MAX_SECONDS) throw new SshError('ERR_SSH_TIME', at)
  return Temporal.Instant.fromEpochMilliseconds(Number(seconds) * 1000)
}

/** The last second of a {@link Temporal.Instant}. */
const MAX_SECONDS = 8_640_000_000_000n

function nameOf(octets: Uint8Array, at: number): string {
  const text = octets.length > 64 ? '' : ascii.decode(octets)
  if (!isName(text)) throw new SshError('ERR_SSH_NAME', at)
  return text
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length)
}
