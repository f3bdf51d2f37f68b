// An element whose type its place leaves open (ANY): all of DER that can be judged without knowing the type.
import { type DerCursor, enter, leave, octetAt, peekTag, readHeader, since } from './cursor.ts'
import { DerError } from './error.ts'
import { readOid } from './oid.ts'
import { readBitString, readBoolean, readIntegerHeader, readNull } from './primitive.ts'
import { TAG } from './tag.ts'
import { isTextTag, readText } from './text.ts'

/** Reads the next element whole, whatever it is; a view with its tag and length. @throws {DerError} when it is not DER. */
export function readAny(c: DerCursor): Uint8Array {
  const start = c.at
  if (start >= c.end) throw new DerError('ERR_DER_MISSING', start)
  walk(c, octetAt(c, start))
  return since(c, start)
}

function walk(c: DerCursor, tag: number): void {
  if ((tag & 0x1f) === 0x1f) throw new DerError('ERR_DER_HIGH_TAG', c.at)
  if (tag === 0) throw new DerError('ERR_DER_TAG', c.at)
  if (tag < 0x40 && !formIsRight(tag)) throw new DerError('ERR_DER_CONSTRUCTED', c.at)
  if (tag & 0x20) {
    const outer = enter(c, tag)
    while (c.at < c.end) walk(c, peekTag(c))
    leave(c, outer)
  } else if (tag === TAG.boolean) readBoolean(c)
  else if (tag === TAG.integer || tag === TAG.enumerated) c.at = readIntegerHeader(c, tag)
  else if (tag === TAG.null) readNull(c)
  else if (tag === TAG.oid) readOid(c)
  else if (tag === TAG.bitString) readBitString(c)
  else if (isTextTag(tag)) readText(c)
  else c.at = readHeader(c, tag)
}

/** Universal types have one form each: EXTERNAL, EMBEDDED PDV, SEQUENCE, SET and CHARACTER STRING are constructed. */
function formIsRight(tag: number): boolean {
  const number = tag & 0x1f
  const isConstructed = number === 8 || number === 11 || number === 16 || number === 17 || number === 29
  return isConstructed === ((tag & 0x20) !== 0)
}
