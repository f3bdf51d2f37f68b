// X.690 §11.6: a SET OF, in its order.
import { type DerCursor, enter, leave } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'
import { compareOctets } from './write.ts'

/** Reads a SET OF, under the IMPLICIT `tag` where it has one. @throws {DerError} when its elements are not in order. @see X.690 §11.6 */
export function readSetOfAt<T>(c: DerCursor, read: (c: DerCursor) => T, tag: number = TAG.set): T[] {
  const elements: T[] = []
  const outer = enter(c, tag)
  let previous: Uint8Array | undefined
  while (c.at < c.end) {
    const start = c.at
    elements.push(read(c))
    const der = c.octets.subarray(start, c.at)
    if (previous && compareOctets(previous, der) > 0) throw new DerError('ERR_DER_SET_ORDER', start)
    previous = der
  }
  leave(c, outer)
  return elements
}
