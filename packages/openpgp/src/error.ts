import type { RefusalCode } from '@countersign/protocol'

/** Why a key or a message is not read, sealed or opened. Its code is a row of the table of refusals; mail has no others. */
export class OpenPgpError extends Error {
  override readonly name = 'OpenPgpError'
  readonly code: RefusalCode
  /** For the record of whoever operates; no secrets, no text of the peer. */
  readonly note: string
  constructor(code: RefusalCode, note: string, options?: ErrorOptions) {
    super(`${note} (${code})`, options)
    this.code = code
    this.note = note
  }
}
