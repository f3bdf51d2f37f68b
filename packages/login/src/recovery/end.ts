// The end of recoveries, however they end: the ledger has each, in the transaction that ends it.
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'

/**
 * Ends those of an account that are open, or the one of a sign-in.
 * @param how As the ledger says it, as in `its time has passed`.
 */
export async function endRecoveries(
  { door }: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { account, signIn }: { readonly account: string; readonly signIn?: string },
  how: string,
  now: Temporal.Instant,
): Promise<void> {
  let open = tx.db
    .updateTable('login_waiting')
    .set({ state: 'used' })
    .where('account', '=', account)
    .where('kind', '=', 'recovery')
    .where('state', '=', 'open')
  if (signIn !== undefined) open = open.where('sign_in', '=', signIn)
  for (const _ of await open.returning('id').execute())
    await tx.record({ at: now, account, door, act: 'recovery ended', evidence: how })
}
