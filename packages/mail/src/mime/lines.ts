// Lines out of pieces. A CRLF may be cut in two, and a line may have as many octets as the message.
import { MailFormError } from './error.ts'

const CR = 0x0d
const LF = 0x0a
const CRLF = 0x0d0a
const HYPHEN = 0x2d
/** A space, the highest bit, and the one below it, in each octet of a word. */
const SPACES = 0x20202020
const HIGHEST = -0x7f7f7f80
const LETTERS = 0x40404040

/** Takes lines, and says which ones it must see. */
export interface LineTaker {
  /** How many octets of a line are needed. Of one that is longer, one more is given, or all. */
  readonly maxLineOctets: number
  /** Whether a line that does not begin with a hyphen is passed over. */
  readonly wantsDelimitersAlone: boolean
  /** `line` is without its end, a view; `start` and `end` are its places, with its end. The last line may have none. */
  line(line: Buffer, start: number, end: number): void
}

/** Cuts octets into lines, and refuses a CR or LF that is not one of a pair, and NUL. */
export class LineCutter {
  readonly #taker: LineTaker
  /** Where the next octet stands. */
  #at: number
  /** The beginning of a line that has not ended, and where it begins. */
  #held: Buffer[] = []
  #heldOctets = 0
  #lineStart: number
  #endsWithCr = false

  constructor(taker: LineTaker, at: number) {
    this.#taker = taker
    this.#at = at
    this.#lineStart = at
  }

  /** @throws {MailFormError} */
  push(octets: Buffer): void {
    if (octets.length === 0) return
    if (this.#endsWithCr && octets[0] !== LF) throw new MailFormError('bare-cr', this.#at - 1)
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
    let from = 0
    if (this.#endsWithCr) this.#take(octets, 0, from++)
    for (let at = from; ; ) {
      at = nextControl(view, at, octets.length)
      const octet = octets[at]
      if (octet === LF) throw new MailFormError('bare-lf', this.#at + at)
      if (octet === 0) throw new MailFormError('nul', this.#at + at)
      if (at + 1 >= octets.length) break
      if (octet !== CR) at++
      else if (octets[at + 1] !== LF) throw new MailFormError('bare-cr', this.#at + at)
      else {
        this.#take(octets, from, at + 1)
        const next = at + 2
        at = this.#taker.wantsDelimitersAlone ? passLinesLike(view, at - from, next) : next
        from = at
        this.#lineStart = this.#at + from
      }
    }
    this.#endsWithCr = octets.at(-1) === CR
    if (from < octets.length) this.#hold(octets.subarray(from))
    this.#at += octets.length
  }

  /** The last line, which has no end; nothing where there is none. @throws {MailFormError} */
  end(): void {
    if (this.#endsWithCr) throw new MailFormError('bare-cr', this.#at - 1)
    if (this.#lineStart < this.#at) this.#taker.line(Buffer.concat(this.#held), this.#lineStart, this.#at)
  }

  #take(octets: Buffer, from: number, feed: number): void {
    const end = this.#at + feed + 1
    if (this.#lineStart < this.#at + from) {
      this.#hold(octets.subarray(from, feed))
      const line = Buffer.concat(this.#held)
      this.#held = []
      this.#heldOctets = 0
      // Its CR may have been held.
      this.#taker.line(line.at(-1) === CR ? line.subarray(0, -1) : line, this.#lineStart, end)
    } else if (octets[from] === HYPHEN || !this.#taker.wantsDelimitersAlone) {
      this.#taker.line(octets.subarray(from, feed - 1), this.#lineStart, end)
    }
    this.#lineStart = end
  }

  #hold(octets: Buffer): void {
    // One more than is needed: it is the CR of the line's end, or shows that there are more.
    const kept = octets.subarray(0, this.#taker.maxLineOctets + 1 - this.#heldOctets)
    // A view would keep all of the piece.
    if (kept.length > 0) this.#held.push(Buffer.from(kept))
    this.#heldOctets += kept.length
  }
}

/** Index of the next control character, or the length. Four octets at once: native code would be called for each line. */
function nextControl(view: DataView, from: number, end: number): number {
  let at = from
  for (; at + 4 <= end; at += 4) {
    const controls = controlsIn(view.getInt32(at, true))
    // Of an octet above the lowest it may be wrong: that has borrowed.
    if (controls !== 0) return at + ((31 - Math.clz32(controls & -controls)) >> 3)
  }
  while (at < end && view.getUint8(at) >= 0x20) at++
  return at
}

/**
 * Where the first line begins that is not of so many octets, as the lines of base64 are, begins with a hyphen, or has a control
 * character: an octet with neither bit 5 nor bit 6, as some of UTF-8 are too. Nothing is asked within a line.
 */
function passLinesLike(view: DataView, octets: number, from: number): number {
  const latest = view.byteLength - octets - 2
  let at = from
  for (; octets >= 4 && at <= latest; at += octets + 2) {
    const end = at + octets
    if (view.getUint16(end) !== CRLF || view.getUint8(at) === HYPHEN) return at
    const last = view.getInt32(end - 4, true)
    let either = last | (last << 1)
    for (let i = at; i < end - 4; i += 4) {
      const word = view.getInt32(i, true)
      either &= word | (word << 1)
    }
    if ((either & LETTERS) !== LETTERS) return at
  }
  return at
}

/** The highest bit of each octet that is less than a space, and of none if none is. */
function controlsIn(word: number): number {
  return ((word - SPACES) | 0) & ~word & HIGHEST
}
