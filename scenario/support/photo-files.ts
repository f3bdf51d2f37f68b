// Files that customers have: pictures in three formats, with what cameras and programs write into them, by exiftool.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { needs, programPath } from '../../interop/peer.ts'

/** What these files need of the machine. */
export const PHOTOS_NEED: Readonly<Record<string, unknown>> = needs('exiftool', 'libimage-exiftool-perl')

/** Of every picture that a page shows. */
export const WIDTH = 320
export const HEIGHT = 240

/** In a blank page: draws a file as large as it is, turned where a camera was held upright, and writes it in a format. */
const REWRITE = `async ({ octets, type, turned }) => {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.fromBase64(octets)]))
  const [width, height] = turned ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (turned) context.setTransform(0, -1, 1, 0, 0, height)
  context.drawImage(bitmap, 0, 0)
  const blob = await canvas.convertToBlob({ type, quality: 0.95 })
  return new Uint8Array(await blob.arrayBuffer()).toBase64()
}`
/** In a blank page: the pixels of a file, as small as a page shows them. */
const LOOK = `async ({ octets, width, height }) => {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.fromBase64(octets)]))
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
  return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer).toBase64()
}`
/** In the page of a bank: what is seen there. */
const SEEN = (canvas: string) =>
  `new Uint8Array(document.querySelector('${canvas}').getContext('2d').getImageData(0, 0, ${WIDTH}, ${HEIGHT}).data.buffer).toBase64()`

/** Writes a picture in another format. @param turned By a quarter, as a camera that is held upright does. */
export async function rewrite(
  blank: Page,
  file: Uint8Array,
  type: 'image/jpeg' | 'image/webp',
  turned = false,
): Promise<Uint8Array> {
  return octetsOf(blank.evaluate(`(${REWRITE})(${JSON.stringify({ octets: base64(file), type, turned })})`))
}

/** The pixels of a file, RGBA, scaled to those of a page. */
export async function look(blank: Page, file: Uint8Array): Promise<Uint8Array> {
  return octetsOf(
    blank.evaluate(`(${LOOK})(${JSON.stringify({ octets: base64(file), width: WIDTH, height: HEIGHT })})`),
  )
}

/** The pixels that a page of the bank shows, RGBA. */
export async function seenOn(page: Page, canvas: string): Promise<Uint8Array> {
  return octetsOf(page.evaluate(SEEN(canvas)))
}

/** By how much two pictures differ, from 0 to 255: the mean over all pixels and colours. */
export function difference(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, WIDTH * HEIGHT * 4)
  assert.equal(other.length, one.length)
  let sum = 0
  for (let at = 0; at < one.length; at++) if (at % 4 !== 3) sum += Math.abs((one[at] ?? 0) - (other[at] ?? 0))
  return sum / (WIDTH * HEIGHT * 3)
}

/** A file with more in it than is seen. @param tags As exiftool names them, as in `{ 'EXIF:Make': 'Acme' }`. */
export async function withMetadata(
  file: Uint8Array,
  ending: string,
  tags: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  return inFile(file, ending, async (path) => {
    const given = Object.entries(tags).map(([name, value]) => `-${name}=${value}`)
    execFileSync(programPath('exiftool'), ['-q', '-overwrite_original', ...given, path])
    return readFile(path)
  })
}

/** What exiftool finds, as in `GPS:GPSLatitude`, but for the file itself and what it takes to decode it. */
export async function metadataOf(file: Uint8Array, ending: string): Promise<Readonly<Record<string, string>>> {
  return inFile(file, ending, async (path) => {
    const told = execFileSync(programPath('exiftool'), ['-j', '-G1', '-a', '-u', '-n', path], { encoding: 'utf8' })
    const [found] = JSON.parse(told) as [Readonly<Record<string, unknown>>]
    return Object.fromEntries(
      Object.entries(found)
        .filter(([name]) => !DECODED.test(name))
        .map(([name, value]) => [name, String(value)]),
    )
  })
}

/** Facts of the file, sizes, and the parameters of its compression. */
const DECODED =
  /^SourceFile$|^(?:ExifTool|System|Composite):|^File:(?:FileType|FileTypeExtension|MIMEType)$|:(?:ImageWidth|ImageHeight|VP8Version|HorizontalScale|VerticalScale)$/

async function inFile<Result>(
  file: Uint8Array,
  ending: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-photo-'))
  try {
    const path = join(directory, `photo.${ending}`)
    await writeFile(path, file)
    return await work(path)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function octetsOf(told: Promise<unknown>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.from(String(await told), 'base64'))
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}
