// What is refused to people, as an error that ends a call wherever it is found out.
import type { Meeting, RefusalCode } from '@countersign/protocol'

/** What goes with a refusal. */
export interface RefusalCircumstances {
  /** For the log; for whoever asked too, where `isTold`. Without secrets. */
  readonly note?: string
  /** Whether whoever asked may read the note: it speaks of their own request and of nothing else. */
  readonly isTold?: boolean
  /** Where the refusal is the end of a sign-in: its record, which has the reference. */
  readonly meeting?: Meeting
  /** When to come again. */
  readonly retryAfterSeconds?: number
}

/** Ends a call. One place turns it into an answer: `routes.ts`. */
export class PersonRefusal extends Error {
  override readonly name = 'PersonRefusal'
  readonly code: RefusalCode
  readonly circumstances: RefusalCircumstances

  constructor(code: RefusalCode, circumstances: RefusalCircumstances = {}, options?: ErrorOptions) {
    super(circumstances.note ?? code, options)
    this.code = code
    this.circumstances = circumstances
  }
}

/** What was asked wrongly, as whoever asked may read it: of their own request, and nothing else. */
export function badRequest(note: string): PersonRefusal {
  return new PersonRefusal('ERR_PERSON_REQUEST', { note, isTold: true })
}
