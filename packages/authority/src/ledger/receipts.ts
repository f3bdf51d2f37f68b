// What an act's receipt names: an entry of the ledger, with the proof that it is in it as soon as it is.
import type { Changes } from '../status/changes.ts'
import type { Store } from '../store/store.ts'
import type { Ledger } from './ledger.ts'
import { writeTlogProof } from './proof.ts'

/** One entry; `proved` is absent while it waits for its place. */
export interface EntryReceipt {
  /** As receipts name it. */
  readonly id: number
  readonly octets: Uint8Array
  readonly proved?: {
    readonly index: number
    /** C2SP tlog-proof: the index, the hashes, and the checkpoint that they lead to. */
    readonly proof: Uint8Array
  }
}

/** Answers those of the entries that there are; waits a little for their place where they have none. */
export type Receipts = (ids: readonly number[], gone: Promise<void>) => Promise<readonly EntryReceipt[]>

interface Parts {
  readonly store: Store
  readonly ledger: Pick<Ledger, 'checkpoint' | 'prove'>
  /** Told when more is in the ledger. */
  readonly grown: Changes
}

export function createReceipts({ store, ledger, grown }: Parts): Receipts {
  // What another authority on this store has numbered, the tiles here have a moment later.
  const isHere = (position: number | undefined) => position !== undefined && position < ledger.checkpoint.size
  return async (ids, gone) => {
    let entries = await store.ledger.byIds(ids)
    if (!entries.every(({ position }) => isHere(position))) {
      const { size } = ledger.checkpoint
      await grown.wait(() => ledger.checkpoint.size > size, gone)
      entries = await store.ledger.byIds(ids)
    }
    return Promise.all(
      entries.map(async ({ id, octets, position }) => {
        if (position === undefined || !isHere(position)) return { id, octets }
        return { id, octets, proved: { index: position, proof: writeTlogProof(await ledger.prove(position)) } }
      }),
    )
  }
}
