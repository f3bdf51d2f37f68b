import type { RefusalCode } from '@countersign/protocol'

/** Why a message is not sealed or opened. Its code is a row of the table of refusals; mail has no others. */
export class SmimeError extends Error {
  override readonly name = 'SmimeError'
  readonly code: RefusalCode
  /** For the record of whoever operates; no secrets, no text of the peer. */
  readonly note: string
  constructor(code: RefusalCode, note: string, options?: ErrorOptions) {
    super(`${note} (${code})`, options)
    this.code = code
    this.note = note
  }
}
