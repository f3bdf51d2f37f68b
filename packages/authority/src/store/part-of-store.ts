// A part of the store in the hands of the program that brought it: its own tables, and the ledger for what it has done.
import type { Kysely } from 'kysely'
import { isReservedParty } from '../enrollment/granted.ts'
import type { Failpoint } from '../failpoints.ts'
import { accountEntry } from '../ledger/entry.ts'
import type { Store, StoreTransaction } from './store.ts'

/** What is done to an account, for the ledger. */
export type AccountAct = Parameters<typeof accountEntry>[0]

/** The tables of one part. */
export interface PartOfStore<Tables> {
  /** For questions outside of a transaction: sees what is committed. */
  readonly db: Kysely<Tables>
  /**
   * Runs `work` in one durable transaction, undone when it throws, together with others that come at the same time. It may
   * run more than once: it changes nothing but the store, asks it by its own `db` alone, and never waits for another `commit`.
   * @throws {AuthorityError} (rejects) when the transaction could not be made durable.
   */
  commit<Result>(work: (tx: PartTransaction<Tables>) => Promise<Result>): Promise<Result>
}

/** Within a transaction. */
export interface PartTransaction<Tables> {
  readonly db: Kysely<Tables>
  /** Writes an act upon an account into the ledger, in this transaction. @throws {LedgerError} (rejects) where it is too long. */
  record(act: AccountAct): Promise<void>
}

/** Opens a part that the store was opened with. @throws {TypeError} where it was not. */
export function openPart<Tables>(store: Store, name: string, failpoint: Failpoint): PartOfStore<Tables> {
  return {
    db: store.part(name),
    async commit(work) {
      const result = await store.commit(async (tx) => {
        const done = await work(partWithin(tx, name))
        failpoint('part.before-commit')
        return done
      })
      failpoint('part.after-commit')
      return result
    },
  }
}

/** A part within a transaction of the authority's own. */
export function partWithin<Tables>(tx: StoreTransaction, name: string): PartTransaction<Tables> {
  return {
    db: tx.part(name),
    async record(act) {
      await knowPerson(tx, act)
      await tx.ledger.add(accountEntry(act))
    },
  }
}

/** Whoever has an account is a party: it is found, and can be locked, before it has ever signed in. The authority is no person. */
async function knowPerson({ parties }: StoreTransaction, { account, at }: AccountAct): Promise<void> {
  if (isReservedParty(account)) return
  await parties.ensure(account, at)
  if ((await parties.byName(account))?.kind === undefined) await parties.change(account, { kind: 'person' })
}
