import type { RefusalCode } from '@countersign/protocol'

/** Why a message is not sealed: whose address or key is not as it must be. The sender's own words are in it, and nobody else's. */
export class SealError extends Error {
  override readonly name = 'SealError'
  readonly code: RefusalCode
  /** Of this very message. */
  readonly note: string
  constructor(code: RefusalCode, note: string) {
    super(`${note} (${code})`)
    this.code = code
    this.note = note
  }
}
