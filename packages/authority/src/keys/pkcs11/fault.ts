// Why a token does not sign, as it is told from the process that holds it to the one that asked.
import type { AuthorityErrorCode } from '../../error.ts'

/** A code of the authority's table that is about keys. */
export type KeyFaultCode = Extract<AuthorityErrorCode, `ERR_AUTHORITY_KEY_${string}`>

/** Says why the key of a token cannot be had or does not sign. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault'
  readonly code: KeyFaultCode
  /** In place of what the table says. */
  readonly next: string | undefined
  constructor(code: KeyFaultCode, message: string, options?: ErrorOptions & { readonly next?: string }) {
    super(message, options)
    this.code = code
    this.next = options?.next
  }
}
