// What login is given by the house, and what it gives to a door or an application.
import type { House } from '@countersign/mtls'
import type { Side } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from './store/tables.ts'

/** Where accounts are kept: a part of the house's store, in SQLite or PostgreSQL. */
export interface LoginStore {
  /** For questions outside of a transaction: sees what is committed. */
  readonly db: Kysely<Tables>
  /** Runs `work` in one durable transaction, undone when it throws; it may run more than once, and changes nothing but the store. */
  commit<Result>(work: (tx: LoginTransaction) => Promise<Result>): Promise<Result>
}

/** Within a transaction. */
export interface LoginTransaction {
  readonly db: Kysely<Tables>
  /** Writes an act upon an account into the house's ledger, in this transaction. */
  record(entry: AccountEntry): Promise<void>
}

/** What the ledger says of accounts: who proves themselves by what, and since when. */
export interface AccountEntry {
  readonly at: Temporal.Instant
  /** The party. */
  readonly account: string
  readonly door: string
  readonly act:
    | 'invited'
    | 'invited again'
    | 'invitation refused'
    | 'opened'
    | 'opened again'
    | 'revoked'
    | 'device added'
    | 'device removed'
    | 'telephone'
    | 'telephone ended'
    | 'passkey added'
    | 'passkey removed'
    | 'password changed'
    | 'app changed'
    | 'number added'
    | 'number removed'
    | 'picture changed'
    | 'recovery begun'
    | 'recovery ended'
    | 'recovery codes made'
  /** How, or which device: without secrets. */
  readonly evidence: string
}

/** All that login uses of the house: nothing of its own decides who may pass. */
export interface LoginHouse
  extends Pick<House, 'access' | 'sessions' | 'clock' | 'record' | 'log' | 'files' | 'trust'> {
  readonly door: string
  /** The door as it proves itself to callers: the second side of each record. */
  readonly callee: () => Side
  readonly store: LoginStore
}
