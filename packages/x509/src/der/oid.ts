// X.690 §8.19: object identifiers.
import { type DerCursor, octetAt, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'

/** Longer than any identifier in use; a UUID arc (X.667) takes 20. */
const MAX_OCTETS = 128

/** Reads an OBJECT IDENTIFIER in dotted decimal. @see X.690 §8.19 */
export function readOid(c: DerCursor, tag: number = TAG.oid): string {
  const end = readHeader(c, tag)
  const start = c.at
  if (end === start) throw new DerError('ERR_DER_OID', start)
  if (end - start > MAX_OCTETS) throw new DerError('ERR_DER_OID_LIMIT', start)
  if ((c.octets[end - 1] as number) >= 0x80) throw new DerError('ERR_DER_OID', end - 1)
  let text = ''
  for (let at = start; at < end; ) {
    if (octetAt(c, at) === 0x80) throw new DerError('ERR_DER_OID', at)
    let arc = 0
    const from = at
    let octet: number
    do {
      octet = octetAt(c, at++)
      arc = arc * 128 + (octet & 0x7f)
    } while (octet >= 0x80)
    const exact = at - from > 7 ? bigArc(c, from, at) : arc
    text = from === start ? firstArcs(exact) : `${text}.${exact}`
  }
  c.at = end
  return text
}

function firstArcs(arc: number | bigint): string {
  if (arc < 80) return `${arc < 40 ? 0 : 1}.${Number(arc) % 40}`
  return typeof arc === 'bigint' ? `2.${arc - 80n}` : `2.${arc - 80}`
}

/** An arc of more than 49 bits, which a number does not hold exactly. */
function bigArc(c: DerCursor, from: number, end: number): bigint {
  let arc = 0n
  for (let i = from; i < end; i++) arc = (arc << 7n) | BigInt(octetAt(c, i) & 0x7f)
  return arc
}
