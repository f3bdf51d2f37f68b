// OpenPGP keys of people, as the API knows them: they are certified and kept by whoever knows the format, and handed in.
import type { Refusal } from '@countersign/protocol'

/** A key that the authority's own OpenPGP key has certified. */
export interface KeptOpenPgpKey {
  readonly party: string
  /** Hexadecimal. */
  readonly fingerprint: string
  /** 4 or 6. */
  readonly version: number
  readonly certifiedAt: Temporal.Instant
  /** In octets, with the certification. */
  readonly key: Uint8Array
}

/** An OpenPGP key of the authority itself. */
export interface OpenPgpAuthorityKey {
  /** Hexadecimal. */
  readonly fingerprint: string
  /** 4 or 6. */
  readonly version: number
  readonly state: OpenPgpKeyState
  /** Whether what is secret of it is in the custody of this authority. */
  readonly isHere: boolean
  readonly createdAt: Temporal.Instant
  readonly endsAt: Temporal.Instant
  /** Public, in octets. */
  readonly key: Uint8Array
}

/** Active: it certifies. Retiring: what it has certified counts. */
export const OPENPGP_KEY_STATES = ['active', 'retiring', 'revoked', 'ended'] as const
export type OpenPgpKeyState = (typeof OPENPGP_KEY_STATES)[number]

/** Which keys of the authority a change has made or changed. */
export type OpenPgpOutcome =
  | { readonly ok: true; readonly keys: readonly OpenPgpAuthorityKey[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** What the API asks of whoever keeps OpenPGP keys. */
export interface OpenPgpKeys {
  /** The authority's own public keys, in octets: those that have not ended, revoked ones with their revocation. */
  authorities(): Promise<readonly Uint8Array[]>
  /** All that there were. */
  authorityKeys(): Promise<readonly OpenPgpAuthorityKey[]>
  /** Makes the next of each version, which certifies from then on; those before it sign it, unless `force` goes on without. */
  rollOver(request: { readonly by: string; readonly force: boolean }): Promise<OpenPgpOutcome>
  /** Revokes one that does not certify any more: what it has certified counts no more. */
  revokeAuthority(request: { readonly fingerprint: string; readonly by: string }): Promise<OpenPgpOutcome>
  /** Certifies a key for addresses that its party has proved. The same key again is answered as it was. */
  certify(request: {
    readonly party: string
    readonly addresses: readonly string[]
    readonly key: Uint8Array
    readonly evidence: string
  }): Promise<{ readonly ok: true; readonly kept: KeptOpenPgpKey } | { readonly ok: false; readonly refusal: Refusal }>
  /** The newest first, at most `limit`. */
  ofAddress(address: string, limit: number): Promise<readonly KeptOpenPgpKey[]>
  /** A key whose party is these addresses now, certified for them by the authority's key of now. */
  renewed(kept: KeptOpenPgpKey, addresses: readonly string[]): Promise<KeptOpenPgpKey>
  /** By what a Web Key Directory files a local part. */
  filedAt(local: string): Promise<string>
  /** What a Web Key Directory answers: the key with that user id alone. */
  published(kept: KeptOpenPgpKey, address: string): Promise<Uint8Array>
  /** What it answers for the authority's own address; undefined for another. */
  publishedAuthority(address: string): Promise<Uint8Array | undefined>
  /** A key with the authority's word that this address is not its party's any more, since `at`. */
  revoked(kept: KeptOpenPgpKey, address: string, at: Temporal.Instant): Promise<Uint8Array>
}
