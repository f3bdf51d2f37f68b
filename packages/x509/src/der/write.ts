// X.690 §10 and §11, writing: every function returns one whole element.
import { OID } from '../oid.ts'
import { contextTag, TAG } from './tag.ts'
import { isPrintable } from './text.ts'

const utf8 = new TextEncoder()

/** Writes an element from its identifier octet and the parts of its contents. */
export function writeElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return writeElements(tag, parts)
}

/** As {@link writeElement}, for a list of any length. */
export function writeElements(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const der = writeHead(tag, length, length)
  let at = der.length - length
  for (const part of parts) {
    der.set(part, at)
    at += part.length
  }
  return der
}

/** What stands before contents of so many octets, identifier and length, with `room` behind it. */
export function writeHead(tag: number, length: number, room = 0): Uint8Array {
  let lengthOctets = 0
  if (length >= 0x80) for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) lengthOctets++
  const der = new Uint8Array(2 + lengthOctets + room)
  der[0] = tag
  der[1] = lengthOctets === 0 ? length : 0x80 | lengthOctets
  for (let i = lengthOctets, rest = length; i > 0; i--, rest = Math.floor(rest / 256)) der[1 + i] = rest & 0xff
  return der
}

/** The parts, one behind the other. */
export function joinOctets(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Writes a SEQUENCE. */
export function writeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return writeElements(TAG.sequence, parts)
}

/** Writes a SET OF in the order of X.690 §11.6. */
export function writeSetOf(elements: readonly Uint8Array[]): Uint8Array {
  return writeElements(TAG.set, [...elements].sort(compareOctets))
}

/** Orders as X.690 §11.6 does: octet by octet, and a shorter string before what continues it. */
export function compareOctets(left: Uint8Array, right: Uint8Array): number {
  const common = Math.min(left.length, right.length)
  for (let i = 0; i < common; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Writes a BOOLEAN. */
export function writeBoolean(value: boolean, tag: number = TAG.boolean): Uint8Array {
  return Uint8Array.of(tag, 1, value ? 0xff : 0x00)
}

/** Writes an INTEGER in the fewest octets. */
export function writeInteger(value: bigint | number, tag: number = TAG.integer): Uint8Array {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return Uint8Array.of(tag, 1, value)
  const wide = BigInt(value)
  let octets = 1
  while (BigInt.asIntN(8 * octets, wide) !== wide) octets++
  const hex = BigInt.asUintN(8 * octets, wide).toString(16)
  return writeElement(tag, Uint8Array.fromHex(hex.padStart(2 * octets, '0')))
}

/** Writes a NULL. */
export function writeNull(): Uint8Array {
  return Uint8Array.of(TAG.null, 0)
}

/** Writes an OCTET STRING. */
export function writeOctetString(octets: Uint8Array, tag: number = TAG.octetString): Uint8Array {
  return writeElement(tag, octets)
}

/** Writes a BIT STRING of whole octets. */
export function writeOctetBitString(octets: Uint8Array, tag: number = TAG.bitString): Uint8Array {
  return writeElement(tag, Uint8Array.of(0), octets)
}

/** Writes a BIT STRING of named bits, of which bit n of `named` is named bit n. @see X.690 §11.2.2 */
export function writeNamedBits(named: number, tag: number = TAG.bitString): Uint8Array {
  const length = 32 - Math.clz32(named)
  const contents = new Uint8Array(1 + Math.ceil(length / 8))
  contents[0] = (8 - (length % 8)) % 8
  for (let i = 0; i < length; i++)
    if (named & (1 << i)) contents[1 + (i >> 3)] = (contents[1 + (i >> 3)] ?? 0) | (0x80 >> (i & 7))
  return writeElement(tag, contents)
}

/** Writes an OBJECT IDENTIFIER. @throws {RangeError} when `oid` is not one in dotted decimal. */
export function writeOid(oid: string, tag: number = TAG.oid): Uint8Array {
  return writeElement(tag, CONTENTS.get(oid) ?? oidContents(oid))
}

/** Of the identifiers with a name: to make them takes ten times as long as to write them. */
const CONTENTS: ReadonlyMap<string, Uint8Array> = new Map(Object.values(OID).map((oid) => [oid, oidContents(oid)]))

function oidContents(oid: string): Uint8Array {
  if (!/^(?:[01](?:\.[0-9]|\.[1-3][0-9])|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/.test(oid))
    throw new RangeError('not an object identifier in dotted decimal')
  const [first, second, ...arcs] = oid.split('.').map(BigInt) as [bigint, bigint, ...bigint[]]
  return Uint8Array.from([40n * first + second, ...arcs].flatMap(arcOctets))
}

function arcOctets(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}

/** Writes a UTF8String. */
export function writeUtf8String(text: string): Uint8Array {
  return writeElement(TAG.utf8String, utf8.encode(text))
}

/** Writes a PrintableString. @throws {RangeError} when `text` is outside its alphabet. */
export function writePrintableString(text: string): Uint8Array {
  if (!isPrintable(text)) throw new RangeError('not the alphabet of a PrintableString')
  return writeElement(TAG.printableString, utf8.encode(text))
}

/** Writes an IA5String, or one under the IMPLICIT `tag`. @throws {RangeError} when `text` is not ASCII. */
export function writeIa5String(text: string, tag: number = TAG.ia5String): Uint8Array {
  const octets = utf8.encode(text)
  if (octets.length !== text.length) throw new RangeError('not the alphabet of an IA5String')
  return writeElement(tag, octets)
}

/**
 * Writes a Time: UTCTime through 2049, GeneralizedTime from 2050 on; fractions of a second are cut off.
 * @throws {RangeError} when the year is before 1950 or after 9999.
 * @see RFC 5280 §4.1.2.5
 */
export function writeTime(time: Temporal.Instant): Uint8Array {
  const digits = timeDigits(time)
  if (digits < '1950') throw new RangeError('a time before 1950 has no form in a certificate')
  if (digits >= '2050') return writeElement(TAG.generalizedTime, utf8.encode(digits))
  return writeElement(TAG.utcTime, utf8.encode(digits.slice(2)))
}

/** Writes a GeneralizedTime of whole seconds. @throws {RangeError} when the year is not 0 to 9999. */
export function writeGeneralizedTime(time: Temporal.Instant, tag: number = TAG.generalizedTime): Uint8Array {
  return writeElement(tag, utf8.encode(timeDigits(time)))
}

/** YYYYMMDDHHMMSSZ. */
function timeDigits(time: Temporal.Instant): string {
  const text = time.toString({ smallestUnit: 'second', roundingMode: 'floor' })
  if (text.length !== 20) throw new RangeError('a time outside the years 0 to 9999 has no form in DER')
  return text.replaceAll(/[-:T]/g, '')
}

/** Writes an element under the EXPLICIT context tag [`number`]. */
export function writeExplicit(number: number, element: Uint8Array): Uint8Array {
  return writeElement(contextTag(number) | 0x20, element)
}
