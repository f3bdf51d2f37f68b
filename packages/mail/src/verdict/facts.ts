// What is known of a message that was read and opened: all that its verdict rests on.
import type { RefusalCode } from '@countersign/protocol'
import type { Layer, Mailbox, Signer, TimeEvidence } from '../model.ts'

/** Something signed or encrypted that stands inside the payload, where it says nothing of the message. @see RFC 9788 §1.7 */
export interface Errant {
  readonly kind: 'signed' | 'encrypted' | 'inline'
  /** As people count parts, as in `2.1`. */
  readonly part: string
}

/** Facts of one message, seen by its recipient. */
export interface MailFacts {
  /** Whether it could be read at all. */
  readonly form: { readonly ok: true } | { readonly ok: false; readonly code: RefusalCode; readonly note?: string }
  /** The addresses of the From that everybody sees, and of the protected one. Absent: there is none, or not in the form of one. */
  readonly outerFrom?: readonly Mailbox[]
  readonly protectedFrom?: readonly Mailbox[]
  /** The addresses in To and Cc that the sender protected; absent where the header is not protected. */
  readonly protectedTo?: readonly Mailbox[]
  /** Names, in lower case, of fields that stand outside otherwise than who protected the header had put them. */
  readonly alteredFields?: readonly string[]
  /** The cryptographic envelope, from outside inwards. */
  readonly layers: readonly Layer[]
  readonly errants: readonly Errant[]
  /** How many whole messages are attached; what is in them was not looked into. */
  readonly attachedMessages: number
  /** Whose mailbox it is. */
  readonly self?: Signer
  /** Of the whole message; a signature may have its own. */
  readonly evidenceOfTime?: TimeEvidence
}
