// X.690 §8: BER as other senders write it, turned into DER. The one place that reads BER; every reader takes DER alone.
import type { DerLimits } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'
import { compareOctets, writeElements } from './write.ts'

/** What the tags of BER leave to the format: X.690 alone cannot tell a string in parts from any other list. */
export interface BerShape {
  /** A SET OF under an IMPLICIT tag. */
  readonly setOf?: true
  /** An OCTET STRING under an IMPLICIT tag, which is constructed where it is in parts. */
  readonly octetString?: true
  /** Signed by others as it stands: not looked into unless its length is indefinite. */
  readonly verbatim?: true
  /** By tag, what is within; a tag of which nothing is said is what it says. */
  readonly within?: Readonly<Record<number, BerShape>>
  /** What is within, whatever its tag. */
  readonly each?: BerShape
  /** By the contents of the object identifier that stands first, in hex: what follows it. */
  readonly byType?: Readonly<Record<string, BerShape>>
}

interface BerCursor {
  readonly octets: Uint8Array
  at: number
  /** Index after the innermost element of definite length that is being read. */
  end: number
  elementsLeft: number
  depthLeft: number
}

/**
 * Turns BER into DER as far as that needs no more than its tags: indefinite lengths, lengths in more octets than needed,
 * strings in parts, SETs out of order. All else stays as it is, for the reader of the format to judge. DER is returned
 * as it is, a view and not a copy.
 * @throws {DerError} when it is not BER, has tags above 30, or is over the limits.
 * @see X.690 §8.1.3, §8.6.4, §8.7.3, §10, §11.6
 */
export function derFromBer(ber: Uint8Array, limits: DerLimits, shape: BerShape = {}): Uint8Array {
  if (ber.length > limits.maxOctets) throw new DerError('ERR_DER_LENGTH_LIMIT', limits.maxOctets)
  const c: BerCursor = {
    octets: new Uint8Array(ber.buffer, ber.byteOffset, ber.length),
    at: 0,
    end: ber.length,
    elementsLeft: limits.maxElements,
    depthLeft: limits.maxDepth,
  }
  const der = convert(c, shape)
  if (c.at !== ber.length) throw new DerError('ERR_DER_TRAILING', c.at)
  return der
}

/** Reads one element and returns its DER: the octets as they stand where they are DER. */
function convert(c: BerCursor, shape: BerShape): Uint8Array {
  const start = c.at
  const { tag, length } = readHeader(c)
  if ((tag & 0x20) === 0) {
    if (length === undefined) throw new DerError('ERR_DER_INDEFINITE', start + 1)
    c.at += length
    return rewritten(c, start, tag, [c.octets.subarray(c.at - length, c.at)])
  }
  if (shape.verbatim && length !== undefined) {
    c.at += length
    return c.octets.subarray(start, c.at)
  }
  const parts = partsOf(tag, shape)
  if (parts !== undefined) {
    const contents = segments(c, length, parts)
    return writeElements(tag & ~0x20, parts === TAG.bitString ? joinedBits(contents, start) : contents)
  }
  const elements: Uint8Array[] = []
  let inner = shape
  eachWithin(c, length, (innerTag) => {
    const of = inner.each ?? inner.within?.[innerTag | 0x20] ?? NOTHING
    const element = convert(c, of)
    if (elements.length === 0 && shape.byType && innerTag === TAG.oid)
      inner = { each: shape.byType[element.subarray(2).toHex()] ?? NOTHING }
    elements.push(element)
  })
  if (tag === TAG.set || shape.setOf) elements.sort(compareOctets)
  return rewritten(c, start, tag, elements)
}

const NOTHING: BerShape = {}

/** The tag of the parts where this constructed element is a string in parts; each type of string but one has octets as parts. */
function partsOf(tag: number, shape: BerShape): number | undefined {
  if (tag === (TAG.bitString | 0x20)) return TAG.bitString
  if (shape.octetString || tag === (TAG.octetString | 0x20)) return TAG.octetString
  const number = tag & 0x1f
  const isText = tag < 0x40 && (number === 12 || (number >= 18 && number <= 22) || (number >= 25 && number <= 30))
  return isText && number !== 29 ? TAG.octetString : undefined
}

/** The contents of the parts of a string, which may be in parts themselves. */
function segments(c: BerCursor, length: number | undefined, of: number): Uint8Array[] {
  const contents: Uint8Array[] = []
  eachWithin(c, length, (tag) => {
    const start = c.at
    if ((tag & ~0x20) !== of) throw new DerError('ERR_DER_SEGMENT', start)
    const inner = readHeader(c)
    if (tag & 0x20) {
      for (const segment of segments(c, inner.length, of)) contents.push(segment)
    } else if (inner.length === undefined) throw new DerError('ERR_DER_INDEFINITE', start + 1)
    else {
      c.at += inner.length
      contents.push(c.octets.subarray(c.at - inner.length, c.at))
    }
  })
  return contents
}

/** Each part counts its unused bits, which only the last may have. */
function joinedBits(contents: readonly Uint8Array[], at: number): Uint8Array[] {
  const last = contents.at(-1)
  if (contents.some((part) => part.length === 0 || (part !== last && part[0] !== 0)))
    throw new DerError('ERR_DER_SEGMENT', at)
  return [last?.subarray(0, 1) ?? Uint8Array.of(0), ...contents.map((part) => part.subarray(1))]
}

/** Calls `read` at each element within one whose header was read, and steps behind its end. */
function eachWithin(c: BerCursor, length: number | undefined, read: (tag: number) => void): void {
  if (--c.depthLeft < 0) throw new DerError('ERR_DER_DEPTH_LIMIT', c.at)
  const outer = c.end
  if (length !== undefined) {
    c.end = c.at + length
    while (c.at < c.end) read(octetAt(c, c.at))
    c.end = outer
  } else {
    while (octetAt(c, c.at) !== 0 || octetAt(c, c.at + 1) !== 0) read(octetAt(c, c.at))
    c.at += 2
  }
  c.depthLeft++
}

/** The octets that were read since `start` where they are this element's DER, or that DER. */
function rewritten(c: BerCursor, start: number, tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const read = c.octets.subarray(start, c.at)
  let length = 0
  for (const part of parts) length += part.length
  const header = length < 0x80 ? 2 : 2 + Math.ceil((32 - Math.clz32(length)) / 8)
  let next = read.byteOffset + header
  const isInPlace = (part: Uint8Array) => {
    const isHere = part.buffer === read.buffer && part.byteOffset === next
    next += part.length
    return isHere
  }
  if (read.length === header + length && octetAt(c, start + 1) !== 0x80 && parts.every(isInPlace)) return read
  return writeElements(tag, parts)
}

/** Steps over an identifier and a length, which is undefined where it is of the indefinite form. @see X.690 §8.1.3 */
function readHeader(c: BerCursor): { tag: number; length: number | undefined } {
  const at = c.at
  const tag = octetAt(c, at)
  if (tag === 0) throw new DerError(octetAt(c, at + 1) === 0 ? 'ERR_DER_END_OF_CONTENTS' : 'ERR_DER_TAG', at)
  if ((tag & 0x1f) === 0x1f) throw new DerError('ERR_DER_HIGH_TAG', at)
  if (--c.elementsLeft < 0) throw new DerError('ERR_DER_ELEMENT_LIMIT', at)
  const first = octetAt(c, at + 1)
  c.at = at + 2
  if (first === 0x80) return { tag, length: undefined }
  let length = first
  if (first === 0xff) throw new DerError('ERR_DER_LENGTH_FORM', at + 1)
  if (first > 0x80) {
    length = 0
    // Leading zeros are let in; the sum ends where it is more than the input has.
    for (let left = first & 0x7f; left > 0 && length <= c.octets.length; left--)
      length = length * 256 + octetAt(c, c.at++)
  }
  if (c.at + length > c.end) throw new DerError('ERR_DER_TRUNCATED', at)
  return { tag, length }
}

function octetAt(c: BerCursor, index: number): number {
  if (index >= c.end) throw new DerError('ERR_DER_TRUNCATED', index)
  // In range by the line above, as `end` never exceeds the input.
  return c.octets[index] as number
}
