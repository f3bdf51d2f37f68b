// Every change of issuers is one transaction, and one comes after the other.
import type { StoreTransaction } from '../store/store.ts'
import type { IssuerParts } from './model.ts'

/** Runs `work` as such a change. */
export async function recordChange<Result>(
  { store, failpoint }: Pick<IssuerParts, 'store' | 'failpoint'>,
  work: (tx: StoreTransaction) => Promise<Result>,
): Promise<Result> {
  const result = await store.commit(async (tx) => {
    await tx.alone('issuers')
    const done = await work(tx)
    failpoint('issuer.before-commit')
    return done
  })
  failpoint('issuer.after-commit')
  return result
}
