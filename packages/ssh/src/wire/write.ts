// RFC 4251 §5, written.
import { SshError } from '../error.ts'
import { isName } from './read.ts'

const utf8 = new TextEncoder()

/** Joins what the other functions of this file wrote. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return joinAll(parts)
}

/** Joins any number of parts: a call has a hundred thousand arguments at most. */
export function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    octets.set(part, at)
    at += part.length
  }
  return octets
}

/** A `boolean`. @see RFC 4251 §5 */
export function writeBoolean(value: boolean): Uint8Array {
  return Uint8Array.of(value ? 1 : 0)
}

/** A `uint32`. @throws {RangeError} when it is none. @see RFC 4251 §5 */
export function writeUint32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError('not a uint32')
  const octets = new Uint8Array(4)
  new DataView(octets.buffer).setUint32(0, value)
  return octets
}

/** A `uint64`. @throws {RangeError} when it is none. @see RFC 4251 §5 */
export function writeUint64(value: bigint): Uint8Array {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError('not a uint64')
  const octets = new Uint8Array(8)
  new DataView(octets.buffer).setBigUint64(0, value)
  return octets
}

/** A `string` around `parts`. @see RFC 4251 §5 */
export function writeString(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return join(writeUint32(length), ...parts)
}

/** A `string` of text in UTF-8. @throws {SshError} when it has a NUL or half a character. @see RFC 4251 §5 */
export function writeText(text: string): Uint8Array {
  if (text.includes('\0') || !text.isWellFormed()) throw new SshError('ERR_SSH_TEXT')
  return writeString(utf8.encode(text))
}

/** A `name-list`. @throws {SshError} when one of them is no name. @see RFC 4251 §5 */
export function writeNameList(names: readonly string[]): Uint8Array {
  if (!names.every(isName)) throw new SshError('ERR_SSH_NAME')
  return writeText(names.join(','))
}

/** An `mpint` from the big-endian octets of a number that is not negative; leading zeros are left out. @see RFC 4251 §5 */
export function writeMpint(magnitude: Uint8Array): Uint8Array {
  const start = magnitude.findIndex((octet) => octet !== 0)
  if (start === -1) return writeString()
  const octets = magnitude.subarray(start)
  return (octets[0] as number) >= 0x80 ? writeString(Uint8Array.of(0), octets) : writeString(octets)
}

/** A `uint64` of seconds since 1970; a fraction is cut off. @throws {SshError} when it is before. */
export function writeTime(time: Temporal.Instant): Uint8Array {
  if (time.epochNanoseconds < 0n) throw new SshError('ERR_SSH_TIME')
  return writeUint64(time.epochNanoseconds / 1_000_000_000n)
}
