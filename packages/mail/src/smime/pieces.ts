// Octets in pieces: few and large, so that hashes and ciphers cost what they cost for the whole.
import { setImmediate } from 'node:timers/promises'
import { createMessageReader, type MessageEvent } from '@countersign/x509'

/** What a hash or a cipher is given at once, at least. */
const PIECE_OCTETS = 32_768
/** After so many octets the event loop gets a turn: some milliseconds of work. */
const TURN_OCTETS = 1_048_576

/**
 * Puts small pieces together, gives large ones as they are, and lets others have a turn now and then. What is put together was
 * copied: a piece may be good only until the next is asked for.
 */
export async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let octets = 0
  let sinceTurn = 0
  for await (const piece of pieces) {
    const isLarge = piece.length >= PIECE_OCTETS
    if (!isLarge) held.push(Buffer.from(piece))
    octets += piece.length
    if (octets < PIECE_OCTETS) continue
    if (held.length > 0) yield Buffer.concat(held)
    if (isLarge) yield piece
    sinceTurn += octets
    held = []
    octets = 0
    if (sinceTurn < TURN_OCTETS) continue
    await setImmediate()
    sinceTurn = 0
  }
  if (octets > 0) yield Buffer.concat(held)
}

/** Text of ASCII in octets. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** A message of CMS as it goes by; the first event is its prefix. @throws {DerError | X509Error | CmsError} where it is none. */
export async function* readMessage(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<MessageEvent, undefined> {
  const reader = createMessageReader()
  for await (const piece of pieces) yield* reader.push(piece)
  reader.end()
  return undefined
}
