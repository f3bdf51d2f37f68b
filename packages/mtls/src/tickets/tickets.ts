// What makes a meeting resumable: the key of the tickets, and the issuers that callers sent while it was in use.
import { randomBytes } from 'node:crypto'
import type { Certificate } from '@countersign/x509'
import type { Clock, TicketEpoch, Tickets } from '../model.ts'
import { sha256 } from '../sha256.ts'

/** Where epochs are kept: here alone, or where other processes find them. */
export interface EpochStore {
  /** The epoch of now. With `fresh` always a new one. */
  open(now: Temporal.Instant, fresh: boolean): StoredEpoch
}

/** An epoch as it is kept. */
export interface StoredEpoch {
  /** 48 octets. Secret. */
  readonly key: Buffer
  readonly startedAt: Temporal.Instant
  keep(issuer: Certificate): void
  /** The issuers that are kept, but for those of `known`, by the SHA-256 of their DER. */
  kept(known: ReadonlySet<string>): readonly Certificate[]
}

// RFC 5077 §5.5: keys "should be changed regularly". OpenSSL's own tickets live for two hours; a key does for four times that.
export const EPOCH_LIFE: Temporal.Duration = Temporal.Duration.from({ hours: 8 })
/** Accepted callers come through few issuers. Where there are more, resumption is given up for a full handshake each. */
export const MAX_LEARNED_ISSUERS = 256
const KEY_OCTETS = 48
// How soon a process sees that another has begun an epoch.
const LOOK_MS = 60_000

/** Tickets of this process alone. */
export function createTickets(clock: Clock): Tickets {
  let ours: StoredEpoch | undefined
  const open = (now: Temporal.Instant, fresh: boolean) => {
    if (fresh || ours === undefined || !isOfNow(ours.startedAt, now)) ours = epochOfOurOwn(now)
    return ours
  }
  return ticketsOver({ open }, clock)
}

/** An epoch that nobody else has. */
export function epochOfOurOwn(startedAt: Temporal.Instant): StoredEpoch {
  return { key: randomBytes(KEY_OCTETS), startedAt, keep: () => undefined, kept: () => [] }
}

const EPOCH_LIFE_MS = EPOCH_LIFE.total('milliseconds')

/** Whether an epoch may still be used, by a clock that may have been set either way. */
export function isOfNow(startedAt: Temporal.Instant, now: Temporal.Instant): boolean {
  return millisecondsBetween(startedAt, now) < EPOCH_LIFE_MS
}

/** Asked for at each meeting, where a `Temporal.Duration` would cost more than all that is asked. */
function millisecondsBetween(one: Temporal.Instant, other: Temporal.Instant): number {
  return Math.abs(one.epochMilliseconds - other.epochMilliseconds)
}

/**
 * Keeps an epoch as long as it may live. Key and issuers begin and end together: a ticket that can be opened is one whose
 * issuers are known, and where there are too many of them, the tickets of before are void.
 */
export function ticketsOver(store: EpochStore, clock: Clock): Tickets {
  const begin = (fresh: boolean) => {
    const now = clock()
    return { lookedAt: now, ...epochOver(store.open(now, fresh)) }
  }
  let epoch = begin(false)

  const current = () => {
    const now = clock()
    const isRecent = millisecondsBetween(epoch.lookedAt, now) < LOOK_MS
    if (isRecent && isOfNow(epoch.startedAt, now)) return epoch
    const found = store.open(now, false)
    epoch = found.key.equals(epoch.key) ? { ...epoch, lookedAt: now } : { lookedAt: now, ...epochOver(found) }
    return epoch
  }
  return {
    current,
    learn(issuers) {
      if (!current().learn(issuers)) {
        epoch = begin(true)
        epoch.learn(issuers)
      }
    },
  }
}

function epochOver(stored: StoredEpoch): TicketEpoch & {
  readonly startedAt: Temporal.Instant
  /** False where there is no room. */
  learn(issuers: readonly Certificate[]): boolean
} {
  const known = new Map<string, Certificate>()
  const look = () => {
    const before = known.size
    for (const issuer of stored.kept(new Set(known.keys()))) known.set(sha256(issuer.der), issuer)
    return known.size > before
  }
  look()
  return {
    key: stored.key,
    startedAt: stored.startedAt,
    issuers: () => [...known.values()],
    refresh: look,
    learn(issuers) {
      const unknown = issuers.filter(({ der }) => !known.has(sha256(der)))
      if (known.size + unknown.length > MAX_LEARNED_ISSUERS) return false
      for (const issuer of unknown) {
        known.set(sha256(issuer.der), issuer)
        stored.keep(issuer)
      }
      return true
    },
  }
}
