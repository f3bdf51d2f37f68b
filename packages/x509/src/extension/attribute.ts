// Attribute, RFC 5280 Appendix A.1 and RFC 2986 §4.1: a type and the SET of its values.
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readSetOfAt } from '../der/set-of.ts'
import { TAG } from '../der/tag.ts'
import { writeOid, writeSequence, writeSetOf } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { Attribute } from '../model.ts'

/** Reads an Attribute at the cursor; at least one value, each whole. */
export function readAttributeAt(c: DerCursor): Attribute {
  const outer = enter(c, TAG.sequence)
  const type = readOid(c)
  const at = c.at
  const values = readSetOfAt(c, readAny)
  leave(c, outer)
  if (values.length === 0) throw new X509Error('ERR_X509_ATTRIBUTE_VALUES_EMPTY', at)
  return { type, values }
}

/** Reads a SET OF Attribute under the IMPLICIT `tag`. */
export function readAttributesAt(c: DerCursor, tag: number): Attribute[] {
  return readSetOfAt(c, readAttributeAt, tag)
}

/** Writes an Attribute. */
export function writeAttribute({ type, values }: Attribute): Uint8Array {
  return writeSequence(writeOid(type), writeSetOf(values))
}
