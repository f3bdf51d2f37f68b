// What those that follow the authority get: events in their order, from what the store has.
import type { FeedEvent, FeedRules, KnownAuthority, RevokedSerial, Snapshot } from '@countersign/protocol'
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
  readonly rules: () => FeedRules
  readonly anchors: () => readonly KnownAuthority[]
  readonly clock: () => Temporal.Instant
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
}: Parts): FeedSource {
  const revokedBy = (sequence: number): readonly RevokedSerial[] =>
    store.certificates.revokedBy(issuerId, sequence).map(({ serial, party, at, reason }) => ({
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
  const now = {
    crl: () => ({ kind: 'crl', crls: lists() }) as const,
    policy: () => ({ kind: 'policy', rules: rules() }) as const,
    trust: () => ({ kind: 'trust', anchors: anchors() }) as const,
  }
  return {
    newest: () => BigInt(store.status.newest()),
    eventsAfter(after) {
      const rows = store.status.eventsAfter(Number(after), MAX_EVENTS + 1)
      if (rows.length > MAX_EVENTS) return undefined
      const newest = new Map(rows.map(({ kind, sequence }) => [kind, sequence]))
      return rows.flatMap(({ sequence, at, kind }): FeedEvent[] => {
        const common = { sequence: BigInt(sequence), at }
        if (kind === 'status') return [{ ...common, change: { kind, revoked: revokedBy(sequence) } }]
        // What is told is as it is now, and a newer one says all that an older one did.
        if (sequence !== newest.get(kind)) return []
        return [{ ...common, change: now[kind]() }]
      })
    },
    snapshot() {
      const newest = store.status.newest()
      const covers = store.status.newestCrl(issuerId)?.covers ?? 0
      const unlisted = store.status.eventsAfter(covers, Number.MAX_SAFE_INTEGER).filter(({ kind }) => kind === 'status')
      const revoked = unlisted.flatMap(({ sequence }) => revokedBy(sequence))
      return {
        sequence: BigInt(newest),
        at: clock(),
        crls: lists(),
        revoked,
        rules: rules(),
        anchors: anchors(),
      } satisfies Snapshot
    },
  }
}
