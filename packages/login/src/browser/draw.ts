// Draws what was opened.
import { element } from './dom.ts'
import type { Shown } from './shown.ts'

/** Draws a picture, and writes its phrase. */
export async function draw({ picture, phrase }: Shown, canvas: string, caption: string): Promise<void> {
  await drawPicture(picture, canvas)
  element(caption, HTMLElement).textContent = `“${phrase}”`
}

/** Draws a picture on a canvas, which shows no file. */
export async function drawPicture(picture: Shown['picture'], canvas: string): Promise<void> {
  const bitmap = await createImageBitmap(new Blob([picture]))
  const target = element(canvas, HTMLCanvasElement)
  target.getContext('2d')?.drawImage(bitmap, 0, 0, target.width, target.height)
  bitmap.close()
}
