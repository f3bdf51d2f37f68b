// Files of Unix: every line ends with LF alone. They are read as if each were CRLF, for that is what is signed (RFC 8551 §3.1.1).
import type { Source } from '../model.ts'
import { MailFormError } from './error.ts'

const CR = 0x0d
const LF = 0x0a
/** How many octets are between two places of which both countings are kept. */
const STRIDE = 65_536

/**
 * The source with CRLF at the end of each line. Where its first line ends with CRLF it is the source itself, and the scanner
 * refuses what is otherwise further on. Where that ends with LF alone, all must.
 * @throws {MailFormError} when there are carriage returns although the first line has none.
 */
export async function withCrlf(source: Source): Promise<Source> {
  if (!(await beginsWithLf(source))) return source
  // marks[i]: how many line feeds stand before octet i * STRIDE of the source.
  const marks: number[] = []
  let at = 0
  let feeds = 0
  for await (const piece of source.read(0, source.length)) {
    const octets = bufferOf(piece)
    const cr = octets.indexOf(CR)
    if (cr >= 0) throw new MailFormError('bare-cr', at + cr)
    for (let from = 0; from < octets.length; ) {
      if ((at + from) % STRIDE === 0) marks.push(feeds)
      const to = Math.min(octets.length, from + STRIDE - ((at + from) % STRIDE))
      feeds += countFeeds(octets.subarray(from, to))
      from = to
    }
    at += octets.length
  }
  return {
    length: source.length + feeds,
    async *read(start, end) {
      const mark = lastMarkBefore(marks, start)
      let place = mark * STRIDE + (marks[mark] ?? 0)
      if (start >= end) return
      for await (const piece of source.read(mark * STRIDE, source.length)) {
        const octets = lengthened(bufferOf(piece))
        const from = Math.max(0, start - place)
        if (from < octets.length) yield octets.subarray(from, Math.min(octets.length, end - place))
        place += octets.length
        if (place >= end) return
      }
    },
  }
}

/** Whether the first line ends with LF alone. */
async function beginsWithLf(source: Source): Promise<boolean> {
  let last: number | undefined
  for await (const piece of source.read(0, source.length)) {
    const octets = bufferOf(piece)
    const feed = octets.indexOf(LF)
    if (feed >= 0) return (feed === 0 ? last : octets[feed - 1]) !== CR
    last = octets.at(-1) ?? last
  }
  return false
}

function lastMarkBefore(marks: readonly number[], place: number): number {
  let low = 0
  for (let high = marks.length; high - low > 1; ) {
    const middle = (low + high) >> 1
    if (middle * STRIDE + (marks[middle] ?? 0) <= place) low = middle
    else high = middle
  }
  return low
}

function countFeeds(octets: Buffer): number {
  let feeds = 0
  for (let feed = octets.indexOf(LF); feed >= 0; feed = octets.indexOf(LF, feed + 1)) feeds++
  return feeds
}

function lengthened(octets: Buffer): Buffer {
  const longer = Buffer.allocUnsafe(octets.length + countFeeds(octets))
  let from = 0
  let to = 0
  for (let feed = octets.indexOf(LF); feed >= 0; feed = octets.indexOf(LF, from)) {
    to += octets.copy(longer, to, from, feed)
    longer[to++] = CR
    longer[to++] = LF
    from = feed + 1
  }
  octets.copy(longer, to, from)
  return longer
}

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
}
