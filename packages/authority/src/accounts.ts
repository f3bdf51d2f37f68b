// Accounts of people, as the API knows them: what is done with them is done by whoever keeps them, and handed in.
import type { Refusal } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import type { PartTransaction } from './store/part-of-store.ts'

/** Who is to have an account, and where. */
export interface AccountInvitation {
  /** The party that it is of; its name is what the person types. */
  readonly party: string
  readonly door: string
  /** Where notices go; it proves nothing. */
  readonly email?: string | undefined
  readonly ttlSeconds: number
  /** To set up anew an account that is there; what it is proved with goes on until then. */
  readonly again?: boolean | undefined
  /** By what the person has proved who they are, as the ledger is to have it. @see ASVS 5.0 6.4.4 */
  readonly proofed?: string | undefined
}

/** A device by which somebody signs in. */
export interface SeenDevice {
  /** RFC 7638 thumbprint of its key. */
  readonly device: string
  /** For people, as in `Chromium on Linux`. */
  readonly name: string
  readonly addedAt: Temporal.Instant
  readonly lastSeenAt: Temporal.Instant
}

/** An account, without its secrets. */
export interface SeenAccount {
  readonly account: string
  readonly door: string
  /** Absent while it is not open. */
  readonly openedAt?: Temporal.Instant
  /** Those that count. */
  readonly devices: readonly SeenDevice[]
  /** When any of its devices was; absent where none was. */
  readonly lastSeenAt?: Temporal.Instant
  /** By what else its person signs in. */
  readonly ways: AccountWays
}

/** Beside the password and the devices. */
export interface AccountWays {
  readonly passkeys: number
  /** Whether an app makes one-time passwords. */
  readonly app: boolean
  /** Those that were not used. */
  readonly recoveryCodes: number
}

/** Where a page of accounts ends: they come by door, then by name. */
export interface AccountPlace {
  readonly door: string
  readonly account: string
}

/** Which accounts are asked for. */
export interface AccountsQuery {
  /** Absent: of every door. */
  readonly door?: string | undefined
  /** Absent: of everybody. */
  readonly account?: string | undefined
  readonly limit: number
  /** Exclusive. */
  readonly after?: AccountPlace | undefined
}

/** What the API asks of whoever keeps accounts. Each answers `ERR_ADMIN_NOT_FOUND` for a door where nobody signs in. */
export interface Accounts {
  /** Makes an invitation, whose address is secret: whoever has it opens the account. */
  invite(
    asked: AccountInvitation,
  ): Promise<
    | { readonly ok: true; readonly url: string; readonly expiresAt: Temporal.Instant }
    | { readonly ok: false; readonly refusal: Refusal }
  >
  list(
    query: AccountsQuery,
  ): Promise<
    | { readonly ok: true; readonly found: readonly SeenAccount[]; readonly next?: AccountPlace }
    | { readonly ok: false; readonly refusal: Refusal }
  >
  /** Ends a device, and every session that is bound to it. */
  removeDevice(asked: {
    readonly door: string
    readonly account: string
    readonly device: string
  }): Promise<{ readonly ok: true } | { readonly ok: false; readonly refusal: Refusal }>
  /** At which doors a party has an account that somebody can sign in to, or an invitation to open one that is good at `at`. @param db Of whoever keeps accounts: that of a transaction within one. */
  of(db: <Tables>(part: string) => Kysely<Tables>, party: string, at: Temporal.Instant): Promise<readonly string[]>
  /** Ends whatever a party proves its accounts by, in the transaction that revokes it. @param part That of whoever keeps accounts. */
  revoke(
    part: <Tables>(name: string) => PartTransaction<Tables>,
    revoked: { readonly party: string; readonly reason: string; readonly at: Temporal.Instant },
  ): Promise<void>
}
