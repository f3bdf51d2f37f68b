// What a party is, changed; and what it may do as an administrator is in the ledger, in the same transaction.
import { writeEntry } from '../ledger/entry.ts'
import type { PartyChange } from '../store/parties.ts'
import type { StoreTransaction } from '../store/store.ts'

/** Changes a party that is known. Answers the row of the ledger's entry, where its role is another. */
export async function changeParty(
  tx: StoreTransaction,
  party: string,
  change: PartyChange,
  at: Temporal.Instant,
): Promise<number | undefined> {
  const before = await tx.parties.byName(party)
  await tx.parties.change(party, change)
  const { role } = change
  if (role === undefined || role === before?.role) return undefined
  return tx.ledger.add(writeEntry({ kind: 'role', at, party, role }))
}
