// People at a web door: what the house hands in to find whose a request is, and what a door tells it.
import type { FoundPerson, House, PersonRequest } from '@countersign/mtls'
import type { Side } from '@countersign/protocol'

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
  /** The gateway that codes by SMS are given to, over mutual TLS; restricted. Absent: there are none. */
  readonly sms?: {
    /** `https://`. */
    readonly url: string
  }
  /** The file of the door's secret, without which the store says nothing of passwords. Absent: one among the door's files. */
  readonly secret?: string
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
  extends Pick<House, 'access' | 'sessions' | 'clock' | 'record' | 'log' | 'files' | 'trust' | 'identity'> {
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
