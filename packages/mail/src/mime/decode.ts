// Bodies out of their transfer encoding, in pieces. RFC 2045 §6.
import type { Entity, Source } from '../model.ts'
import { MailFormError } from './error.ts'

/**
 * The body of an entity without its transfer encoding, in pieces, each of which is good until the next is asked for.
 * @throws {MailFormError} where it is not in that encoding; what was given until then is not to be used.
 */
export function decodeBody(entity: Entity, source: Source): AsyncIterable<Uint8Array> {
  const body = source.read(entity.bodyStart, entity.end)
  if (entity.transferEncoding === 'base64') return decodeBase64(body, entity.bodyStart)
  return entity.transferEncoding === 'quoted-printable' ? decodeQuotedPrintable(body, entity.bodyStart) : body
}

/**
 * Octets of base64, whose lines may have any length. RFC 2045 §6.8 has decoders ignore what is outside of the alphabet, and
 * says that it shows a fault; here it is one, as are a last group that is not whole, and bits that no octet has.
 * `at` is the place of the body, for errors. Each piece is good until the next is asked for.
 * @throws {MailFormError}
 */
export async function* decodeBase64(pieces: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  // All pieces stand in it: memory outside of the heap is given back late, and by a collection of all.
  let into = new Uint8Array()
  // What is not a whole group yet, without white space; from the first padding on, all.
  let rest = ''
  for await (const piece of blocksOf(pieces)) {
    const text = rest + latin1(piece)
    if (text.includes('\f')) throw new MailFormError('base64', at)
    if (into.length < text.length) into = new Uint8Array(text.length)
    const padding = text.indexOf('=')
    const { read, written } = decodeGroups(into, padding < 0 ? text : text.slice(0, padding), at)
    if (written > 0) yield into.subarray(0, written)
    rest = text.slice(read).replace(/[ \t\r\n]+/g, '')
    // Behind its padding nothing stands but white space.
    if (padding >= 0 && rest.length > 4) throw new MailFormError('base64', at)
  }
  if (rest === '') return
  const { written } = decodeGroups(into, rest, at, 'strict')
  yield into.subarray(0, written)
}

/** Octets of quoted-printable. `at` is the place of the body, for errors. @throws {MailFormError} @see RFC 2045 §6.7 */
export async function* decodeQuotedPrintable(
  pieces: AsyncIterable<Uint8Array>,
  at: number,
): AsyncGenerator<Uint8Array> {
  let rest = ''
  for await (const piece of pieces) {
    const text = rest + latin1(piece)
    const end = endOfWholeCharacters(text)
    rest = text.slice(end)
    // White space at the end of a line is left out (rule 3), and nobody pads by so much.
    if (rest.length > MAX_PADDING) throw new MailFormError('quoted-printable', at)
    if (end > 0) yield decodeLines(text.slice(0, end), at)
  }
  const last = withoutPadding(rest)
  if (rest.endsWith('\r') || (last !== '' && last !== '=')) throw new MailFormError('quoted-printable', at)
}

/** RFC 5322 §2.1.1: what a line has at most. */
const MAX_PADDING = 998
/** How much of base64 is made a text at once. */
const MAX_TEXT = 98_304
const LF = 0x0a

type LastGroup = 'stop-before-partial' | 'strict'

/**
 * Blocks of which the text is among what is new in the heap. They end with a line where they can: that is of whole groups in
 * nearly all messages, and nothing is left over.
 */
async function* blocksOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces)
    for (let from = 0; from < piece.length; ) {
      const most = from + MAX_TEXT
      const feed = most < piece.length ? piece.lastIndexOf(LF, most - 1) : -1
      const end = feed < from ? most : feed + 1
      yield piece.subarray(from, end)
      from = end
    }
}

function decodeGroups(
  into: Uint8Array,
  text: string,
  at: number,
  lastChunkHandling: LastGroup = 'stop-before-partial',
) {
  try {
    return into.setFromBase64(text, { lastChunkHandling })
  } catch (error) {
    if (error instanceof SyntaxError) throw new MailFormError('base64', at)
    throw error
  }
}

/** Where a text may be cut, so that neither an escape nor padding, which is known by the line's end, is cut in two. */
function endOfWholeCharacters(text: string): number {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  const end = withoutPadding(line).length
  if (text[end - 1] === '=') return end - 1
  return end === text.length && text[end - 2] === '=' ? end - 2 : end
}

function decodeLines(text: string, at: number): Uint8Array {
  const lines = text.split('\r\n')
  const last = lines.pop() ?? ''
  const whole = lines.map((padded) => {
    const line = withoutPadding(padded)
    return line.endsWith('=') ? line.slice(0, -1) : `${line}\r\n`
  })
  const joined = [...whole, last].join('')
  const decoded = joined.replace(/=([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
    if (hex === undefined) throw new MailFormError('quoted-printable', at)
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(decoded, 'latin1')
}

/** By hand: a pattern would look at a long run of spaces from each of them. */
function withoutPadding(line: string): string {
  let end = line.length
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end--
  return line.slice(0, end)
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
