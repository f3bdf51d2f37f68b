// People at a web door: what the house hands in to find whose a request is, and what a door tells it.
import type { CallerSession, House } from '@countersign/mtls'
import type { Meeting, RefusalCode, Side } from '@countersign/protocol'

/** What a door says of its people. */
export interface PeopleConfig {
  /** How long a recovery must wait, in hours. Default 24. */
  readonly recoveryHours?: number
  /** By which notices go out. Absent: nobody is told by mail. */
  readonly mail?: {
    /** `smtp://` or `smtps://`, with a user where one is needed, and without its password. */
    readonly url: string
    readonly from: string
    /** The file of the password. */
    readonly password?: string
  }
  /** The file of the door's secret, without which the store says nothing of passwords. Absent: one among the door's files. */
  readonly secret?: string
}

/** What is told of a request whose person is looked for. */
export interface PersonRequest {
  readonly method: string
  /** As in `bank.example:8444`. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  readonly cookie: string | undefined
  /** The field `DPoP`. @see RFC 9449 §4.1 */
  readonly proof: string | undefined
  /** The field `Origin`. */
  readonly origin: string | undefined
  /** Whether it asks for another protocol on this connection, as a WebSocket does, in HTTP/2 by an extended CONNECT. */
  readonly isUpgrade: boolean
  /** SHA-256 of the certificate by which the connection's caller was met, where it was. */
  readonly certificateSha256: string | undefined
}

/** The session of a person, as `createPeople` of `mtls` makes it. */
export type PersonSession = Pick<CallerSession, 'meeting' | 'ask' | 'isCut' | 'cutBy'> & {
  sent?(octets: number): void
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

/** The people of one door. */
export interface People {
  find(request: PersonRequest): Promise<FoundPerson>
  /** What answers below `/login`, in clear on this machine; `secret` shows it that this door asks. */
  readonly upstream: { readonly url: string; readonly secret: string }
  /** Forgets whom it has met; nobody is signed out by it. */
  close(): Promise<void>
}

/** Opens the people of one door. */
export type OpenPeople = (
  config: PeopleConfig & { readonly host: readonly [string, ...string[]] },
  house: PeopleHouse,
) => Promise<People>

/** What of a door's house its people may use. */
export interface PeopleHouse
  extends Pick<House, 'access' | 'sessions' | 'clock' | 'record' | 'log' | 'files' | 'trust'> {
  readonly door: string
  /** The door as it proves itself to callers: the second side of each record. */
  readonly callee: () => Side
}

/** The house of a web door; where it has people, of whoever opens them. */
export interface WebHouse extends House {
  readonly people?: OpenPeople
}

/** Where people sign in; what is below is never the application's. */
export const LOGIN_PATH = '/login'
/** Shows login that a door asks; callers' own are taken out, as all of that family. */
export const DOOR_FIELD = 'Countersign-Door'
/** The cookie of a session. It is worth something to this door and to login, and to nobody else. */
export const SESSION_COOKIE = '__Host-countersign'
