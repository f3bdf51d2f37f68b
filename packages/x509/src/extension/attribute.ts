// Attribute, RFC 5280 Appendix A.1 and RFC 2986 §4.1: a type and the SET of its values.
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { TAG } from '../der/tag.ts'
import { compareOctets, writeOid, writeSequence, writeSetOf } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { Attribute } from '../model.ts'

/** Reads an Attribute at the cursor; at least one value, each whole. */
export function readAttributeAt(c: DerCursor): Attribute {
  const outer = enter(c, TAG.sequence)
  const type = readOid(c)
  const at = c.at
  const values: Uint8Array[] = []
  const outerSet = enter(c, TAG.set)
  while (c.at < c.end) {
    const start = c.at
    const value = readAny(c)
    const previous = values.at(-1)
    if (previous && compareOctets(previous, value) > 0) throw new DerError('ERR_DER_SET_ORDER', start)
    values.push(value)
  }
  leave(c, outerSet)
  leave(c, outer)
  if (values.length === 0) throw new X509Error('ERR_X509_ATTRIBUTE_VALUES_EMPTY', at)
  return { type, values }
}

/** Reads a SET OF Attribute under the IMPLICIT `tag`. */
export function readAttributesAt(c: DerCursor, tag: number): Attribute[] {
  const attributes: Attribute[] = []
  const outer = enter(c, tag)
  let previous: Uint8Array | undefined
  while (c.at < c.end) {
    const start = c.at
    attributes.push(readAttributeAt(c))
    const der = c.octets.subarray(start, c.at)
    if (previous && compareOctets(previous, der) > 0) throw new DerError('ERR_DER_SET_ORDER', start)
    previous = der
  }
  leave(c, outer)
  return attributes
}

/** Writes an Attribute. */
export function writeAttribute({ type, values }: Attribute): Uint8Array {
  return writeSequence(writeOid(type), writeSetOf(values))
}
