// What those that follow the authority get: events in their order, from what the store has.
import type { FeedEvent, FeedRules, KnownAuthority, RevokedSerial, Snapshot } from '@countersign/protocol'
import type { Issuers } from '../../keys/issuers.ts'
import type { StoredEvent } from '../../store/status.ts'
import type { Store } from '../../store/store.ts'
import type { Lists } from '../crl/publish.ts'
import { toldOf } from '../told.ts'
import type { FeedSource } from './follower.ts'

/** More events than these are a snapshot's matter. */
const MAX_EVENTS = 1_000

interface Parts {
  readonly store: Store
  readonly issuers: Issuers
  readonly crls: () => Lists
  readonly rules: () => Promise<FeedRules>
  readonly anchors: () => Promise<readonly KnownAuthority[]>
  readonly clock: () => Temporal.Instant
}

/** The same, for who has read the store already. */
export interface StoredSource extends FeedSource {
  eventOf(event: StoredEvent): Promise<FeedEvent>
}

/** Makes the source of one authority's feed. */
export function createFeedSource({ store, issuers, crls, rules, anchors, clock }: Parts): StoredSource {
  const revokedBy = async (sequence: number) => toldOf(store, await store.certificates.revokedBy(sequence))
  /** What the lists do not say yet; of SSH, there is none here. */
  const unlisted = async (): Promise<readonly RevokedSerial[]> => {
    const { issuers: listed, ssh } = issuers.published()
    const found = await Promise.all([...listed, ...ssh].flatMap(({ id }) => (id === undefined ? [] : [revokedOf(id)])))
    return toldOf(store, found.flat())
  }
  const revokedOf = async (id: number) =>
    store.certificates.revokedAfter(id, (await store.status.newestCrl(id))?.covers ?? 0)
  const changeOf = async ({ kind, sequence }: StoredEvent): Promise<FeedEvent['change']> => {
    switch (kind) {
      case 'status':
        return { kind, revoked: await revokedBy(sequence) }
      case 'crl':
        return { kind, crls: crls().all, certificates: certificatesOf(issuers) }
      case 'policy':
        return { kind, rules: await rules() }
      case 'trust':
        return { kind, anchors: await anchors() }
      case 'lock':
        return { kind, locks: await store.parties.locks(clock()) }
    }
  }
  const eventOf = async (event: StoredEvent): Promise<FeedEvent> => ({
    sequence: BigInt(event.sequence),
    at: event.at,
    change: await changeOf(event),
  })
  return {
    eventOf,
    newest: async () => BigInt(await store.status.newest()),
    async eventsAfter(after) {
      const rows = await store.status.eventsAfter(Number(after), MAX_EVENTS + 1)
      if (rows.length > MAX_EVENTS) return undefined
      const newest = new Map(rows.map(({ kind, sequence }) => [kind, sequence]))
      // What is told is as it is now, and a newer one says all that an older one did; but each revocation counts.
      const told = rows.filter(({ kind, sequence }) => kind === 'status' || sequence === newest.get(kind))
      return Promise.all(told.map(eventOf))
    },
    async snapshot() {
      // First: what comes meanwhile is told as an event.
      const sequence = BigInt(await store.status.newest())
      const revoked = await unlisted()
      const [currentRules, currentAnchors] = [await rules(), await anchors()]
      return {
        sequence,
        at: clock(),
        crls: crls().all,
        certificates: certificatesOf(issuers),
        revoked,
        rules: currentRules,
        anchors: currentAnchors,
        locks: await store.parties.locks(clock()),
      } satisfies Snapshot
    },
  }
}

/** DER of what everybody is told of the issuers: those below the roots, and the roots. */
export function certificatesOf(issuers: Issuers): readonly Uint8Array[] {
  const { intermediates, roots } = issuers.published()
  return [...intermediates, ...roots].map(({ der }) => der)
}
