// What the authority tells the doors, and what they answer.
import type { CRLReason } from '@countersign/x509'
import type { DoorName, PartyId } from './identity.ts'

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
    /** DER of each CRL that replaces an older one of the same issuer. */
    | { readonly kind: 'crl'; readonly crls: readonly Uint8Array[] }
}

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
  readonly cuts: readonly Cut[]
  readonly confirmed: readonly DoorName[]
  readonly unconfirmed: readonly DoorName[]
}
