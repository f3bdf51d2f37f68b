// Uploads in Chromium: what is a picture is drawn anew, and nothing else of the file is left; what is none is refused.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import { needs } from '../../../../interop/peer.ts'
import { type ModulePage, openModulePage, type ServedPages, servePages } from '../support/pages.ts'

/** What of a page is used here: the library of types for tests has none of it. */
interface InPage {
  createImageBitmap(from: Blob): Promise<{ readonly width: number; readonly height: number }>
  readonly OffscreenCanvas: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: '2d'): {
      fillStyle: string
      fillRect(x: number, y: number, width: number, height: number): void
      drawImage(image: unknown, x: number, y: number): void
      createImageData(width: number, height: number): { readonly data: Uint8ClampedArray<ArrayBuffer> }
      putImageData(image: unknown, x: number, y: number): void
      getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray }
    }
    convertToBlob(how: { readonly type: string; readonly quality?: number }): Promise<Blob>
  }
}

suite('pictures of the customer’s own, in Chromium', needs('chromium', 'chromium'), () => {
  let served: ServedPages
  let at: ModulePage
  before(async () => {
    served = await servePages()
    at = await openModulePage(served.origin)
  })
  after(async () => {
    await at?.[Symbol.asyncDispose]()
    await served?.[Symbol.asyncDispose]()
  })

  interface Redrawn {
    readonly octets: string
    readonly fault?: string
    readonly size?: readonly [number, number]
    /** Red, green and blue in the middle. */
    readonly middle?: readonly number[]
  }
  /** What becomes of a file. */
  const redraw = (file: Buffer, padTo = 0) =>
    at.page.evaluate(
      async ({ url, octets, pad }): Promise<Redrawn> => {
        const { createImageBitmap, OffscreenCanvas } = globalThis as unknown as InPage
        const { redrawFile } = await import(url)
        const start = Uint8Array.fromBase64(octets)
        try {
          const drawn = await redrawFile(new Blob([start, new Uint8Array(Math.max(0, pad - start.length))]))
          const bitmap = await createImageBitmap(new Blob([drawn]))
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
          const context = canvas.getContext('2d')
          context.drawImage(bitmap, 0, 0)
          const middle = [...context.getImageData(bitmap.width / 2, bitmap.height / 2, 1, 1).data].slice(0, 3)
          return { octets: drawn.toBase64(), size: [bitmap.width, bitmap.height], middle }
        } catch (error) {
          const { fault = String(error) } = error as { fault?: string }
          return { octets: '', fault }
        }
      },
      { url: at.url('redraw'), octets: file.toString('base64'), pad: padTo },
    )

  /** A JPEG that Chromium draws, of one colour or of noise. */
  async function jpeg(width: number, height: number, colour: string): Promise<Buffer> {
    const base64 = await at.page.evaluate(
      async ([w, h, fill]) => {
        const { OffscreenCanvas } = globalThis as unknown as InPage
        const canvas = new OffscreenCanvas(w as number, h as number)
        const context = canvas.getContext('2d')
        if (fill === 'noise') {
          const noise = context.createImageData(w as number, h as number)
          for (let from = 0; from < noise.data.length; from += 65_536) {
            crypto.getRandomValues(noise.data.subarray(from, from + 65_536))
          }
          context.putImageData(noise, 0, 0)
        } else {
          context.fillStyle = fill as string
          context.fillRect(0, 0, w as number, h as number)
        }
        const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 1 })
        return new Uint8Array(await blob.arrayBuffer()).toBase64()
      },
      [width, height, colour] as const,
    )
    return Buffer.from(base64, 'base64')
  }

  test('a photo with where and when it was taken loses both', async () => {
    const plain = await jpeg(800, 600, '#c02040')
    const secret = 'GPS 52.5200 N 13.4050 E, 2026-11-27 10:00, camera 4711'
    // An APP1 segment of EXIF, and a comment, after the start of the image. @see CIPA DC-008 §4.5.4
    const exif = Buffer.concat([Buffer.from('Exif\0\0II*\0\x08\0\0\0\0\0'), Buffer.from(secret)])
    const file = Buffer.concat([
      plain.subarray(0, 2),
      segment(0xe1, exif),
      segment(0xfe, Buffer.from(secret)),
      plain.subarray(2),
    ])
    assert.ok(file.includes(secret))
    const { octets, size, middle = [], fault } = await redraw(file)
    assert.equal(fault, undefined)
    const drawn = Buffer.from(octets, 'base64')
    assert.deepEqual(size, [320, 240])
    assert.ok(drawn.length <= 20_000)
    assert.equal(drawn.toString('latin1', 8, 12), 'WEBP')
    // Octet for octet what the same photo gives without them.
    assert.equal((await redraw(plain)).octets, octets)
    for (const word of ['Exif', 'EXIF', 'XMP', 'GPS', '4711']) assert.equal(drawn.includes(word), false, word)
    assert.ok(near(middle, [0xc0, 0x20, 0x40]), String(middle))
  })

  test('every format that is named, whatever its proportions', async () => {
    for (const [width, height] of [
      [1, 1],
      [3000, 20],
      [20, 3000],
    ] as const) {
      const { size, middle = [] } = await redraw(png(width, height, [20, 160, 60]))
      assert.deepEqual(size, [320, 240], `${width} × ${height}`)
      assert.ok(near(middle, [20, 160, 60]), String(middle))
    }
    // The smallest GIF there is, transparent: what is not drawn is white. @see GIF89a
    const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
    assert.deepEqual((await redraw(gif)).middle, [255, 255, 255])
    for (const kind of ['image/webp', 'image/png']) {
      const base64 = await at.page.evaluate(async (type) => {
        const { OffscreenCanvas } = globalThis as unknown as InPage
        const canvas = new OffscreenCanvas(400, 300)
        const context = canvas.getContext('2d')
        context.fillRect(0, 0, 400, 300)
        return new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer()).toBase64()
      }, kind)
      assert.deepEqual((await redraw(Buffer.from(base64, 'base64'))).size, [320, 240], kind)
    }
  })

  test('noise, which hardly compresses, still comes below the budget', async () => {
    const { octets, fault } = await redraw(await jpeg(640, 480, 'noise'))
    assert.equal(fault, undefined)
    assert.ok(Buffer.from(octets, 'base64').length <= 20_000)
  })

  test('what is no picture, or too much of one, is refused with a word for it', async () => {
    const whole = await jpeg(40, 30, '#000')
    const noise = await jpeg(400, 300, 'noise')
    const flat = png(300, 200, [3, 4, 5])
    // After the head: so many pictures, and how often (PNG 3 §11.3.6.1); a WebP whose head says it (RFC 9649 §2.7.1.1).
    const apng = Buffer.concat([flat.subarray(0, 33), chunk('acTL', Buffer.alloc(8, 1)), flat.subarray(33)])
    const animated = Buffer.from('524946461600000057454250565038580a000000020000000a00000a0000', 'hex')
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    const refused: readonly (readonly [string, Buffer, string, number?])[] = [
      ['nothing', Buffer.alloc(0), 'not-a-picture'],
      ['text', Buffer.from('not a picture at all, only words'), 'not-a-picture'],
      ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), 'not-a-picture'],
      ['SVG', Buffer.from(svg), 'not-a-picture'],
      ['BMP', Buffer.from('Qk0aAAAAAAAAABoAAAAMAAAAAQABAAEAGAAAAP8A', 'base64'), 'not-a-picture'],
      ['the head of a PNG alone', png(10, 10, [0, 0, 0]).subarray(0, 30), 'not-a-picture'],
      ['the head of a JPEG alone', whole.subarray(0, 20), 'not-a-picture'],
      ['a JPEG of fill octets', Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(4096, 0xff)]), 'not-a-picture'],
      [
        'a PNG whose pixels are noise',
        Buffer.concat([png(10, 10, [0, 0, 0]).subarray(0, 40), Buffer.alloc(99, 3)]),
        'not-a-picture',
      ],
      ['a JPEG without its second half', noise.subarray(0, noise.length / 2), 'not-a-picture'],
      ['a JPEG without its last octets', noise.subarray(0, noise.length - 100), 'not-a-picture'],
      ['a PNG without its second half', flat.subarray(0, flat.length / 2), 'not-a-picture'],
      ['a GIF that ends in its picture', gif(1, 1, 1).subarray(0, -4), 'not-a-picture'],
      ['a GIF without a picture', gif(1, 1, 0), 'not-a-picture'],
      ['a GIF of two pictures', gif(1, 1, 2), 'moves'],
      ['a bomb: a GIF of five thousand', gif(1, 1, 5000), 'moves'],
      ['a bomb: a GIF whose picture is larger than its screen', gif(60_000, 60_000, 1), 'too-many-pixels'],
      ['a PNG that moves', apng, 'moves'],
      ['a WebP that moves', animated, 'moves'],
      ['a bomb: 30000 × 30000 in a few octets', png(30_000, 30_000, undefined), 'too-many-pixels'],
      ['a bomb: the largest PNG', png(0x7fffffff, 0x7fffffff, undefined), 'too-many-pixels'],
      ['a file of 20 MB and one octet', whole, 'file-too-large', 20 * 1024 * 1024 + 1],
    ]
    for (const [what, file, fault, size] of refused) assert.equal((await redraw(file, size)).fault, fault, what)
    // A JPEG with zeros behind it is one, as long as it is not too large.
    assert.equal((await redraw(whole, 1024 * 1024)).fault, undefined)
  })
})

function near(seen: readonly number[], wanted: readonly number[]): boolean {
  return seen.length === wanted.length && seen.every((value, index) => Math.abs(value - (wanted[index] ?? 0)) < 12)
}

/** @see ITU-T T.81 §B.1.1.4 */
function segment(marker: number, contents: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(contents.length + 2)
  return Buffer.concat([Buffer.from([0xff, marker]), length, contents])
}

/** A GIF with a screen of one pixel, and pictures of a size that is said and not there (GIF89a §20). */
function gif(width: number, height: number, pictures: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(width)
  size.writeUInt16LE(height, 2)
  const picture = Buffer.concat([Buffer.from('2c00000000', 'hex'), size, Buffer.from('000202440100', 'hex')])
  return Buffer.concat([
    Buffer.from('47494638396101000100800000000000ffffff', 'hex'),
    ...Array<Buffer>(pictures).fill(picture),
    Buffer.of(0x3b),
  ])
}

/** A PNG of one colour; without a colour it has a size and no pixels. @see PNG 3 §11 */
function png(width: number, height: number, colour: readonly [number, number, number] | undefined): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.concat([Buffer.of(0), ...Array(colour === undefined ? 0 : width).fill(Buffer.from(colour ?? []))])
  const rows = colour === undefined ? Buffer.alloc(1000) : Buffer.concat(Array(height).fill(row))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, contents: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(contents.length)
  const named = Buffer.concat([Buffer.from(type), contents])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
