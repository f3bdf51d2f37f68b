// A picture of the customer's, drawn anew: nothing of the file is left but what is seen.
import { lookAt } from './look-at.ts'
import type { Octets } from './octets.ts'
import { MAX_PICTURE_OCTETS, PICTURE_HEIGHT, PICTURE_WIDTH } from './shown.ts'

/** The largest file that is looked at. */
export const MAX_FILE_OCTETS: number = 20 * 1024 * 1024
/** The largest picture that is decoded: 50 megapixels are 200 MB, beyond that a small file fills the memory. */
export const MAX_PIXELS = 50_000_000

/** Why a file is not taken; each has its words. */
export type PictureFault = 'not-a-picture' | 'file-too-large' | 'too-many-pixels' | 'moves' | 'does-not-compress'

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
  const seen = lookAt(new DataView(await file.arrayBuffer()))
  if (seen === undefined) throw new PictureError('not-a-picture')
  const { width, height, moves } = seen
  if (width * height > MAX_PIXELS) throw new PictureError('too-many-pixels')
  if (moves) throw new PictureError('moves')
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
  try {
    await image.decode()
  } catch {
    // It did not come.
    throw new PictureError('not-a-picture')
  }
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
