// The presentation language of TLS, RFC 9846 §3: numbers, and vectors behind their lengths.

/** A walk over octets; nothing is read past the end. What does not fit throws the error of who reads. */
export class Fields {
  readonly #view: Uint8Array
  readonly #misfit: () => Error
  #at = 0

  constructor(view: Uint8Array, misfit: () => Error) {
    this.#view = view
    this.#misfit = misfit
  }

  get atEnd(): boolean {
    return this.#at === this.#view.length
  }

  /** The next `count` octets, a view. */
  octets(count: number): Uint8Array {
    const end = this.#at + count
    if (end > this.#view.length) throw this.#misfit()
    const octets = this.#view.subarray(this.#at, end)
    this.#at = end
    return octets
  }

  /** A big-endian number of `count` octets. */
  number(count: number): number {
    const end = this.#at + count
    if (end > this.#view.length) throw this.#misfit()
    let value = 0
    while (this.#at < end) value = value * 256 + (this.#view[this.#at++] ?? 0)
    return value
  }

  /** `<least..most>` octets behind a length of `lengthOctets`. */
  vector(lengthOctets: number, least: number, most: number): Fields {
    const length = this.number(lengthOctets)
    if (length < least || length > most) throw this.#misfit()
    return new Fields(this.octets(length), this.#misfit)
  }

  /** What is left, as Latin-1. */
  text(): string {
    return String.fromCharCode(...this.octets(this.#view.length - this.#at))
  }

  /** Nothing may be left. */
  close(): void {
    if (!this.atEnd) throw this.#misfit()
  }
}
