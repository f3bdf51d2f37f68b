/** Octets that arrive in pieces. The first piece is not copied; after it, copies stay linear because room doubles. */
export class GrowingOctets {
  #room: Uint8Array = new Uint8Array(0)
  #length = 0

  append(octets: Uint8Array): void {
    const length = this.#length + octets.length
    if (this.#length === 0) {
      this.#room = octets
    } else {
      if (length > this.#room.length) {
        const larger = new Uint8Array(2 * length)
        larger.set(this.#room.subarray(0, this.#length))
        this.#room = larger
      }
      this.#room.set(octets, this.#length)
    }
    this.#length = length
  }

  /** What has arrived; a view that the next `append` may leave behind. */
  view(): Uint8Array {
    return this.#room.subarray(0, this.#length)
  }
}
