// Files that no page may take for a picture: what is none, what is not whole, and what is small until somebody decodes it.
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, deflateRawSync } from 'node:zlib'
import { chunkOf, SIGNATURE } from './known-picture.ts'

/** One of them, and what a page says of it. */
export interface BadPicture {
  readonly path: string
  readonly told: string
}

const NO_PICTURE = 'This file is no whole picture that we can read. Please choose another: PNG, JPEG, WebP or GIF.'
const TOO_LARGE = 'This file is larger than 20 MB. Please choose a smaller one.'
const TOO_MANY = 'This picture has more than 50 million pixels. Please make it smaller first.'
const MOVES = 'This picture moves. Please choose one that stands still.'
/** Were anything of it to run, there would be a dialog. */
const PAGE = '<!doctype html><title>x</title><script>alert(1)</script><img src=x onerror=alert(1)>'
const SVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" onload="alert(1)"><script>alert(1)</script><rect width="320" height="240"/></svg>`

/** Writes them. @param jpeg A whole one. */
export async function badPictures(directory: string, jpeg: Uint8Array): Promise<readonly BadPicture[]> {
  const at = (name: string) => join(directory, name)
  const files: readonly (readonly [name: string, octets: Uint8Array | string, told: string])[] = [
    ['empty.png', '', NO_PICTURE],
    ['words.jpg', 'The kettle sings, and is no picture.', NO_PICTURE],
    ['page.png', PAGE, NO_PICTURE],
    ['drawing.svg', SVG, NO_PICTURE],
    ['drawing.png', SVG, NO_PICTURE],
    ['half.jpg', jpeg.subarray(0, jpeg.length / 2), NO_PICTURE],
    // What begins as one and goes on as a page.
    ['both.gif', Buffer.concat([Buffer.from('GIF89a'), Buffer.from(PAGE)]), NO_PICTURE],
    ['bomb.png', pngBomb(60_000), TOO_MANY],
    ['bomb.gif', gif({ width: 60_000, height: 60_000, pictures: 1 }), TOO_MANY],
    ['film.gif', gif({ width: 1, height: 1, pictures: 5000 }), MOVES],
  ]
  for (const [name, octets] of files) await writeFile(at(name), octets)
  await using large = await open(at('large.jpg'), 'w')
  await large.write(jpeg)
  await large.truncate(50 * 1024 * 1024)
  return [...files.map(([name, , told]) => ({ path: at(name), told })), { path: at('large.jpg'), told: TOO_LARGE }]
}

/** A whole PNG of black and white, that many pixels each way, in as few octets as deflate makes of nothing. */
function pngBomb(side: number): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([1, 0, 0, 0, 0], 8)
  // A row is a filter and a bit for each pixel: so many rows give one block, which comes again and again (RFC 1951 §2.3).
  const [rowOctets, rows] = [1 + side / 8, 100]
  const block = deflateRawSync(Buffer.alloc(rowOctets * rows), { finishFlush: constants.Z_FULL_FLUSH })
  // RFC 1950 §2.2: of zeros, the one sum stays 1 and the other counts them.
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE((((rowOctets * side) % 65_521) * 65_536 + 1) >>> 0)
  const last = deflateRawSync(Buffer.alloc(0))
  const blocks = Array<Buffer>(side / rows).fill(block)
  const data = Buffer.concat([Buffer.from('789c', 'hex'), ...blocks, last, sum])
  return Buffer.concat([SIGNATURE, chunkOf('IHDR', header), chunkOf('IDAT', data), chunkOf('IEND', new Uint8Array())])
}

/** A GIF with a screen of one pixel, and in it so many pictures, each of one pixel in truth. @see GIF89a §20 */
function gif({ width, height, pictures }: Readonly<Record<'width' | 'height' | 'pictures', number>>): Uint8Array {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(width)
  size.writeUInt16LE(height, 2)
  const picture = Buffer.concat([Buffer.from('2c00000000', 'hex'), size, Buffer.from('000202440100', 'hex')])
  const head = Buffer.from('47494638396101000100800000000000ffffff', 'hex')
  return Buffer.concat([head, ...Array<Buffer>(pictures).fill(picture), Buffer.of(0x3b)])
}
