// PEM, RFC 7468 Figure 1: blocks of base64 between boundaries, text around them, no headers.
import { PemError, type PemErrorCode } from './error.ts'

/** One block of a PEM text, RFC 7468. */
export interface PemBlock {
  readonly label: string
  readonly der: Uint8Array
}

/** What one text may hold; over it is a {@link PemError}. */
export interface PemLimits {
  /** 1,000 unless given: a whole bundle of a browser's roots has 150. */
  readonly maxBlocks?: number
  /** Octets of all blocks together; 16 MiB unless given. */
  readonly maxOctets?: number
}

/**
 * Reads every block of a PEM text, whatever its label; text outside of blocks is skipped.
 * @throws {PemError} when a block is not as RFC 7468 Figure 1 has it.
 */
export function readPem(text: string, limits: PemLimits = {}): PemBlock[] {
  const { maxBlocks = 1_000, maxOctets = 16_777_216 } = limits
  const blocks: PemBlock[] = []
  let octetsLeft = maxOctets
  for (const { label, base64, line } of openBlocks(linesOf(text))) {
    if (blocks.length === maxBlocks) throw errorAt('ERR_PEM_BLOCKS_LIMIT', line)
    octetsLeft -= Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
    if (octetsLeft < 0) throw errorAt('ERR_PEM_OCTETS_LIMIT', line)
    blocks.push({ label, der: decodeBase64(base64, line) })
  }
  return blocks
}

/** Writes one block: lines of 64 characters, LF, label as given. @throws {RangeError} when the label is none. @see RFC 7468 §3 */
export function writePem(label: string, der: Uint8Array): string {
  if (labelOf(`-----BEGIN ${label}-----`, BEGIN) === undefined) throw new RangeError('not a PEM label')
  const lines = der.toBase64().match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

interface Line {
  readonly text: string
  readonly offset: number
  readonly number: number
}

interface OpenBlock {
  readonly label: string
  readonly base64: string
  /** The line that began it. */
  readonly line: Line
}

function* linesOf(text: string): Generator<Line> {
  const eol = /\r\n|\r|\n/g
  for (let number = 1, offset = 0; offset < text.length; number++, offset = eol.lastIndex) {
    const end = eol.exec(text)?.index
    yield { text: text.slice(offset, end), offset, number }
    if (end === undefined) return
  }
}

/** labelchar and label of RFC 7468 §3. */
const BEGIN = /^-----BEGIN ((?:[!-,.-~](?:[- ]?[!-,.-~])*)?)-----[ \t]*$/
const END = /^-----END ((?:[!-,.-~](?:[- ]?[!-,.-~])*)?)-----[ \t]*$/

/** Labels in use have some 20 characters. An engine's regular expressions have a stack, which millions overflow. */
const MAX_BOUNDARY = 1024

function labelOf(text: string, boundary: RegExp): string | undefined {
  return text.length > MAX_BOUNDARY ? undefined : boundary.exec(text)?.[1]
}

function* openBlocks(lines: Iterable<Line>): Generator<OpenBlock> {
  let begun: { label: string; line: Line; base64: string[] } | undefined
  for (const line of lines) {
    const { text } = line
    if (begun === undefined) {
      const label = labelOf(text, BEGIN)
      if (label !== undefined) begun = { label, line, base64: [] }
      else if (text.startsWith('-----BEGIN')) throw errorAt('ERR_PEM_BOUNDARY', line)
      else if (text.startsWith('-----END')) throw errorAt('ERR_PEM_UNEXPECTED_END', line)
    } else if (text.startsWith('-')) {
      const label = labelOf(text, END)
      if (label === undefined) throw errorAt('ERR_PEM_BOUNDARY', line)
      if (label !== begun.label) throw errorAt('ERR_PEM_LABEL_MISMATCH', line)
      yield { label, line: begun.line, base64: begun.base64.join('') }
      begun = undefined
    } else if (begun.base64.length > 0 || !/^[ \t]*$/.test(text)) begun.base64.push(base64Of(line))
  }
  if (begun !== undefined) throw errorAt('ERR_PEM_TRUNCATED', begun.line)
}

/** One line of base64, without its trailing blanks; only before the first one may a line be blank. */
function base64Of(line: Line): string {
  let end = line.text.length
  while (line.text[end - 1] === ' ' || line.text[end - 1] === '\t') end--
  const text = line.text.slice(0, end)
  if (text.includes(':')) throw errorAt('ERR_PEM_HEADER', line)
  if (text === '' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw errorAt('ERR_PEM_BASE64', line)
  return text
}

function decodeBase64(base64: string, line: Line): Uint8Array {
  if (base64 === '') throw errorAt('ERR_PEM_EMPTY', line)
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw errorAt('ERR_PEM_BASE64', line)
  }
}

function errorAt(code: PemErrorCode, line: Line): PemError {
  return new PemError(code, line.offset, line.number)
}
