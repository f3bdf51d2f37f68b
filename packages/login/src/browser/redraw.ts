// A picture of the customer's, drawn anew: nothing of the file is left but what is seen.
import type { Octets } from './octets.ts'
import { MAX_PICTURE_OCTETS, PICTURE_HEIGHT, PICTURE_WIDTH } from './shown.ts'

/** The largest file that is looked at. */
export const MAX_FILE_OCTETS: number = 20 * 1024 * 1024
/** The largest picture that is decoded: 50 megapixels are 200 MB, beyond that a small file fills the memory. */
export const MAX_PIXELS = 50_000_000

/** Why a file is not taken; each has its words. */
export type PictureFault = 'not-a-picture' | 'file-too-large' | 'too-many-pixels' | 'does-not-compress'

/** A file that is not taken. */
export class PictureError extends Error {
  override readonly name = 'PictureError'
  readonly fault: PictureFault

  constructor(fault: PictureFault) {
    super(fault)
    this.fault = fault
  }
}

/** Draws an uploaded file anew, and compresses it. @throws {PictureError} */
export async function redrawFile(file: Blob): Promise<Octets> {
  if (file.size > MAX_FILE_OCTETS) throw new PictureError('file-too-large')
  const size = pixelsOf(new DataView(await file.arrayBuffer()))
  if (size === undefined) throw new PictureError('not-a-picture')
  const [width, height] = size
  if (width * height > MAX_PIXELS) throw new PictureError('too-many-pixels')
  let bitmap: ImageBitmap
  try {
    // Smaller already while it is decoded; the other side follows in proportion.
    const scale = Math.max((PICTURE_WIDTH * 2) / width, (PICTURE_HEIGHT * 2) / height)
    const resizeWidth = Math.max(1, Math.round(width * scale))
    bitmap = await createImageBitmap(file, scale < 1 ? { resizeWidth, resizeQuality: 'high' } : {})
  } catch {
    throw new PictureError('not-a-picture')
  }
  try {
    return await redraw(bitmap, bitmap.width, bitmap.height)
  } finally {
    bitmap.close()
  }
}

/** Draws one of our own pictures. @throws {PictureError} */
export async function redrawImage(image: HTMLImageElement): Promise<Octets> {
  await image.decode()
  return redraw(image, PICTURE_WIDTH, PICTURE_HEIGHT)
}

const QUALITIES = [0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1]

async function redraw(source: CanvasImageSource, width: number, height: number): Promise<Octets> {
  const canvas = new OffscreenCanvas(PICTURE_WIDTH, PICTURE_HEIGHT)
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null) throw new PictureError('not-a-picture')
  // What was transparent is white; the middle is kept where the sides do not fit.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT)
  const scale = Math.max(PICTURE_WIDTH / width, PICTURE_HEIGHT / height)
  const [drawnWidth, drawnHeight] = [width * scale, height * scale]
  context.drawImage(
    source,
    (PICTURE_WIDTH - drawnWidth) / 2,
    (PICTURE_HEIGHT - drawnHeight) / 2,
    drawnWidth,
    drawnHeight,
  )
  for (const quality of QUALITIES) {
    const blob = await compress(canvas, quality)
    if (blob.size <= MAX_PICTURE_OCTETS) return new Uint8Array(await blob.arrayBuffer())
  }
  throw new PictureError('does-not-compress')
}

/** WebP, or JPEG in a browser that cannot write it. */
async function compress(canvas: OffscreenCanvas, quality: number): Promise<Blob> {
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality })
  return blob.type === 'image/webp' ? blob : canvas.convertToBlob({ type: 'image/jpeg', quality })
}

/** Width and height as the head of a PNG, JPEG, GIF or WebP says them, before anything is decoded; undefined for what is none of these. */
export function pixelsOf(file: DataView): readonly [number, number] | undefined {
  try {
    return pngPixels(file) ?? jpegPixels(file) ?? gifPixels(file) ?? webpPixels(file)
  } catch (error) {
    // It ends before its head does.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function pngPixels(file: DataView): readonly [number, number] | undefined {
  if (file.getUint32(0) !== 0x89504e47 || file.getUint32(4) !== 0x0d0a1a0a) return undefined
  return [file.getUint32(16), file.getUint32(20)]
}

function gifPixels(file: DataView): readonly [number, number] | undefined {
  if (file.getUint32(0) !== 0x47494638) return undefined
  return [file.getUint16(6, true), file.getUint16(8, true)]
}

function webpPixels(file: DataView): readonly [number, number] | undefined {
  if (file.getUint32(0) !== 0x52494646 || file.getUint32(8) !== 0x57454250) return undefined
  switch (file.getUint32(12)) {
    case 0x56503820: // VP8
      return [file.getUint16(26, true) & 0x3fff, file.getUint16(28, true) & 0x3fff]
    case 0x5650384c: {
      // VP8L: two times 14 bits
      const bits = file.getUint32(21, true)
      return [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1]
    }
    case 0x56503858: // VP8X: two times 24 bits
      return [(file.getUint32(24, true) & 0xffffff) + 1, (file.getUint32(26, true) >>> 8) + 1]
    default:
      return undefined
  }
}

/** Walks the segments up to the start of a frame (ITU-T T.81 §B.2.2); each step is at least two octets on. */
function jpegPixels(file: DataView): readonly [number, number] | undefined {
  if (file.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; ; ) {
    if (file.getUint8(at) !== 0xff) return undefined
    const marker = file.getUint8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return [file.getUint16(at + 7), file.getUint16(at + 5)]
    at += 2 + file.getUint16(at + 2)
  }
}
