// What the doors of a house stand under: an authority of its own beside them, or one elsewhere that they follow.
import type { FeedDoor } from '@countersign/authority'
import type { FoundMailKeys, Locks, OwnIdentity, Trust } from '@countersign/mtls'
import type { SshStatus } from '@countersign/mtls/ssh'
import type { Meeting } from '@countersign/protocol'
import type { DoorConfig } from '../config/model.ts'

/** The identity of a door, for as long as it stands. */
export interface DoorIdentity extends OwnIdentity {
  /** Stops renewing. */
  close(): void
}

/** What a house has of its authority. */
export interface Roof {
  /** SHA-256 of the root certificate, hexadecimal. */
  readonly root: string
  /** Path of the root certificate in PEM. */
  readonly trustFile: string
  readonly url: string
  readonly crlUrl: string
  /** Follows every revocation. */
  readonly trust: Trust
  /** Follows every lock. */
  readonly locks: Locks
  /** Answers when the authority has told all that doors need, or why it has not; empty where it is in this house. */
  heard(): Promise<string>
  /** @throws {Failure} where the door cannot have the identity that it needs. */
  identityOf(door: DoorConfig): Promise<DoorIdentity>
  /** Lets a door follow revocations, before it accepts its first connection. Answers how to leave. */
  join(door: FeedDoor): () => void
  record(meeting: Meeting): void
  /** The keys of an address for mail. Rejects where the authority cannot be asked. */
  mailKeys(address: string): Promise<FoundMailKeys>
  /** The keys that sign for SSH, and what of theirs is revoked. Rejects where the authority cannot be asked. */
  sshStatus(): Promise<SshStatus>
  /** Until when whoever relies on the authority, of those that are known here, goes on without it; absent where nobody does. */
  holdsWithout(): Promise<Temporal.Instant | undefined>
  drain(timeoutMs: number): Promise<void>
}
