// X.690 §8.23 and X.680 §41: the string types, each held to its alphabet.
import { type DerCursor, octetAt, peekTag, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'

/** Whether `tag` is a string type that {@link readText} reads. */
export function isTextTag(tag: number): boolean {
  return tag in ALPHABETS || tag === TAG.utf8String || tag === TAG.bmpString || tag === TAG.universalString
}

/** Reads a string of whatever string type stands next. @throws {DerError} when an octet is outside its alphabet. */
export function readText(c: DerCursor): string {
  const tag = peekTag(c)
  if (tag === TAG.utf8String) return readUtf8(c)
  if (tag === TAG.bmpString) return readWide(c, tag, 2)
  if (tag === TAG.universalString) return readWide(c, tag, 4)
  // T.61 switches character sets; issuers have used it as Latin-1, and so do all who read it.
  if (tag === TAG.teletexString) return readLatin1(c)
  const alphabet = ALPHABETS[tag]
  if (alphabet === undefined) throw new DerError('ERR_DER_TAG', c.at)
  return readAscii(c, tag, alphabet)
}

/** Reads an IA5String, or one under the IMPLICIT `tag`. */
export function readIa5String(c: DerCursor, tag: number = TAG.ia5String): string {
  return readAscii(c, tag, IA5)
}

const IA5 = 1
const VISIBLE = 2
const PRINTABLE = 4
const NUMERIC = 8

/** The alphabets that are parts of ASCII, as bits of {@link ALPHABETS_OF}. */
const ALPHABETS: Readonly<Record<number, number>> = {
  [TAG.ia5String]: IA5,
  [TAG.visibleString]: VISIBLE,
  [TAG.printableString]: PRINTABLE,
  [TAG.numericString]: NUMERIC,
  [TAG.teletexString]: 0,
}

/** Which alphabets an octet belongs to, X.680 §41.2 and §41.4. */
const ALPHABETS_OF = Uint8Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet)
  const isPrintableCharacter = /^[A-Za-z0-9 '()+,\-./:=?]$/.test(character)
  return (
    (octet < 0x80 ? IA5 : 0) |
    (octet >= 0x20 && octet < 0x7f ? VISIBLE : 0) |
    (isPrintableCharacter ? PRINTABLE : 0) |
    (/^[0-9 ]$/.test(character) ? NUMERIC : 0)
  )
})

/** Whether `text` can be written as a PrintableString. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!((ALPHABETS_OF[text.charCodeAt(i)] ?? 0) & PRINTABLE)) return false
  return true
}

function readAscii(c: DerCursor, tag: number, alphabet: number): string {
  const end = readHeader(c, tag)
  const start = c.at
  for (let i = start; i < end; i++)
    if (!((ALPHABETS_OF[octetAt(c, i)] as number) & alphabet)) throw new DerError('ERR_DER_STRING', i)
  c.at = end
  return asciiText(c.octets, start, end)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Measured on Node 26: up to some 12 characters, adding four at a time is faster than a call of the decoder. */
function asciiText(octets: Uint8Array, start: number, end: number): string {
  return end - start > 12 ? utf8.decode(octets.subarray(start, end)) : latin1Text(octets, start, end)
}

function latin1Text(octets: Uint8Array, start: number, end: number): string {
  let text = ''
  let i = start
  for (; i + 4 <= end; i += 4)
    text += String.fromCharCode(
      octets[i] as number,
      octets[i + 1] as number,
      octets[i + 2] as number,
      octets[i + 3] as number,
    )
  for (; i < end; i++) text += String.fromCharCode(octets[i] as number)
  return text
}

function readLatin1(c: DerCursor): string {
  const end = readHeader(c, TAG.teletexString)
  const text = latin1Text(c.octets, c.at, end)
  c.at = end
  return text
}

function readUtf8(c: DerCursor): string {
  const end = readHeader(c, TAG.utf8String)
  const start = c.at
  let at = start
  while (at < end && octetAt(c, at) < 0x80) at++
  c.at = end
  if (at === end) return asciiText(c.octets, start, end)
  try {
    return utf8.decode(c.octets.subarray(start, end))
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new DerError('ERR_DER_STRING', at)
  }
}

/** Reads a BMPString (UCS-2) or a UniversalString (UCS-4); neither has surrogates. */
function readWide(c: DerCursor, tag: number, width: 2 | 4): string {
  const end = readHeader(c, tag)
  if ((end - c.at) % width !== 0) throw new DerError('ERR_DER_STRING', c.at)
  let text = ''
  for (let at = c.at; at < end; at += width) {
    let point = 0
    for (let i = 0; i < width; i++) point = point * 256 + octetAt(c, at + i)
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw new DerError('ERR_DER_STRING', at)
    text += String.fromCodePoint(point)
  }
  c.at = end
  return text
}
