// A picture that a test makes, so that it knows every pixel of it.
import { randomInt } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

/** @see PNG 3 §5.2 */
export const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const BLOCK = 40

/** Coloured squares that shade off, other ones each time: a PNG of RGB (PNG 3 §11.2). */
export function newPicture(width = 320, height = 240): Uint8Array {
  const colours = Array.from({ length: Math.ceil(width / BLOCK) * Math.ceil(height / BLOCK) }, () => [
    ...[randomInt(60, 200), randomInt(60, 200), randomInt(60, 200)],
  ])
  const across = Math.ceil(width / BLOCK)
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const colour = colours[Math.floor(y / BLOCK) * across + Math.floor(x / BLOCK)] ?? []
      const at = y * (1 + width * 3) + 1 + x * 3
      colour.forEach((value, i) => {
        rows[at + i] = value + ((x * (i + 1) + y * (3 - i)) % BLOCK)
      })
    }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunkOf('IHDR', header),
    chunkOf('IDAT', deflateSync(rows)),
    chunkOf('IEND', new Uint8Array()),
  ])
}

/** @see PNG 3 §5.3 */
export function chunkOf(type: string, contents: Uint8Array): Uint8Array {
  const typed = Buffer.concat([Buffer.from(type), contents])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(contents.length)
  check.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, check])
}

/** The pixels in each order in which programs keep them, from those of a canvas. */
export function ordersOf(rgba: Uint8Array): Readonly<Record<'RGBA' | 'BGRA' | 'RGB', Uint8Array>> {
  const pixels = Array.from({ length: rgba.length / 4 }, (_, i) => rgba.subarray(i * 4, i * 4 + 4))
  return {
    RGBA: rgba,
    BGRA: Uint8Array.from(pixels.flatMap(([r = 0, g = 0, b = 0, a = 0]) => [b, g, r, a])),
    RGB: Uint8Array.from(pixels.flatMap(([r = 0, g = 0, b = 0]) => [r, g, b])),
  }
}
