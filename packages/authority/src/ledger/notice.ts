// What those who follow the events are told, and what is no act of the authority: it is not in the tree of the ledger.
import type { StoreTransaction } from '../store/store.ts'

/** Hashes are SHA-256 in hexadecimal, serial numbers hexadecimal, as in entries of the ledger. */
export type Notice =
  | {
      /** Nobody has renewed it: three quarters of its life are over, or nine tenths (`ending`), or all of it. */
      readonly kind: 'expiring' | 'ending' | 'expired'
      readonly at: Temporal.Instant
      readonly party: string
      readonly profile: string
      readonly serial: string
      /** Of the certificate. */
      readonly sha256: string
      readonly notAfter: Temporal.Instant
    }
  | {
      /** No newer list was signed: three quarters of what it is good for are over, or nine tenths. */
      readonly kind: 'list-expiring' | 'list-ending' | 'list-expired'
      readonly at: Temporal.Instant
      /** The party that its issuer is. */
      readonly issuer: string
      readonly number: number
      readonly nextUpdate: Temporal.Instant
    }
  | {
      /** It met a door, and is of a key of ours, and in no row. */
      readonly kind: 'unissued'
      readonly at: Temporal.Instant
      readonly subject: string
      readonly issuer: string
      readonly serial: string
      readonly sha256: string
      readonly door: string
    }

/** Tells everybody who follows the events, once the transaction is durable. */
export async function emit(tx: StoreTransaction, { kind, at, ...more }: Notice): Promise<void> {
  await tx.ledger.addNotice(new TextEncoder().encode(JSON.stringify({ version: 1, kind, at, ...more })))
}
