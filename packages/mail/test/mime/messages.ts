// Messages of tests are written as text: each line ends with LF here and with CRLF in the message.
import { type Entity, type MailLimits, type Source, scanEntity, sourceOf } from '@countersign/mail'

/** The octets of a text whose lines end with LF. */
export function octetsOfLines(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8')
}

/** Scans all of the octets. */
export async function scan(octets: Uint8Array, limits?: MailLimits): Promise<Entity> {
  return scanEntity(sourceOf(octets), 0, octets.length, limits)
}

/** The octets in pieces of that many. */
export function inPieces(octets: Uint8Array, size: number): Source {
  return {
    length: octets.length,
    async *read(start, end) {
      // Each piece is written over when the next one is asked for, as that of a socket may be.
      for (let at = start; at < end; at += size) {
        const piece = Uint8Array.from(octets.subarray(at, Math.min(end, at + size)))
        yield piece
        piece.fill(0xaa)
      }
    },
  }
}

/** What stands between two places. */
export function textOf(octets: Uint8Array, start: number, end: number): string {
  return Buffer.from(octets.subarray(start, end)).toString('utf8')
}
