// Lines out of pieces. A CRLF may be cut in two, and a line may have as many octets as the message.
import { MailFormError } from './error.ts'

const CR = 0x0d
const LF = 0x0a
const HYPHEN = 0x2d

/** Takes lines, and says which ones it must see. */
export interface LineTaker {
  /** How many octets of a line are needed. Of one that is longer, one more is given, or all. */
  readonly maxLineOctets: number
  /** Whether a line that does not begin with a hyphen is passed over. */
  readonly wantsDelimitersAlone: boolean
  /** `line` is without its end, a view; `start` and `end` are its places, with its end. The last line may have none. */
  line(line: Buffer, start: number, end: number): void
}

/** Cuts octets into lines, and refuses a CR or LF that is not one of a pair, and NUL. The octets themselves are looked at by `indexOf` alone. */
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
    const nul = octets.indexOf(0)
    if (nul >= 0) throw new MailFormError('nul', this.#at + nul)
    if (octets.length === 0) return
    if (this.#endsWithCr && octets[0] !== LF) throw new MailFormError('bare-cr', this.#at - 1)
    let from = 0
    while (from < octets.length) {
      const feed = octets.indexOf(LF, from)
      const carriage = octets.indexOf(CR, from)
      if (feed < 0) {
        if (carriage >= 0 && carriage < octets.length - 1) throw new MailFormError('bare-cr', this.#at + carriage)
        this.#endsWithCr = carriage >= 0
        this.#hold(octets.subarray(from))
        break
      }
      const isPair = carriage < 0 || carriage > feed ? feed === 0 && this.#endsWithCr : carriage === feed - 1
      if (!isPair) {
        const isBareCr = carriage >= 0 && carriage < feed
        throw new MailFormError(isBareCr ? 'bare-cr' : 'bare-lf', this.#at + (isBareCr ? carriage : feed))
      }
      this.#endsWithCr = false
      this.#take(octets, from, feed)
      from = feed + 1
    }
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
