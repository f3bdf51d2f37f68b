// A proof counts once. @see RFC 9449 §11.1
import type { LoginStore, LoginTransaction } from '../model.ts'
import { spendOnce } from '../store/once.ts'
import type { ProvedDevice } from './dpop.ts'

/** Spends a proof: true once, for one caller among all processes. */
export function spendProof(store: LoginStore, proved: ProvedDevice): Promise<boolean> {
  return store.commit((tx) => spendWithin(tx, proved))
}

/** A proof that is spent with what it is for. */
export interface SpentWith {
  /** The first transaction of a call spends its proof: where somebody has spent it, nothing is done. */
  readonly commit: LoginStore['commit']
  /** Spends it, where no transaction has. */
  spend(): Promise<void>
}

/** @param proved None: there is nothing to spend. @param spentBefore What is thrown where it was spent. */
export function spendWith(store: LoginStore, proved: ProvedDevice | undefined, spentBefore: () => Error): SpentWith {
  let unspent = proved
  const commit: LoginStore['commit'] = async (work) => {
    const spending = unspent
    if (spending === undefined) return store.commit(work)
    const result = await store.commit(async (tx) => {
      if (!(await spendWithin(tx, spending))) throw spentBefore()
      return work(tx)
    })
    unspent = undefined
    return result
  }
  return {
    commit,
    async spend() {
      if (unspent !== undefined) await commit(async () => undefined)
    },
  }
}

function spendWithin(tx: LoginTransaction, { once, until }: ProvedDevice): Promise<boolean> {
  return spendOnce(tx, 'proof', once, until)
}
