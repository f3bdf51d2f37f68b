// What the authority tells the doors, and what they answer.
import type { CRLReason } from '@countersign/x509'
import type { KnownAuthority } from './feed-anchors.ts'
import type { PartyLock } from './feed-locks.ts'
import type { FeedRules } from './feed-rules.ts'
import type { DoorName, PartyId } from './identity.ts'
import type { Meeting } from './meeting.ts'

/** One revoked certificate: the issuer by SHA-256 of its SubjectPublicKeyInfo (hexadecimal), the certificate by serial number. */
export interface RevokedSerial {
  readonly issuerSpkiSha256: string
  readonly serialNumber: bigint
  readonly party: PartyId
  readonly at: Temporal.Instant
  readonly reason: CRLReason
}

/** A change that doors must follow, in the order of `sequence`. */
export interface FeedEvent {
  readonly sequence: bigint
  readonly at: Temporal.Instant
  readonly change:
    | { readonly kind: 'status'; readonly revoked: readonly RevokedSerial[] }
    /** DER of each CRL that replaces an older one of the same issuer, and of the authority's certificates as they are now. */
    | { readonly kind: 'crl'; readonly crls: readonly Uint8Array[]; readonly certificates: readonly Uint8Array[] }
    /** All of the rules, in place of those before. */
    | { readonly kind: 'policy'; readonly rules: FeedRules }
    /** All other authorities, with their lists, in place of those before. */
    | { readonly kind: 'trust'; readonly anchors: readonly KnownAuthority[] }
    /** All parties that are locked by command, in place of those before. */
    | { readonly kind: 'lock'; readonly locks: readonly PartyLock[] }
}

/** An open session as its door tells it; `keys` are what it depends on, as the door's index has them. */
export interface OpenSession {
  readonly id: string
  readonly door: DoorName
  readonly reference: string
  readonly caller: string
  readonly party?: PartyId
  readonly since: Temporal.Instant
  readonly octetsSent: number
  /** By what either side has proved itself, as in `certificate`, `totp`, `opaque`. A door of before tells none. */
  readonly proofs?: { readonly caller: readonly string[]; readonly callee: readonly string[] }
  readonly keys: readonly string[]
}

/** What stands before the first event that a follower gets: it then knows as much as who was there from the beginning. */
export interface Snapshot {
  /** Of the newest event that it contains; 0 for none. */
  readonly sequence: bigint
  readonly at: Temporal.Instant
  /** DER of the current lists. */
  readonly crls: readonly Uint8Array[]
  /** DER of the authority's certificates: its issuers, and its roots. */
  readonly certificates: readonly Uint8Array[]
  /** Revocations that the lists may not have yet. */
  readonly revoked: readonly RevokedSerial[]
  readonly rules: FeedRules
  readonly anchors: readonly KnownAuthority[]
  readonly locks: readonly PartyLock[]
}

/** What the authority says on the feed. `previous` is the event before, as this follower knows it: nothing was left out. */
export type FeedMessage =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'event'; readonly previous: bigint; readonly event: FeedEvent }
  /** Says that the feed stands, and what time the authority has. */
  | { readonly kind: 'beat'; readonly at: Temporal.Instant }
  | { readonly kind: 'sessions'; readonly id: number }
  /** Those meetings are recorded, up to that of `id`. */
  | { readonly kind: 'kept'; readonly id: number }

/** A door that goes by what the authority tells, and what it does where the lists have run out. */
export interface FollowedDoor {
  readonly name: DoorName
  readonly revocation: 'require' | 'prefer'
}

/** What a follower says on the feed. */
export type FollowerMessage =
  /** First. `after`: the newest event that it knows; absent for a newcomer. */
  | {
      readonly kind: 'follow'
      readonly version: 1
      readonly after?: bigint
      /** Its own, by which the authority knows how long it may be away. */
      readonly doors?: readonly FollowedDoor[]
    }
  /** `refused`: why what the event or the snapshot brought is not in force here; what was before it still is. */
  | { readonly kind: 'confirm'; readonly sequence: bigint; readonly cuts: readonly Cut[]; readonly refused?: string }
  | { readonly kind: 'sessions'; readonly id: number; readonly sessions: readonly OpenSession[] }
  /** Numbers rise by one on a connection. */
  | { readonly kind: 'meeting'; readonly id: number; readonly meeting: Meeting }

/** One session that ended because of an event. `lastOctetAt` is when the last octet left for the peer. */
export interface Cut {
  readonly door: DoorName
  readonly session: string
  readonly reference: string
  readonly party?: PartyId
  readonly lastOctetAt: Temporal.Instant
}

/** What a revocation did. `unconfirmed` doors had not answered within a second. */
export interface Receipt {
  readonly sequence: bigint
  readonly at: Temporal.Instant
  readonly revoked: readonly RevokedSerial[]
  /** Doors at which the party had an account whose proofs all ended; absent where it had none. */
  readonly accounts?: readonly DoorName[]
  readonly cuts: readonly Cut[]
  readonly confirmed: readonly DoorName[]
  readonly unconfirmed: readonly DoorName[]
}
