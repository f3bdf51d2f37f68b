// X.690 §8.19: object identifiers.
import { OID } from '../oid.ts'
import { type DerCursor, octetAt, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'
import { writeOid } from './write.ts'

/** Longer than any identifier in use; a UUID arc (X.667) takes 20. */
const MAX_OCTETS = 128

/** Reads an OBJECT IDENTIFIER in dotted decimal. @see X.690 §8.19 */
export function readOid(c: DerCursor, tag: number = TAG.oid): string {
  const end = readHeader(c, tag)
  const start = c.at
  if (end === start) throw new DerError('ERR_DER_OID', start)
  if (end - start > MAX_OCTETS) throw new DerError('ERR_DER_OID_LIMIT', start)
  const known = knownOid(c, start, end)
  c.at = end
  return known ?? decodeOid(c, start, end)
}

function decodeOid(c: DerCursor, start: number, end: number): string {
  if (octetAt(c, end - 1) >= 0x80) throw new DerError('ERR_DER_OID', end - 1)
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

/** The identifiers with a name, by {@link hash}: most of a certificate's, and comparing octets is faster than decoding. */
const KNOWN: ReadonlyMap<number, { readonly octets: Uint8Array; readonly oid: string }> = new Map(
  Object.values(OID).map((oid) => {
    const octets = writeOid(oid).subarray(2)
    return [hash(octets, 0, octets.length), { octets, oid }]
  }),
)

function hash(octets: Uint8Array, start: number, end: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum = (Math.imul(sum, 31) + (octets[i] as number)) | 0
  return sum
}

function knownOid(c: DerCursor, start: number, end: number): string | undefined {
  const known = KNOWN.get(hash(c.octets, start, end))
  if (known === undefined || known.octets.length !== end - start) return undefined
  for (let i = start; i < end; i++) if (c.octets[i] !== known.octets[i - start]) return undefined
  return known.oid
}
