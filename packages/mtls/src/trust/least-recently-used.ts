/** A bounded memory: where it is full, what was asked for longest ago is forgotten. */
export class LeastRecentlyUsed<Value> {
  // A Map walks in the order of insertion, so its first key is the one to forget.
  readonly #entries = new Map<string, Value>()
  readonly #maxEntries: number

  /** @throws {RangeError} when `maxEntries` is not a positive whole number. */
  constructor(maxEntries: number) {
    if (!Number.isInteger(maxEntries) || maxEntries < 1) throw new RangeError('maxEntries is a positive whole number')
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  /** Answers what is kept under `key` and counts that as a use. */
  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#maxEntries) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  values(): readonly Value[] {
    return [...this.#entries.values()]
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
