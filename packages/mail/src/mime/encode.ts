// Octets into base64, in lines: RFC 2045 §6.8. The octets go by in native code, but for the ends of the lines.

/** What makes a line, what it has then, and what with its CRLF. */
const LINE_OCTETS = 57
const LINE = 76
const LINE_AND_END = 78
const CRLF = 0x0d0a
/** As much text as the heap takes among what is new, made of whole lines. */
const TEXT_OCTETS = 512 * LINE_OCTETS

/** Base64 in lines of 76 characters, each with CRLF. */
export async function* encodeBase64(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const line = new Uint8Array(LINE_OCTETS)
  let held = 0
  for await (const piece of pieces) {
    const head = held === 0 ? 0 : Math.min(LINE_OCTETS - held, piece.length)
    line.set(piece.subarray(0, head), held)
    held += head
    const end = piece.length - ((piece.length - head) % LINE_OCTETS)
    if (held === LINE_OCTETS || head < end) yield encodeLines(line.subarray(0, held), piece.subarray(head, end))
    // What is not a whole line is copied: whoever gives the piece may write into it again.
    if (held === LINE_OCTETS) held = 0
    line.set(piece.subarray(end), held)
    held += piece.length - end
  }
  if (held > 0) yield encodeLines(line.subarray(0, held), line.subarray(0, 0))
}

/** `first` is a line, or none; only what is the end of all may be less than lines. */
function encodeLines(first: Uint8Array, octets: Uint8Array): Uint8Array {
  const lines = Math.ceil(first.length / LINE_OCTETS) + octets.length / LINE_OCTETS
  const text = 4 * Math.ceil((first.length + octets.length) / 3)
  const into = Buffer.allocUnsafeSlow(text + 2 * lines)
  let at = 2 * lines + into.write(first.toBase64(), 2 * lines, 'latin1')
  for (let from = 0; from < octets.length; from += TEXT_OCTETS)
    at += into.write(octets.subarray(from, from + TEXT_OCTETS).toBase64(), at, 'latin1')
  spreadLines(into, lines)
  return into
}

/** The text stands at the end, with room for the ends of its lines before it. Each line goes to its place, and none over another. */
function spreadLines(into: Buffer, lines: number): void {
  const view = new DataView(into.buffer, into.byteOffset, into.length)
  let from = 2 * lines
  let to = 0
  for (; from + LINE <= into.length; from += LINE, to += LINE_AND_END) {
    // By eights, and a four: to call `copyWithin` for a line takes three times as long.
    for (let i = 0; i < LINE - 4; i += 8) view.setBigUint64(to + i, view.getBigUint64(from + i, true), true)
    view.setUint32(to + LINE - 4, view.getUint32(from + LINE - 4, true), true)
    view.setUint16(to + LINE, CRLF)
  }
  if (from === into.length) return
  into.copyWithin(to, from)
  view.setUint16(into.length - 2, CRLF)
}
