// What a file says of itself, before anything of it is decoded: which picture it is, how large, and whether it moves.

/** As the file says. */
export interface Seen {
  /** In pixels. */
  readonly width: number
  readonly height: number
  /** Whether there is more than one to be shown after the other. */
  readonly moves: boolean
}

/** Reads a PNG, JPEG, GIF or WebP as far as this needs; undefined for what is none of these. */
export function lookAt(file: DataView): Seen | undefined {
  try {
    return lookAtPng(file) ?? lookAtJpeg(file) ?? lookAtGif(file) ?? lookAtWebp(file)
  } catch (error) {
    // It ends before that.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Walks the chunks up to the first of the pixels, before which one that moves says so (PNG 3 §5.3, §11.3.6.1). */
function lookAtPng(file: DataView): Seen | undefined {
  if (file.getUint32(0) !== 0x89504e47 || file.getUint32(4) !== 0x0d0a1a0a) return undefined
  const [width, height] = [file.getUint32(16), file.getUint32(20)]
  for (let at = 8; ; at += 12 + file.getUint32(at)) {
    const type = file.getUint32(at + 4)
    if (type === 0x6163544c) return { width, height, moves: true } // acTL
    if (type === 0x49444154) return { width, height, moves: false } // IDAT
  }
}

/** Walks the segments up to the start of a frame (ITU-T T.81 §B.2.2); each step is at least two octets on. */
function lookAtJpeg(file: DataView): Seen | undefined {
  if (file.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; ; ) {
    if (file.getUint8(at) !== 0xff) return undefined
    const marker = file.getUint8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { width: file.getUint16(at + 7), height: file.getUint16(at + 5), moves: false }
    at += 2 + file.getUint16(at + 2)
  }
}

const [EXTENSION, IMAGE] = [0x21, 0x2c]

/** Walks the blocks up to the second picture, or the end (GIF89a §17 to §27). */
function lookAtGif(file: DataView): Seen | undefined {
  if (file.getUint32(0) !== 0x47494638) return undefined
  let [width, height, pictures] = [file.getUint16(6, true), file.getUint16(8, true), 0]
  let at = 13 + tableOctets(file.getUint8(10))
  for (;;) {
    const block = file.getUint8(at)
    if (block === EXTENSION) at += 2
    else if (block === IMAGE) {
      pictures += 1
      if (pictures > 1) return { width, height, moves: true }
      // One that is larger than its screen makes decoders widen the screen.
      width = Math.max(width, file.getUint16(at + 1, true) + file.getUint16(at + 5, true))
      height = Math.max(height, file.getUint16(at + 3, true) + file.getUint16(at + 7, true))
      at += 11 + tableOctets(file.getUint8(at + 9))
    } else return pictures === 0 ? undefined : { width, height, moves: false }
    // Sub-blocks, up to the empty one.
    while (file.getUint8(at) > 0) at += 1 + file.getUint8(at)
    at += 1
  }
}

/** Of a table of colours, where the packed field says that there is one. */
function tableOctets(packed: number): number {
  return packed & 0x80 ? 3 << ((packed & 7) + 1) : 0
}

/** @see RFC 9649 §2.5 to §2.7 */
function lookAtWebp(file: DataView): Seen | undefined {
  if (file.getUint32(0) !== 0x52494646 || file.getUint32(8) !== 0x57454250) return undefined
  switch (file.getUint32(12)) {
    case 0x56503820: // VP8
      return { width: file.getUint16(26, true) & 0x3fff, height: file.getUint16(28, true) & 0x3fff, moves: false }
    case 0x5650384c: {
      // VP8L: two times 14 bits
      const bits = file.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, moves: false }
    }
    case 0x56503858: // VP8X: a bit that says that it moves, and two times 24 bits
      return {
        width: (file.getUint32(24, true) & 0xffffff) + 1,
        height: (file.getUint32(26, true) >>> 8) + 1,
        moves: (file.getUint8(20) & 0x02) !== 0,
      }
    default:
      return undefined
  }
}
