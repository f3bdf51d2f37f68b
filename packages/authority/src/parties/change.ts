// What a party is, changed; and what it may do as an administrator is in the ledger, in the same transaction.
import { writeEntry } from '../ledger/entry.ts'
import type { PartyChange } from '../store/parties.ts'
import type { StoreTransaction } from '../store/store.ts'

/** Changes a party that is known. */
export async function changeParty(
  tx: StoreTransaction,
  party: string,
  change: PartyChange,
  at: Temporal.Instant,
): Promise<void> {
  const before = await tx.parties.byName(party)
  await tx.parties.change(party, change)
  const { role } = change
  if (role !== undefined && role !== before?.role) await tx.ledger.add(writeEntry({ kind: 'role', at, party, role }))
}
