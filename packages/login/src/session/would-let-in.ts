// Whether the rules of the door would let somebody in who shows this: asked before it is shown, and nothing is opened by it.
import type { Ground } from '../ground.ts'
import { proofsOf, type ShownProof, sideOfAccount } from './row.ts'

/** Asks the access of the door, as a sign-in that showed exactly this would. */
export function wouldLetIn(
  { access, callee }: Pick<Ground, 'access' | 'callee'>,
  {
    account,
    shown,
    now,
  }: { readonly account: string; readonly shown: readonly ShownProof[]; readonly now: Temporal.Instant },
): boolean {
  const proofs = proofsOf(account, shown)
  return access.decide({ caller: sideOfAccount(account), callee: callee(), proofs, now }).ok
}
