import { MailError } from '@countersign/protocol'

const NONE = new Uint8Array(0)

/** Reads a stream of octets in the pieces that a format asks for, and never more of it than that. Disposed of, it ends its source. */
export class OctetReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>
  #held: Uint8Array = NONE
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#held.length === 0 && !this.#ended) await this.#pull()
    return this.#held.length === 0
  }

  /** The next `count` octets, as a view or a copy. @throws {MailError} when the stream ends before. */
  async read(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let missing = count
    while (missing > 0) {
      const piece = await this.readSome(missing)
      if (piece === undefined) throw new MailError('ERR_MAIL_FORM', 'a packet ends early')
      parts.push(piece)
      missing -= piece.length
    }
    return parts.length === 1 && parts[0] ? parts[0] : concat(parts)
  }

  async readOctet(): Promise<number> {
    const [octet = 0] = await this.read(1)
    return octet
  }

  /** Up to `most` octets that are at hand, at least one; undefined at the end. */
  async readSome(most: number): Promise<Uint8Array | undefined> {
    if (await this.isAtEnd()) return undefined
    const piece = this.#held.subarray(0, most)
    this.#held = this.#held.subarray(piece.length)
    return piece
  }

  /** Ends the source, which may hold files or ciphers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    this.#held = NONE
    await this.#source.return?.()
  }

  async #pull(): Promise<void> {
    const { done, value } = await this.#source.next()
    if (done) this.#ended = true
    else this.#held = value
  }
}

/** One array of all parts. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** All octets of a stream. @throws {MailError} when there are more than `most`. */
export async function collect(source: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of source) {
    length += part.length
    if (length > most) throw new MailError('ERR_MAIL_BUDGET', `more than ${most} octets where few are expected`)
    parts.push(part)
  }
  return concat(parts)
}
