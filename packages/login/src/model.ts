// What login is given by the house, and what it gives to a door or an application.
import type { House, Session } from '@countersign/mtls'
import type { Decision, Meeting, Proof, RefusalCode, Side } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from './store/tables.ts'

/** Where accounts are kept: a part of the house's store, in SQLite or PostgreSQL. */
export interface LoginStore {
  /** For questions outside of a transaction: sees what is committed. */
  readonly db: Kysely<Tables>
  /** Runs `work` in one durable transaction, undone when it throws; it may run more than once, and changes nothing but the store. */
  commit<Result>(work: (tx: LoginTransaction) => Promise<Result>): Promise<Result>
}

/** Within a transaction. */
export interface LoginTransaction {
  readonly db: Kysely<Tables>
  /** Writes an act upon an account into the house's ledger, in this transaction. */
  record(entry: AccountEntry): Promise<void>
}

/** What the ledger says of accounts: who proves themselves by what, and since when. */
export interface AccountEntry {
  readonly at: Temporal.Instant
  /** The party. */
  readonly account: string
  readonly door: string
  readonly act:
    | 'invited'
    | 'invited again'
    | 'invitation refused'
    | 'opened'
    | 'opened again'
    | 'device added'
    | 'device removed'
    | 'passkey added'
    | 'passkey removed'
    | 'password changed'
    | 'app changed'
    | 'picture changed'
    | 'recovery begun'
    | 'recovery ended'
    | 'recovery codes made'
  /** How, or which device: without secrets. */
  readonly evidence: string
}

/** A session of a person: found by its keys, followed and cut like every other. */
export interface PersonSession extends Omit<Session, 'certificates'> {
  readonly proofs: readonly Proof[]
  /** As `CallerSession.ask`: whether this person may have `what`, followed until released. */
  ask(what: string, end: (cause: RefusalCode) => void): { readonly decision: Decision; readonly release: () => void }
}

/** What is told of a request whose person is looked for. */
export interface PersonRequest {
  readonly method: string
  /** As in `bank.example:8444`. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  readonly cookie: string | undefined
  /** The field `DPoP`. */
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
      /** For the service behind: what the signed statement says beside who it is. */
      readonly claims: PersonClaims
      /** Calls `end`, once, when the session is cut. Answers how to leave. */
      follow(end: (cause: RefusalCode) => void): () => void
    }

/** What is stated of a person, beside the name. */
export interface PersonClaims {
  /** SHA-256 thumbprint of the device's key. @see RFC 7638, RFC 9449 §6.1 */
  readonly jkt?: string
  readonly proofs: readonly { readonly kind: string; readonly at: Temporal.Instant; readonly binding: string }[]
  /** Base64url SHA-256 of each matter that was confirmed within the last five minutes, and by what. */
  readonly confirmed: readonly { readonly sha256: string; readonly by: string; readonly at: Temporal.Instant }[]
}

/** All that login uses of the house: nothing of its own decides who may pass. */
export interface LoginHouse
  extends Pick<House, 'access' | 'sessions' | 'clock' | 'record' | 'log' | 'files' | 'trust'> {
  readonly door: string
  /** The door as it proves itself to callers: the second side of each record. */
  readonly callee: () => Side
  readonly store: LoginStore
}
