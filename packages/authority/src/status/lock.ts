// Locks: a party is stopped at every door at once, and none of its certificates ends; recorded, told, answered.

import type { Clock, Locks, Log } from '@countersign/mtls'
import { MAX_LOCKS, type PartyLock, type Refusal } from '@countersign/protocol'
import { isReservedParty } from '../enrollment/granted.ts'
import type { Failpoint } from '../failpoints.ts'
import { writeEntry } from '../ledger/entry.ts'
import type { Store, StoreTransaction } from '../store/store.ts'
import type { Feed, Told } from './feed/feed.ts'

/** What became of it: which sessions were cut, and which doors know. */
export type Locked =
  | {
      readonly ok: true
      readonly sequence: bigint
      readonly at: Temporal.Instant
      readonly told: Told
      /** Row of the ledger's entry. */
      readonly entry: number
    }
  | { readonly ok: false; readonly refusal: Refusal }

/** Told within the transaction what was done, before any door knows. */
export type KeptLock = (tx: StoreTransaction, done: Extract<Locked, { readonly ok: true }>) => Promise<void>

export interface Locking {
  lock(lock: PartyLock, kept?: KeptLock): Promise<Locked>
  unlock(party: string, kept?: KeptLock): Promise<Locked>
}

interface Parts {
  readonly store: Store
  readonly feed: Feed
  /** Of the doors in this process. */
  readonly locks: Locks
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

export function createLocking({ store, feed, locks, clock, failpoint, log }: Parts): Locking {
  const act = async (
    party: string,
    entry:
      | { readonly kind: 'locked'; readonly reason?: string; readonly until?: Temporal.Instant }
      | { readonly kind: 'unlocked' },
    change: (tx: StoreTransaction, at: Temporal.Instant) => Promise<Refusal | undefined>,
    kept: KeptLock | undefined,
  ): Promise<Locked> => {
    const recorded = await store.commit(async (tx) => {
      const at = clock()
      // One after the other: the set of an event has all that were locked before it.
      await tx.alone('locks')
      if ((await tx.parties.byName(party)) === undefined)
        return { code: 'ERR_ADMIN_NOT_FOUND', note: 'no party is that' } satisfies Refusal
      const refusal = await change(tx, at)
      if (refusal !== undefined) return refusal
      const all = await tx.parties.locks(at)
      const sequence = await tx.status.addEvent('lock', at)
      const row = await tx.ledger.add(writeEntry({ ...entry, at, party, event: sequence }))
      await kept?.(tx, { ok: true, sequence: BigInt(sequence), at, told: UNTOLD, entry: row })
      failpoint('lock.before-commit')
      return { sequence: BigInt(sequence), at, all, row }
    })
    failpoint('lock.after-commit')
    if ('code' in recorded) return { ok: false, refusal: recorded }
    const { sequence, at, all, row } = recorded
    // In one turn: who is open here is cut, and answered for, before it is judged anew.
    failpoint('lock.before-cut')
    locks.replace(all, sequence)
    const told = await feed.tell({ sequence, at, change: { kind: 'lock', locks: all } })
    failpoint('lock.after-cut')
    return { ok: true, sequence, at, told, entry: row }
  }

  return {
    async lock({ party, reason, until }, kept) {
      if (isReservedParty(party)) return refused('party: this is the authority itself')
      if (until !== undefined && Temporal.Instant.compare(until, clock()) <= 0) return refused('until: this is over')
      const stated = { ...(reason !== undefined && { reason }), ...(until && { until }) }
      const change = async (tx: StoreTransaction, at: Temporal.Instant) => {
        // The feed carries no more.
        const others = (await tx.parties.locks(at)).filter((one) => one.party !== party)
        if (others.length >= MAX_LOCKS) return TOO_MANY
        await tx.parties.lock(party, { at, ...stated })
        return undefined
      }
      const outcome = await act(party, { kind: 'locked', ...stated }, change, kept)
      if (outcome.ok) log('lock.done', { party, reason, until: until?.toString(), ...summaryOf(outcome) })
      return outcome
    },
    async unlock(party, kept) {
      const change = async (tx: StoreTransaction): Promise<Refusal | undefined> => {
        if ((await tx.parties.byName(party))?.lock === undefined)
          return { code: 'ERR_ADMIN_CONFLICT', note: 'this party is not locked' }
        await tx.parties.unlock(party)
        return undefined
      }
      const outcome = await act(party, { kind: 'unlocked' }, change, kept)
      if (outcome.ok) log('unlock.done', { party, ...summaryOf(outcome) })
      return outcome
    },
  }
}

/** No door knows yet. */
const UNTOLD: Told = { cuts: [], confirmed: [], unconfirmed: [] }

const TOO_MANY: Refusal = { code: 'ERR_ADMIN_CONFLICT', note: `${MAX_LOCKS} parties are locked, and no more can be` }

function summaryOf({ sequence, told }: Extract<Locked, { readonly ok: true }>): Readonly<Record<string, unknown>> {
  return { sequence, cuts: told.cuts.length, unconfirmed: told.unconfirmed }
}

function refused(note: string): Extract<Locked, { readonly ok: false }> {
  return { ok: false, refusal: { code: 'ERR_ADMIN_REQUEST', note } }
}
