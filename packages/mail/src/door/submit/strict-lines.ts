// The octets of a caller, before anything reads them as SMTP: every line ends with CRLF, or nothing more of it is read.
import type { Writable } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/** What two programs could read in two ways. @see RFC 5321 §2.3.8, §4.5.3.1.6 */
export type LineFault = 'a CR without LF' | 'a LF without CR' | 'a NUL' | 'a line of more than 1,000 octets'

/** RFC 5321 §4.5.3.1.6, with CRLF; a dot that was doubled is not counted. */
const MAX_LINE = 1001
const [NUL, LF, CR] = [0, 10, 13]

/** Checks octets as they come. `push` answers how many of them come before the fault. */
export function createLineCheck(): { push(octets: Uint8Array): { readonly good: number; readonly fault?: LineFault } } {
  let afterCr = false
  let length = 0
  /** Octet by octet: where something is wrong, or a line goes over pieces. */
  const look = (octets: Uint8Array, from: number, to: number) => {
    for (let at = from; at < to; at++) {
      const octet = octets[at] ?? NUL
      const fault = faultOf(octet, afterCr, ++length)
      if (fault) return { good: at, fault }
      afterCr = octet === CR
      if (octet === LF) length = 0
    }
    return undefined
  }
  return {
    push(octets) {
      const places = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
      const next = (octet: number, at: number) => {
        const found = places.indexOf(octet, at)
        return found < 0 ? places.length : found
      }
      const nul = next(NUL, 0)
      let cr = -1
      for (let at = 0; at < octets.length; ) {
        const feed = next(LF, at)
        if (cr < at) cr = next(CR, at)
        const end = Math.min(feed + 1, octets.length)
        // A line as nearly all are: its one CR stands before its LF.
        const isPlain = feed < end && !afterCr && cr === feed - 1 && nul >= end && length + end - at <= MAX_LINE
        const found = isPlain ? undefined : look(octets, at, end)
        if (found) return found
        if (isPlain) length = 0
        at = end
      }
      return { good: octets.length }
    },
  }
}

function faultOf(octet: number, afterCr: boolean, length: number): LineFault | undefined {
  if (afterCr !== (octet === LF)) return afterCr ? 'a CR without LF' : 'a LF without CR'
  if (octet === NUL) return 'a NUL'
  return length > MAX_LINE ? 'a line of more than 1,000 octets' : undefined
}

/**
 * Makes whoever pipes `socket` read checked octets, one piece after the other: the next is looked at when all of the one
 * before was dealt with, so that a fault is told in the turn in which it was sent.
 */
export function readStrictly(socket: TLSSocket, onFault: (fault: LineFault) => void): void {
  const { push } = createLineCheck()
  const pipe = (parser: Writable) => {
    socket.on('data', (octets: Buffer) => {
      if (parser.destroyed) return
      socket.pause()
      const { good, fault } = push(octets)
      parser.write(octets.subarray(0, good), () => {
        if (fault) onFault(fault)
        else socket.resume()
      })
    })
    socket.once('end', () => parser.end())
    return parser
  }
  Object.defineProperty(socket, 'pipe', { value: pipe })
}
