// Where certificates are seen: gathered from the meetings, and written together, apart from them. Not durable to the last:
// a crash loses what was seen since the last writing, and nothing else.
import type { Clock, Log, Trust } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { formatName } from '@countersign/x509'
import type { Failpoint } from '../failpoints.ts'
import { emit, type Notice } from '../ledger/notice.ts'
import { sha256 } from '../octets.ts'
import type { Store } from '../store/store.ts'
import { type Sighting, VOUCHED } from '../store/watch.ts'
import { type OwnAuthorities, shownIn } from './shown.ts'

/** From the first certificate that is seen to the writing of all that were seen meanwhile. */
export const GATHER_SECONDS = 10
/** Certificates that wait, at most: about 1 kB each. Written at once when so many do. */
const MAX_WAITING = 10_000
/** Written in one transaction: others wait for it as long as for a few issuances. */
const AT_ONCE = 200

export interface Sightings {
  /** Notes what a door has met. Quick, and never fails. */
  met(meeting: Meeting): void
  /** Writes what waits. What cannot be written waits on, and is told. */
  flush(): Promise<void>
  /** Writes what waits, and no more after that. */
  close(): Promise<void>
}

interface Parts {
  readonly store: Store
  readonly trust: Pick<Trust, 'anchors' | 'issuers'>
  readonly clock: Clock
  readonly failpoint?: Failpoint
  readonly log: Log
}

export function createSightings({ store, trust, clock, failpoint = () => undefined, log }: Parts): Sightings {
  let waiting = new Map<string, Sighting>()
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> = Promise.resolve()
  let closed = false
  const own = createOwn(trust)

  const note = (sighting: Sighting) => {
    const { sha256: key } = sighting
    const known = waiting.get(key)
    if (known === undefined && waiting.size >= MAX_WAITING) return
    waiting.set(key, known === undefined ? sighting : together(known, sighting))
  }

  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const batch = [...waiting.values()]
    waiting = new Map()
    for (let from = 0; from < batch.length; from += AT_ONCE) {
      const some = batch.slice(from, from + AT_ONCE)
      try {
        await writeSome(some)
      } catch (error) {
        for (const sighting of batch.slice(from)) note(sighting)
        log('sightings.unwritten', {
          count: waiting.size,
          cause: error instanceof Error ? error.message : String(error),
        })
        if (!closed) start()
        return
      }
    }
  }

  const writeSome = async (some: readonly Sighting[]): Promise<void> => {
    // Of certificates that are stored for good: there is no need to ask within the transaction.
    const rows = await store.watch.rowsOf(some.map((one) => one.sha256))
    const known = some.flatMap((sighting) => {
      const row = rows.get(sighting.sha256)
      return row === undefined ? [] : [{ row, ...sighting }]
    })
    const unknown = some.filter((sighting) => !rows.has(sighting.sha256) && sighting.vouched !== undefined)
    const fresh = await store.commit(async (tx) => {
      await tx.watch.see(known, clock())
      // Those that nobody here has issued come one after the other.
      if (unknown.length > 0) await tx.alone('unissued')
      const met = unknown.length > 0 ? await tx.watch.meetUnissued(unknown, clock()) : []
      const own = met.filter(({ vouched }) => vouched === 'own')
      for (const sighting of own) await emit(tx, noticeOf(sighting))
      failpoint('sightings.before-commit')
      return own
    })
    failpoint('sightings.after-commit')
    // Somebody else signs with a key of ours, or the store has lost what it had recorded.
    for (const sighting of fresh) {
      const { kind: _, at, ...fields } = noticeOf(sighting)
      log('certificate.unissued', { ...fields, seenAt: at.toString() })
    }
  }

  const flush = (): Promise<void> => {
    turn = turn.then(write)
    return turn
  }
  const start = () => {
    timer ??= setTimeout(() => void flush(), GATHER_SECONDS * 1000).unref()
  }

  return {
    met(meeting) {
      if (closed) return
      for (const { certificate, as, vouched, authority } of shownIn(meeting, own()))
        note({
          sha256: certificate.sha256,
          certificate,
          as,
          door: meeting.door,
          at: meeting.at,
          firstAt: meeting.at,
          meetings: 1,
          ...(vouched && { vouched }),
          ...(authority !== undefined && { authority }),
        })
      if (waiting.size >= MAX_WAITING) void flush()
      else if (waiting.size > 0) start()
    },
    flush,
    async close() {
      closed = true
      await flush()
    },
  }
}

function noticeOf({ at, door, certificate }: Sighting): Extract<Notice, { readonly kind: 'unissued' }> {
  const { subject, issuer, serialNumber, sha256: digest } = certificate
  return { kind: 'unissued', at, subject, issuer, serial: serialNumber, sha256: digest, door }
}

/** The newest counts; another meeting of the same may have shown better who vouches. */
function together(one: Sighting, other: Sighting): Sighting {
  const isOlder = Temporal.Instant.compare(one.at, other.at) <= 0
  const first = Temporal.Instant.compare(one.firstAt, other.firstAt) <= 0 ? one : other
  const { vouched: _, authority: __, ...newest } = isOlder ? other : one
  const { vouched, authority } = weightOf(one) <= weightOf(other) ? one : other
  return {
    ...newest,
    firstAt: first.firstAt,
    meetings: one.meetings + other.meetings,
    ...(vouched && { vouched }),
    ...(authority !== undefined && { authority }),
  }
}

function weightOf({ vouched }: Sighting): number {
  return vouched === undefined ? VOUCHED.length : VOUCHED.indexOf(vouched)
}

/** Made again where the trust has other anchors or issuers. */
function createOwn(trust: Parts['trust']): () => OwnAuthorities {
  let made: (OwnAuthorities & Pick<Trust, 'issuers'> & { readonly of: Trust['anchors'] }) | undefined
  return () => {
    const { anchors, issuers } = trust
    if (made?.of === anchors && made.issuers === issuers) return made
    const names = [...anchors.map(({ name }) => name), ...issuers.map(({ subject }) => subject)].map(formatName)
    const keys = anchors.map(({ subjectPublicKeyInfo }) => sha256(subjectPublicKeyInfo.der).toHex())
    made = { of: anchors, issuers, anchors: new Set(keys), names: new Set(names) }
    return made
  }
}
