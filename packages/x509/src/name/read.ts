// Name, RFC 5280 §4.1.2.4.
import { readAny } from '../der/any.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, since } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { TAG } from '../der/tag.ts'
import { isTextTag, readText } from '../der/text.ts'
import { compareOctets } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { AttributeTypeAndValue, Name, RelativeDistinguishedName } from '../model.ts'

/** Reads a Name from its whole DER. @throws {DerError | X509Error} when it is not one. @see RFC 5280 §4.1.2.4 */
export function readName(der: Uint8Array): Name {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const name = readNameAt(c)
  closeDer(c)
  return name
}

/** Reads a Name at the cursor. */
export function readNameAt(c: DerCursor): Name {
  const start = c.at
  const rdnSequence: RelativeDistinguishedName[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) rdnSequence.push(readRdnAt(c))
  leave(c, outer)
  return { der: since(c, start), rdnSequence }
}

/** Reads a RelativeDistinguishedName at the cursor, under the IMPLICIT `tag` where it has one. */
export function readRdnAt(c: DerCursor, tag: number = TAG.set): RelativeDistinguishedName {
  const at = c.at
  const outer = enter(c, tag)
  if (c.at === c.end) throw new X509Error('ERR_X509_RDN_EMPTY', at)
  let start = c.at
  const rdn = [readAttributeAt(c)]
  while (c.at < c.end) {
    const previous = c.octets.subarray(start, c.at)
    start = c.at
    rdn.push(readAttributeAt(c))
    if (compareOctets(previous, since(c, start)) > 0) throw new DerError('ERR_DER_SET_ORDER', start)
  }
  leave(c, outer)
  return rdn
}

function readAttributeAt(c: DerCursor): AttributeTypeAndValue {
  const outer = enter(c, TAG.sequence)
  const type = readOid(c)
  const start = c.at
  const text = isTextTag(peekTag(c)) ? readText(c) : undefined
  if (text === undefined) readAny(c)
  const value = since(c, start)
  leave(c, outer)
  return text === undefined ? { type, value } : { type, value, text }
}
