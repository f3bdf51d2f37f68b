// Between a door and whoever knows its people: whose a request is, and what a service may be told of it.
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { PersonSession } from './meet-person.ts'

/** What is told of a request whose person is looked for. */
export interface PersonRequest {
  readonly method: string
  /** As in `bank.example:8444`. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  readonly cookie: string | undefined
  /** The field `DPoP`, and of a WebSocket what stands for it: `proofOf`. @see RFC 9449 §4.1 */
  readonly proof: string | undefined
  /** The field `Origin`. */
  readonly origin: string | undefined
  /** Whether it asks for another protocol on this connection, as a WebSocket does, in HTTP/2 by an extended CONNECT. */
  readonly isUpgrade: boolean
  /** SHA-256 of the certificate by which the connection's caller was met, where it was. */
  readonly certificateSha256: string | undefined
}

/** Whom a request is of. */
export type FoundPerson =
  /** Nobody has signed in. */
  | { readonly kind: 'nobody' }
  /** There is a session, and it asks for a fresh proof of its key: a page makes one at `/login/renew`. */
  | { readonly kind: 'renew' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly meeting?: Meeting }
  | {
      readonly kind: 'person'
      readonly session: PersonSession
      readonly claims: PersonClaims
      /** Calls `end`, once, when the session is cut. Answers how to leave. */
      follow(end: (cause: RefusalCode) => void): () => void
    }

/** What the signed statement says of a person, beside who it is. */
export interface PersonClaims {
  /** SHA-256 thumbprint of the device's key. @see RFC 7638, RFC 9449 §6.1 */
  readonly jkt?: string
  readonly proofs: readonly { readonly kind: string; readonly at: Temporal.Instant; readonly binding: string }[]
  /** Base64url SHA-256 of each matter that was confirmed within the last five minutes, and by what. */
  readonly confirmed: readonly { readonly sha256: string; readonly by: string; readonly at: Temporal.Instant }[]
}
