// What another authority on the same store has done: told here, to those that follow this one.
import type { Locks, Log, Trust } from '@countersign/mtls'
import type { FeedEvent } from '@countersign/protocol'
import { readCertificateList } from '@countersign/x509'
import type { Issuers } from '../keys/issuers.ts'
import type { Store } from '../store/store.ts'
import type { Changes } from './changes.ts'
import type { CrlPublisher } from './crl/publish.ts'
import type { Feed } from './feed/feed.ts'
import { certificatesOf, type StoredSource } from './feed/source.ts'

interface Parts {
  readonly store: Store
  readonly issuers: Issuers
  readonly feed: Feed
  readonly source: StoredSource
  readonly trust: Trust
  readonly locks: Locks
  readonly crls: CrlPublisher
  readonly changes: Changes
  readonly log: Log
}

const PAGE = 1_000

/** Follows the store, where others write to it: what they do is told here as what is done here. */
export async function followElsewhere({
  store,
  issuers,
  feed,
  source,
  trust,
  locks,
  crls,
  changes,
  log,
}: Parts): Promise<void> {
  if (store.onElsewhere === undefined) return
  let seen = await store.status.newest()

  const apply = async ({ sequence, at, change }: FeedEvent): Promise<void> => {
    if (change.kind === 'status') trust.announce(change.revoked, at)
    if (change.kind === 'lock') locks.replace(change.locks, sequence)
    // Nobody waits here for what a door confirms: one that is slow would keep the next change from all.
    if (change.kind !== 'crl') return void feed.tell({ sequence, at, change })
    await issuers.refresh()
    await crls.refresh()
    const { all } = crls.current()
    trust.replaceCrls(
      all.map((der) => readCertificateList(der)),
      at,
    )
    changes.tell()
    void feed.tell({ sequence, at, change: { kind: 'crl', crls: all, certificates: certificatesOf(issuers) } })
  }
  const look = async (): Promise<void> => {
    for (;;) {
      const events = await store.status.eventsAfter(seen, PAGE)
      if (events.length === 0) return
      for (const event of events) {
        if (event.isElsewhere) await apply(await source.eventOf(event))
        seen = event.sequence
      }
    }
  }
  // One look after the other; the words that come meanwhile are one more.
  let turn: Promise<void> = Promise.resolve()
  let isWaiting = false
  store.onElsewhere(() => {
    if (isWaiting) return
    isWaiting = true
    turn = turn
      .then(() => {
        isWaiting = false
        return look()
      })
      // The next word, or the next connection, looks again from there.
      .catch((error: unknown) => log('store.failed', { cause: String(error) }))
  })
}
