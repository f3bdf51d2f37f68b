// What those that follow the authority get: events in their order, from what the store has.
import type { FeedEvent, FeedRules, KnownAuthority, RevokedSerial, Snapshot } from '@countersign/protocol'
import { SSH_ISSUER } from '../../keys/hierarchy.ts'
import type { StoredEvent } from '../../store/status.ts'
import type { Store } from '../../store/store.ts'
import type { FeedSource } from './follower.ts'

/** More events than these are a snapshot's matter. */
const MAX_EVENTS = 1_000

interface Parts {
  readonly store: Store
  /** The row of the issuing certificate, and its key's SHA-256 in hexadecimal. */
  readonly issuerId: number
  readonly issuerSpkiSha256: string
  readonly crls: () => { readonly issuing: Uint8Array; readonly root: Uint8Array }
  readonly rules: () => Promise<FeedRules>
  readonly anchors: () => Promise<readonly KnownAuthority[]>
  readonly clock: () => Temporal.Instant
}

/** The same, for who has read the store already. */
export interface StoredSource extends FeedSource {
  eventOf(event: StoredEvent): Promise<FeedEvent>
}

/** Makes the source of one authority's feed. */
export function createFeedSource({
  store,
  issuerId,
  issuerSpkiSha256,
  crls,
  rules,
  anchors,
  clock,
}: Parts): StoredSource {
  const revokedBy = async (sequence: number): Promise<readonly RevokedSerial[]> =>
    [
      ...(await store.certificates.revokedBy(issuerId, sequence)),
      ...(await store.certificates.revokedBy(SSH_ISSUER, sequence)),
    ].map(({ serial, party, at, reason }) => ({
      issuerSpkiSha256,
      serialNumber: BigInt(`0x${serial}`),
      party,
      at,
      reason,
    }))
  const lists = (): readonly Uint8Array[] => {
    const { issuing, root } = crls()
    return [issuing, root]
  }
  const changeOf = async ({ kind, sequence }: StoredEvent): Promise<FeedEvent['change']> => {
    switch (kind) {
      case 'status':
        return { kind, revoked: await revokedBy(sequence) }
      case 'crl':
        return { kind, crls: lists() }
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
      const covers = (await store.status.newestCrl(issuerId))?.covers ?? 0
      const events = await store.status.eventsAfter(covers, Number.MAX_SAFE_INTEGER)
      const unlisted = events.filter(({ kind }) => kind === 'status')
      const revoked = (await Promise.all(unlisted.map((event) => revokedBy(event.sequence)))).flat()
      const [currentRules, currentAnchors] = [await rules(), await anchors()]
      return {
        sequence,
        at: clock(),
        crls: lists(),
        revoked,
        rules: currentRules,
        anchors: currentAnchors,
        locks: await store.parties.locks(clock()),
      } satisfies Snapshot
    },
  }
}
