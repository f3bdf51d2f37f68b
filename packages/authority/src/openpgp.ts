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

/** What the API asks of whoever keeps OpenPGP keys. */
export interface OpenPgpKeys {
  /** The authority's own public keys, in octets. */
  authorities(): Promise<readonly Uint8Array[]>
  /** Certifies a key for addresses that its party has proved. The same key again is answered as it was. */
  certify(request: {
    readonly party: string
    readonly addresses: readonly string[]
    readonly key: Uint8Array
    readonly evidence: string
  }): Promise<{ readonly ok: true; readonly kept: KeptOpenPgpKey } | { readonly ok: false; readonly refusal: Refusal }>
  /** The newest first, at most `limit`. */
  ofAddress(address: string, limit: number): Promise<readonly KeptOpenPgpKey[]>
  /** By what a Web Key Directory files a local part. */
  filedAt(local: string): Promise<string>
  /** What a Web Key Directory answers: the key with that user id alone. */
  published(kept: KeptOpenPgpKey, address: string): Promise<Uint8Array>
  /** A key with the authority's word that this address is not its party's any more, since `at`. */
  revoked(kept: KeptOpenPgpKey, address: string, at: Temporal.Instant): Promise<Uint8Array>
}
