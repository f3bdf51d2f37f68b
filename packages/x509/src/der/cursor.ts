// X.690 §8.1 and §10.1: identifier, length, contents. One cursor walks one input, so that an element costs no object.
import { DerError } from './error.ts'

/** What one input may cost its reader; over it is a {@link DerError}. Each format has its own. */
export interface DerLimits {
  readonly maxOctets: number
  readonly maxElements: number
  readonly maxDepth: number
}

/** A place in an input. Only the functions of this folder move it. */
export interface DerCursor {
  readonly octets: Uint8Array
  /** Index of the next element. */
  at: number
  /** Index after the contents of the element that was entered last. */
  end: number
  elementsLeft: number
  depthLeft: number
}

/** Opens `octets` (read in place, not copied). @throws {DerError} when there are more than the limits allow. */
export function openDer(octets: Uint8Array, limits: DerLimits): DerCursor {
  if (octets.length > limits.maxOctets) throw new DerError('ERR_DER_LENGTH_LIMIT', limits.maxOctets)
  return {
    octets: plainView(octets),
    at: 0,
    end: octets.length,
    elementsLeft: limits.maxElements,
    depthLeft: limits.maxDepth,
  }
}

/** A view of the class Uint8Array itself: views of a Buffer would be Buffers, slower to make and strange to compare. */
function plainView(octets: Uint8Array): Uint8Array {
  if (octets.constructor === Uint8Array) return octets
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length)
}

/** Opens again `view`, which was read from `c`: offsets and what is left of the limits stay those of `c`. */
export function reopen(c: DerCursor, view: Uint8Array): DerCursor {
  const at = view.byteOffset - c.octets.byteOffset
  return { ...c, at, end: at + view.length }
}

/** The identifier octet of the next element, or -1 where the enclosing element ends. */
export function peekTag(c: DerCursor): number {
  return c.at < c.end ? octetAt(c, c.at) : -1
}

/**
 * Steps over the identifier and length of the next element, which must be a `tag`.
 * @returns the index after its contents, which begin at `c.at`.
 */
export function readHeader(c: DerCursor, tag: number): number {
  const at = c.at
  if (at >= c.end) throw new DerError('ERR_DER_MISSING', at)
  const found = octetAt(c, at)
  if (found !== tag) throw tagError(found, tag, at)
  if (--c.elementsLeft < 0) throw new DerError('ERR_DER_ELEMENT_LIMIT', at)
  const first = octetAt(c, at + 1)
  const start = at + 2
  const end = first < 0x80 ? start + first : longEnd(c, first)
  if (end > c.end) throw new DerError('ERR_DER_TRUNCATED', at)
  if (first < 0x80) c.at = start
  return end
}

/** Reads a long form length and leaves `c.at` behind it. */
function longEnd(c: DerCursor, first: number): number {
  const at = c.at + 1
  if (first === 0x80) throw new DerError('ERR_DER_INDEFINITE', at)
  const count = first & 0x7f
  // Four octets name more than any input that is let in.
  if (count > 4) throw new DerError(octetAt(c, at + 1) === 0 ? 'ERR_DER_LENGTH_FORM' : 'ERR_DER_LENGTH_LIMIT', at)
  let length = 0
  for (let i = 1; i <= count; i++) length = length * 256 + octetAt(c, at + i)
  const least = count === 1 ? 0x80 : 256 ** (count - 1)
  if (length < least) throw new DerError('ERR_DER_LENGTH_FORM', at)
  c.at = at + 1 + count
  return c.at + length
}

/** Enters the next element, a constructed `tag`. @returns what {@link leave} needs. */
export function enter(c: DerCursor, tag: number): number {
  if (c.depthLeft <= 0) throw new DerError('ERR_DER_DEPTH_LIMIT', c.at)
  const end = readHeader(c, tag)
  c.depthLeft--
  const outer = c.end
  c.end = end
  return outer
}

/** Leaves the element that gave `outer`. @throws {DerError} when it has contents that were not read. */
export function leave(c: DerCursor, outer: number): void {
  if (c.at !== c.end) throw new DerError('ERR_DER_TRAILING', c.at)
  c.end = outer
  c.depthLeft++
}

/** Reads the contents of a primitive `tag`; a view. */
export function readContents(c: DerCursor, tag: number): Uint8Array {
  const end = readHeader(c, tag)
  const start = c.at
  c.at = end
  return c.octets.subarray(start, end)
}

/** Ends the reading of the whole input. @throws {DerError} when octets are left. */
export function closeDer(c: DerCursor): void {
  if (c.at !== c.octets.length) throw new DerError('ERR_DER_TRAILING', c.at)
}

/** The octets from `start` to where the cursor is now; a view. */
export function since(c: DerCursor, start: number): Uint8Array {
  return c.octets.subarray(start, c.at)
}

/** The octet at `index`. @throws {DerError} when it is after the element that was entered last. */
export function octetAt(c: DerCursor, index: number): number {
  if (index >= c.end) throw new DerError('ERR_DER_TRUNCATED', index)
  // In range by the line above, as `end` never exceeds the input.
  return c.octets[index] as number
}

function tagError(found: number, tag: number, at: number): DerError {
  if ((found & 0x1f) === 0x1f) return new DerError('ERR_DER_HIGH_TAG', at)
  return new DerError((found ^ tag) === 0x20 ? 'ERR_DER_CONSTRUCTED' : 'ERR_DER_TAG', at)
}
