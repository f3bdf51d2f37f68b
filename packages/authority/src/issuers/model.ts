// What administrators may do with issuers, and what each act is given.
import type { Clock, KeyAlgorithm, Log } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import type { Failpoint } from '../failpoints.ts'
import type { ProfileName } from '../issuance/profiles.ts'
import type { Custody } from '../keys/custody.ts'
import type { Issuers } from '../keys/issuers.ts'
import type { CrlPublisher } from '../status/crl/publish.ts'
import type { Revocation } from '../status/revoke.ts'
import type { RevocationReason } from '../store/certificates.ts'
import type { IssuerKind, StoredIssuer } from '../store/issuers.ts'
import type { Store } from '../store/store.ts'

/** What the acts are given. */
export interface IssuerParts {
  readonly store: Store
  readonly issuers: Issuers
  readonly crls: CrlPublisher
  readonly revocation: Revocation
  /** Of the authority, with its keys. */
  readonly folder: string
  readonly custody: Custody
  readonly domain: string
  readonly clock: Clock
  readonly checkSignature: CheckSignature
  /** Something is to be told to everybody: certificates, lists, or both. */
  readonly tell: (sequence: number) => void
  readonly failpoint: Failpoint
  readonly log: Log
}

/** A new issuer. */
export interface NewIssuerRequest {
  readonly name: string
  readonly kind: IssuerKind
  /** Of the key that is made; default: that of the authority, and Ed25519 for SSH. */
  readonly algorithm?: KeyAlgorithm | undefined
  /** A key that is on a token already: a PKCS #11 URI. */
  readonly key?: string | undefined
  /** What it shall sign; default: all that one of its kind can. */
  readonly profiles?: readonly ProfileName[] | undefined
  /** Its certificate comes from elsewhere: only its key is made. */
  readonly isWaiting: boolean
}

/** What was done to an issuer, or why nothing was. */
export type IssuerOutcome<More = object> =
  | ({ readonly ok: true; readonly issuer: StoredIssuer } & More)
  | { readonly ok: false; readonly refusal: Refusal }

/** What comes in a file from elsewhere. */
export interface ImportRequest {
  /** PEM: certificates, revocation lists. */
  readonly pem: string
  /** SHA-256, in hexadecimal, of a root that shall be believed from now on. */
  readonly rootSha256?: string | undefined
  /** What that root shall be called here. */
  readonly name?: string | undefined
}

/** What an import brought. */
export interface Imported {
  /** In words, one for each thing that is new. */
  readonly done: readonly string[]
}

/** Another state. */
export interface StateRequest {
  readonly state: 'active' | 'retired'
  readonly profiles?: readonly ProfileName[] | undefined
  /** Gives up what it has signed and is not over. */
  readonly force: boolean
  readonly reason: RevocationReason
}

/** What administrators may do. */
export interface IssuerAdministration {
  /** `by` is kept with what is signed. */
  make(request: NewIssuerRequest, by: string): Promise<IssuerOutcome>
  /** A PKCS #10 request by the key of an issuer, in DER. */
  request(name: string): Promise<IssuerOutcome<{ readonly request: Uint8Array }>>
  /** Has the key of an issuer certified by a root whose key is here. */
  cross(name: string, root: string, by: string): Promise<IssuerOutcome>
  import(
    request: ImportRequest,
    by: string,
  ): Promise<({ readonly ok: true } & Imported) | { ok: false; refusal: Refusal }>
  changeState(name: string, request: StateRequest, by: string): Promise<IssuerOutcome>
}
