// Picture and phrase as one block of octets, of one size whatever was chosen.
import { concat, type Octets, utf8 } from './octets.ts'

/** The size of every block, so that its ciphertext says nothing of what is in it. */
export const SHOWN_OCTETS = 24_576
/** Of a picture, compressed. */
export const MAX_PICTURE_OCTETS = 20_000
/** Of a phrase, in UTF-8. */
export const MAX_PHRASE_OCTETS = 400
/** Of every picture, in pixels. */
export const PICTURE_WIDTH = 320
export const PICTURE_HEIGHT = 240

/** What a customer chose to know the bank by. */
export interface Shown {
  readonly phrase: string
  /** WebP or JPEG. */
  readonly picture: Octets
}

/** Writes `version (1) ‖ length of phrase (2) ‖ phrase ‖ length of picture (2) ‖ picture ‖ zeros`. @throws {RangeError} when either is too long */
export function writeShown({ phrase, picture }: Shown): Octets {
  const text = utf8(phrase)
  if (text.length > MAX_PHRASE_OCTETS) throw new RangeError('the phrase is too long')
  if (picture.length > MAX_PICTURE_OCTETS) throw new RangeError('the picture is too large')
  const written = concat(Uint8Array.of(1), uint16(text.length), text, uint16(picture.length), picture)
  return concat(written, new Uint8Array(SHOWN_OCTETS - written.length))
}

/** Reads what {@link writeShown} wrote. @throws {RangeError} when it is anything else */
export function readShown(octets: Octets): Shown {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  if (octets.length !== SHOWN_OCTETS || octets[0] !== 1) throw new RangeError('another size or version')
  const phraseEnd = 3 + view.getUint16(1)
  // A `getUint16` beyond the end throws a RangeError, too.
  const pictureEnd = phraseEnd + 2 + view.getUint16(phraseEnd)
  if (pictureEnd > octets.length) throw new RangeError('a length leads beyond the end')
  if (octets.subarray(pictureEnd).some((octet) => octet !== 0)) throw new RangeError('something after the picture')
  const phrase = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets.subarray(3, phraseEnd))
  return { phrase, picture: octets.slice(phraseEnd + 2, pictureEnd) }
}

function uint16(value: number): Octets {
  return Uint8Array.of(value >> 8, value & 0xff)
}
