// What keeping OpenPGP keys of a house takes, and gives. The store and the custody are the authority's.
import type { KeyObject } from 'node:crypto'
import type { Refusal } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** The part of the store that `schema.ts` describes. */
export interface OpenPgpStore {
  /** For questions outside of a transaction: sees what is committed. */
  readonly db: Kysely<Tables>
  /** Runs `work` in one durable transaction, undone when it throws; it may run more than once, and changes nothing but the store. */
  commit<Result>(work: (tx: OpenPgpTransaction) => Promise<Result>): Promise<Result>
}

/** Within a transaction. */
export interface OpenPgpTransaction {
  readonly db: Kysely<Tables>
  /** Writes into the house's ledger by what a person proves itself from then on, in this transaction. */
  record(entry: {
    readonly at: Temporal.Instant
    readonly account: string
    readonly door: string
    readonly act: string
    readonly evidence: string
  }): Promise<void>
}

/** What a house gives. */
export interface HouseKeysOptions {
  /** In the user id of the authority's key. */
  readonly organization: string
  /** The trust domain. */
  readonly domain: string
  readonly store: OpenPgpStore
  /** A key of Ed25519 in the authority's custody, by its name. Where there is none, `isNew` makes it. Secret. */
  readonly keyNamed: (name: string, isNew: boolean) => KeyObject | undefined
  readonly clock: () => Temporal.Instant
}

/** A key that the authority has certified. */
export interface KeptKey {
  readonly party: string
  readonly fingerprint: string
  readonly version: number
  readonly certifiedAt: Temporal.Instant
  /** In octets, with the certification. */
  readonly key: Uint8Array
}

/** Whose key is to be certified, and what shows it. */
export interface CertificationRequest {
  readonly party: string
  /** Of the certificate in hand, compared form. */
  readonly addresses: readonly string[]
  readonly key: Uint8Array
  /** As in `certificate 9a…`. */
  readonly evidence: string
}

/** A key of the authority itself. */
export interface AuthorityKey {
  /** Hexadecimal. */
  readonly fingerprint: string
  readonly version: number
  /** Active: it certifies. Retiring: what it has certified counts. */
  readonly state: 'active' | 'retiring' | 'revoked' | 'ended'
  /** Whether what is secret of it is in the custody of this authority. */
  readonly isHere: boolean
  readonly createdAt: Temporal.Instant
  readonly endsAt: Temporal.Instant
  /** Public, in octets, with what the others say of it. */
  readonly key: Uint8Array
}

/** What became of a change of the authority's keys: those that it made or changed. */
export type AuthorityOutcome =
  | { readonly ok: true; readonly keys: readonly AuthorityKey[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** The OpenPGP keys of a house. */
export interface HouseKeys {
  /** The public keys of the authority, in octets, of version 6 and 4: those that have not ended, revoked ones with their revocation. */
  authorities(): Promise<readonly Uint8Array[]>
  /** All that there were. */
  authorityKeys(): Promise<readonly AuthorityKey[]>
  /**
   * Makes one of each version, which certifies from then on. It and those that count say of each other that they are the
   * authority's; where the last is not here it cannot, which `force` accepts.
   */
  rollOver(request: { readonly by: string; readonly force: boolean }): Promise<AuthorityOutcome>
  /** Revokes one that does not certify any more, as one that somebody else may have: what it has certified counts no more. */
  revokeAuthority(request: { readonly fingerprint: string; readonly by: string }): Promise<AuthorityOutcome>
  /** The same key again is answered as it was. */
  certify(
    request: CertificationRequest,
  ): Promise<{ readonly ok: true; readonly kept: KeptKey } | { readonly ok: false; readonly refusal: Refusal }>
  /** The newest first, at most `limit`. */
  ofAddress(address: string, limit: number): Promise<readonly KeptKey[]>
  /**
   * A key whose party is these addresses now, certified for them by the authority's key of now, until when it was before. As it
   * was, where that is not here.
   */
  renewed(kept: KeptKey, addresses: readonly string[]): Promise<KeptKey>
  /** By what a Web Key Directory files a local part. */
  filedAt(local: string): Promise<string>
  /** What a Web Key Directory answers: the key with that user id alone. */
  published(kept: KeptKey, address: string): Promise<Uint8Array>
  /**
   * What a Web Key Directory answers for the authority's own address, and undefined for another: the key of version 4 that
   * certifies, and behind it those that are revoked. @see draft-koch-openpgp-webkey-service-22 §3.1
   */
  publishedAuthority(address: string): Promise<Uint8Array | undefined>
  /** A key with the authority's word that this address is not its party's any more, since `at`. */
  revoked(kept: KeptKey, address: string, at: Temporal.Instant): Promise<Uint8Array>
}
