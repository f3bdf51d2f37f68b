// ASCII armor, read strictly: one block, nothing beside it, no line that two readers could take in two ways.
import { MailError } from '@countersign/protocol'

/** What a block is said to hold. @see RFC 9580 §6.2.1 */
export type ArmorLabel = 'MESSAGE' | 'SIGNATURE' | 'PUBLIC KEY BLOCK' | 'PRIVATE KEY BLOCK'

/** Octets of a line; RFC 5322 §2.1.1 allows as many. */
const MAX_LINE = 998
/** Version, Comment, Hash, Charset, and whatever else programs write of themselves: a local limit. */
const MAX_HEADERS = 16
/** 48 octets are 64 characters, as GnuPG writes; RFC 9580 §6 allows 76. */
const OCTETS_PER_LINE = 48
const OCTETS_PER_PIECE = OCTETS_PER_LINE * 1024
/** Characters that are decoded at once. */
const CHARACTERS_PER_PIECE = 65_536
const LF = 0x0a
const HEADER = /^[A-Za-z]+: ?[\x20-\x7e\x80-\xff]*$/
const CHECKSUM = /^=[A-Za-z0-9+/]{4}$/
const PADDED = /^[A-Za-z0-9+/]*={1,2}$/

/** The octets of one armored block. @throws {MailError} @see RFC 9580 §6.2 */
export async function* readArmor(
  text: AsyncIterable<Uint8Array>,
  labels: readonly ArmorLabel[],
): AsyncGenerator<Uint8Array> {
  const block = { state: 'before' as State, label: '', headers: 0, isPadded: false, base64: '' }
  for await (const lines of linesOf(text)) {
    for (const line of lines) readLine(block, line, labels)
    const whole = block.base64.length - (block.base64.length % 4)
    if (whole < CHARACTERS_PER_PIECE && block.state === 'body') continue
    yield decode(block.base64.slice(0, whole))
    block.base64 = block.base64.slice(whole)
  }
  if (block.state !== 'after' || block.base64 !== '') fault('the armor does not end')
}

type State = 'before' | 'headers' | 'body' | 'tail' | 'after'

interface Block {
  state: State
  label: string
  headers: number
  isPadded: boolean
  /** What was read and not decoded yet. */
  base64: string
}

function readLine(block: Block, line: string, labels: readonly ArmorLabel[]): void {
  switch (block.state) {
    case 'before':
      if (line === '') break
      block.label =
        labels.find((each) => line === `-----BEGIN PGP ${each}-----`) ?? fault('no armored block of this kind begins')
      block.state = 'headers'
      break
    case 'headers':
      if (line === '') block.state = 'body'
      else if (!HEADER.test(line) || ++block.headers > MAX_HEADERS) fault('a line of the armor is no header')
      break
    case 'body':
      // A checksum tells nothing that is believed, and must not be what a block is refused for: RFC 9580 §6.1.
      if (line.startsWith('=') && CHECKSUM.test(line)) block.state = 'tail'
      else if (line === `-----END PGP ${block.label}-----`) block.state = 'after'
      else if (block.isPadded || !mayBeBase64(line)) fault('a line of the armor is no base64')
      else {
        block.isPadded = line.endsWith('=')
        block.base64 += line
      }
      break
    case 'tail':
      if (line !== `-----END PGP ${block.label}-----`) fault('something stands after the checksum')
      block.state = 'after'
      break
    case 'after':
      if (line !== '') fault('something stands after the armor')
  }
}

/** Without white space, which the decoder would pass over; what else is outside of the alphabet it refuses itself, and quicker. */
function mayBeBase64(line: string): boolean {
  if (line === '' || line.includes(' ') || line.includes('\t') || line.includes('\f') || line.includes('\r'))
    return false
  return !line.includes('=') || PADDED.test(line)
}

function fault(note: string): never {
  throw new MailError('ERR_MAIL_FORM', note)
}

/** Groups of four characters; bits that no octet needs are zero, so that there is one way to write it. @see RFC 4648 §3.5 */
function decode(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch (cause) {
    throw new MailError('ERR_MAIL_FORM', 'the base64 of the armor is not right', { cause })
  }
}

/** Lines without their ends and the white space before these, as many as a piece of the text has. @see RFC 9580 §6.2 */
async function* linesOf(text: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  let held = Buffer.alloc(0)
  for await (const piece of text) {
    held = Buffer.concat([held, piece])
    const lines: string[] = []
    let start = 0
    for (let end = held.indexOf(LF); end >= 0; end = held.indexOf(LF, start)) {
      lines.push(lineOf(held.subarray(start, end)))
      start = end + 1
    }
    held = held.subarray(start)
    if (held.length > MAX_LINE) throw new MailError('ERR_MAIL_BUDGET', 'a line of the armor is too long')
    yield lines
  }
  if (held.length > 0) yield [lineOf(held)]
}

function lineOf(octets: Buffer): string {
  if (octets.length > MAX_LINE + 1) throw new MailError('ERR_MAIL_BUDGET', 'a line of the armor is too long')
  return octets.toString('latin1').replace(/[ \t\r]+$/, '')
}

/**
 * A key in armor, as a text: what other programs import. Of a private key it is secret. With a checksum for a key of version 4,
 * of version 6 there must be none. @see RFC 9580 §6.1, §6.2
 */
export function armorKey(octets: Uint8Array, label: 'PUBLIC KEY BLOCK' | 'PRIVATE KEY BLOCK', version: number): string {
  const lines = linesOfBase64(Buffer.from(octets)).toString('latin1')
  const checksum = version === 4 ? checksumLine(crc24(CRC24_START, octets)) : ''
  return `-----BEGIN PGP ${label}-----\r\n\r\n${lines}${checksum}-----END PGP ${label}-----\r\n`
}

const CRC24_START = 0xb704ce
/** What an octet at the top of the register does to the rest of it. */
const CRC24_OF_OCTET = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 16
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x800000) === 0 ? crc << 1 : ((crc << 1) & 0xffffff) ^ 0x864cfb
  return crc
})

/** The checksum after more octets. @see RFC 9580 §6.1.1 */
function crc24(before: number, octets: Uint8Array): number {
  let crc = before
  for (const octet of octets) crc = ((crc << 8) & 0xffffff) ^ (CRC24_OF_OCTET[((crc >> 16) ^ octet) & 0xff] ?? 0)
  return crc
}

function checksumLine(crc: number): string {
  return `=${Buffer.of(crc >> 16, crc >> 8, crc).toString('base64')}\r\n`
}

/**
 * Armor in lines that end with CRLF. With a checksum where GnuPG 2.2 is to read it: without one, and without padding before the
 * tail, it takes the tail for base64. There must be none around SEIPD of version 2 and signatures of version 6.
 * @see RFC 9580 §6.1
 */
export async function* writeArmor(
  octets: AsyncIterable<Uint8Array>,
  label: ArmorLabel,
  { checksum }: { readonly checksum: boolean },
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`-----BEGIN PGP ${label}-----\r\n\r\n`)
  let held = Buffer.alloc(0)
  let crc = CRC24_START
  for await (const piece of octets) {
    if (checksum) crc = crc24(crc, piece)
    held = Buffer.concat([held, piece])
    const whole = held.length - (held.length % OCTETS_PER_LINE)
    for (let at = 0; at < whole; at += OCTETS_PER_PIECE)
      yield linesOfBase64(held.subarray(at, Math.min(at + OCTETS_PER_PIECE, whole)))
    held = held.subarray(whole)
  }
  if (held.length > 0) yield linesOfBase64(held)
  yield Buffer.from(`${checksum ? checksumLine(crc) : ''}-----END PGP ${label}-----\r\n`)
}

function linesOfBase64(octets: Buffer): Buffer {
  const lines: string[] = []
  for (let at = 0; at < octets.length; at += OCTETS_PER_LINE)
    lines.push(octets.toString('base64', at, at + OCTETS_PER_LINE), '\r\n')
  return Buffer.from(lines.join(''), 'latin1')
}
