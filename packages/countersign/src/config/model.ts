// What `countersign up` starts: checked and frozen.

import type { AnyDoorConfig } from '@countersign/gateway'
import type { Listen } from '@countersign/gateway/sections'
import type { MailDoorConfig } from '@countersign/mail/door'
import type { KeyAlgorithm } from '@countersign/mtls'
import type { Party } from '@countersign/policy'
import type { KnownParty } from '@countersign/protocol'

export type { Listen }

/** The authority of a house. */
export interface AuthorityConfig {
  /** DNS name that the authority proves. */
  readonly name: string
  /** Trust domain: the host part of the SPIFFE IDs that it issues. */
  readonly domain: string
  /** In the names of its certificates. */
  readonly organization: string
  /** Of all keys. Absent: p256, or what the authority was made with. */
  readonly algorithm?: KeyAlgorithm
  /** Where the passphrase of the key files is: an absolute path, or `fd:N`. */
  readonly passphrase?: string
  /** A PKCS #11 URI. */
  readonly issuingKey?: string
  /** Absent: a file in the data directory. */
  readonly store?: string
  /** Mail domains whose people's OpenPGP keys anybody is told. */
  readonly keyDirectory?: readonly string[]
  readonly listen: Listen
}

/** A door of any kind, of whichever program it is. */
export type HouseDoorConfig = AnyDoorConfig | ({ readonly kind: 'mail' } & MailDoorConfig)

/** A door of any kind; who may pass it, where callers meet it. */
export type DoorConfig = HouseDoorConfig & {
  /** Identities that may pass, or `*` for every party of this authority. Absent where nobody calls, or the policy decides. */
  readonly allow?: readonly string[]
  readonly revocation: 'require' | 'prefer'
}

/** An authority that is not this house's own, and what it may vouch for. */
export interface AnchorConfig {
  readonly name: string
  /** Path of its certificates in PEM, absolute. */
  readonly file: string
  /** Paths of its revocation lists, absolute. */
  readonly crl: readonly string[]
  readonly vouches: readonly string[]
  /** Names of the doors at which it counts; absent for every door. */
  readonly doors?: readonly string[]
}

/** A party as rules and as the feed have it. */
export type ConfigParty = Party & KnownParty

/** The whole configuration. `standard` is the default house: its ports are wishes, and a visitor meets its door. */
export type Config = HouseConfig & (OwnHouse | JoinedHouse)

/** What a file says, with its paths as they stand there. */
export interface ConfigFile extends Omit<HouseConfig, 'standard'> {
  readonly authority?: AuthorityConfig
  readonly join?: string
}

/** What every house has. */
export interface HouseConfig {
  /** Path of the policy, absolute. */
  readonly policy?: string
  /** Whom the house knows, until the authority keeps them. */
  readonly parties: readonly ConfigParty[]
  readonly standard: boolean
  readonly anchors: readonly AnchorConfig[]
  readonly doors: readonly DoorConfig[]
  /** Path of the access log, absolute. */
  readonly accessLog?: string
  /** Where the numbers are served. */
  readonly metrics?: Listen
}

/** A house with an authority of its own. */
export interface OwnHouse {
  readonly authority: AuthorityConfig
}

/** A house whose doors follow an authority elsewhere. */
export interface JoinedHouse {
  /** Path of the identity directory that an enrollment wrote, absolute. */
  readonly join: string
}
