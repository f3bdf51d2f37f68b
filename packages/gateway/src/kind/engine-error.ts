// Why an engine, a program of others that a door starts, does not serve it.

/** Its program is missing, or it does not start. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: 'ERR_ENGINE_MISSING' | 'ERR_ENGINE_FAILED'
  /** What to do, as an imperative. */
  readonly next: string

  constructor(code: EngineError['code'], message: string, next: string) {
    super(message)
    this.code = code
    this.next = next
  }
}
