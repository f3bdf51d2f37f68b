// base64 in lines, RFC 2045 §6.8, in pieces.
import { SmimeError } from './error.ts'

/** "The encoded output stream must be represented in lines of no more than 76 characters each." */
const LINE_OCTETS = 57
/** In units of two characters, as which lines are copied. */
const LINE_PAIRS = 38
const CRLF_PAIR = 0x0a0d

/** Encodes octets into lines of 76 characters with CRLF each. */
export async function* encodeBase64(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array()
  for await (const piece of pieces) {
    const octets = held.length === 0 ? piece : Buffer.concat([held, piece])
    const end = octets.length - (octets.length % LINE_OCTETS)
    if (end > 0) yield linesOf(octets.subarray(0, end))
    // A copy: the piece is the giver's.
    held = octets.slice(end)
  }
  if (held.length > 0) yield Buffer.from(`${held.toBase64()}\r\n`, 'latin1')
}

/** Whole lines. Characters are copied two at a time: a line has 38 pairs, and its end is one. */
function linesOf(octets: Uint8Array): Uint8Array {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
  const characters = Buffer.allocUnsafeSlow(text.length)
  characters.write(text, 'latin1')
  const pairs = new Uint16Array(characters.buffer, 0, text.length / 2)
  const lines = new Uint16Array(pairs.length + pairs.length / LINE_PAIRS)
  let to = 0
  for (let from = 0; from < pairs.length; ) {
    for (const end = from + LINE_PAIRS; from < end; ) lines[to++] = pairs[from++] as number
    lines[to++] = CRLF_PAIR
  }
  return new Uint8Array(lines.buffer)
}

/**
 * Decodes lines of base64, of any length.
 * @throws {SmimeError} for any character that is neither of the alphabet nor white space (RFC 2045 §6.8 lets a reader pass
 *   over it, which is how two readers come to read two things), for what follows padding, and for an end that is not whole.
 */
export async function* decodeBase64(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = ''
  let isPadded = false
  for await (const piece of pieces) {
    const text = held + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1')
    if (isPadded) {
      requireBlank(text)
      continue
    }
    const octets = new Uint8Array(Math.ceil((text.length / 4) * 3))
    const { read, written } = decodeInto(octets, text)
    isPadded = text.slice(0, read).trimEnd().endsWith('=')
    held = text.slice(read)
    if (isPadded) {
      requireBlank(held)
      held = ''
    }
    if (written > 0) yield octets.subarray(0, written)
  }
  requireBlank(held)
}

function decodeInto(octets: Uint8Array, text: string): { readonly read: number; readonly written: number } {
  try {
    return octets.setFromBase64(text, { lastChunkHandling: 'stop-before-partial' })
  } catch (error) {
    if (error instanceof SyntaxError) throw new SmimeError('ERR_MAIL_FORM', 'the body is not base64', { cause: error })
    throw error
  }
}

function requireBlank(text: string): void {
  if (text.trim() !== '') throw new SmimeError('ERR_MAIL_FORM', 'the base64 of the body does not end where it ends')
}
