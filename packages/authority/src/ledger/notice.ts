// What those who follow the events are told, and what is no act of the authority: it is not in the tree of the ledger.
import type { StoreTransaction } from '../store/store.ts'

/** Hashes are SHA-256 in hexadecimal, serial numbers hexadecimal, as in entries of the ledger. */
export interface Notice {
  readonly kind: 'expiring' | 'expired' | 'unseen' | 'unknown-seen'
  readonly at: Temporal.Instant
  readonly party: string
  readonly serial: string
  /** Of the certificate. */
  readonly sha256: string
  readonly notAfter?: Temporal.Instant
}

/** Tells everybody who follows the events, once the transaction is durable. */
export async function emit(tx: StoreTransaction, { kind, at, ...more }: Notice): Promise<void> {
  await tx.ledger.addNotice(new TextEncoder().encode(JSON.stringify({ version: 1, kind, at, ...more })))
}
