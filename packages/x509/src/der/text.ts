// X.690 §8.23 and X.680 §41: the string types, each held to its alphabet.
import { type DerCursor, octetAt, peekTag, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether `tag` is a string type that {@link readText} reads. */
export function isTextTag(tag: number): boolean {
  return tag in ALPHABETS || tag === TAG.utf8String || tag === TAG.bmpString || tag === TAG.universalString
}

/** Reads a string of whatever string type stands next. @throws {DerError} when an octet is outside its alphabet. */
export function readText(c: DerCursor): string {
  const tag = peekTag(c)
  if (tag === TAG.bmpString) return readWide(c, tag, 2)
  if (tag === TAG.universalString) return readWide(c, tag, 4)
  if (tag === TAG.utf8String) return readUtf8(c)
  const alphabet = ALPHABETS[tag]
  if (alphabet === undefined) throw new DerError('ERR_DER_TAG', c.at)
  return readNarrow(c, tag, alphabet)
}

/** Reads an IA5String, or one under the IMPLICIT `tag`. */
export function readIa5String(c: DerCursor, tag: number = TAG.ia5String): string {
  return readNarrow(c, tag, ascii)
}

const ascii = (octet: number): boolean => octet < 0x80
const ALPHABETS: Readonly<Record<number, (octet: number) => boolean>> = {
  [TAG.ia5String]: ascii,
  [TAG.visibleString]: (octet) => octet >= 0x20 && octet < 0x7f,
  [TAG.numericString]: (octet) => octet === 0x20 || (octet >= 0x30 && octet <= 0x39),
  [TAG.printableString]: (octet) => PRINTABLE[octet] === 1,
  // T.61 switches character sets; issuers have used it as Latin-1, and so do all who read it.
  [TAG.teletexString]: () => true,
}

/** X.680 §41.4: letters, digits, space and eleven signs. */
const PRINTABLE = Uint8Array.from({ length: 256 }, (_, octet) =>
  /^[A-Za-z0-9 '()+,\-./:=?]$/.test(String.fromCharCode(octet)) ? 1 : 0,
)

/** Whether `text` can be written as a PrintableString. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (PRINTABLE[text.charCodeAt(i)] !== 1) return false
  return true
}

function readNarrow(c: DerCursor, tag: number, allowed: (octet: number) => boolean): string {
  const end = readHeader(c, tag)
  let text = ''
  for (let i = c.at; i < end; i++) {
    const octet = octetAt(c, i)
    if (!allowed(octet)) throw new DerError('ERR_DER_STRING', i)
    text += String.fromCharCode(octet)
  }
  c.at = end
  return text
}

function readUtf8(c: DerCursor): string {
  const end = readHeader(c, TAG.utf8String)
  const start = c.at
  let text = ''
  let at = start
  for (; at < end; at++) {
    const octet = octetAt(c, at)
    if (octet >= 0x80) break
    text += String.fromCharCode(octet)
  }
  if (at < end) {
    try {
      text = utf8.decode(c.octets.subarray(start, end))
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
      throw new DerError('ERR_DER_STRING', at)
    }
  }
  c.at = end
  return text
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
