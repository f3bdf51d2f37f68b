// Follows the authority: what it revokes ends sessions here, what was met here is told there; and goes on when it is away.
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Cut,
  type FeedMessage,
  type FollowedDoor,
  type FollowerMessage,
  type Meeting,
  type OpenSession,
  type PartyLock,
  type RevokedSerial,
  readFeedMessage,
  ShapeError,
  writeFollowerMessage,
} from '@countersign/protocol'
import { DerError, X509Error } from '@countersign/x509'
import { connect } from '../client/connect.ts'
import { MeetingRefusedError } from '../client/refused.ts'
import { EnrollmentError } from '../enroll/error.ts'
import { authorityTarget, openHome } from '../enroll/home.ts'
import { IdentityError } from '../identity/error.ts'
import type { DirectoryIdentity } from '../identity/open.ts'
import type { AuthorityAddress } from '../identity/write.ts'
import type { Clock, Log } from '../model.ts'
import { TrustFileError } from '../trust/trust-files.ts'
import { keep, readKept } from './kept.ts'
import { LineError, type Lines, openLines } from './lines.ts'
import { keepLists, notYetListed } from './lists.ts'
import { decideOrder } from './order.ts'
import { createMeetingQueue } from './queue.ts'
import { createSender } from './sender.ts'
import { type Believe, createInForce, type Govern, type Told } from './told.ts'
import { FeedError, upgrade } from './upgrade.ts'
import { openWaitingFile } from './waiting-file.ts'

/** Whom a follower works for. */
export interface FeedOptions {
  /** Of a party that the authority lets follow; the lists, and what is announced, go into its trust and its directory. */
  readonly identity: DirectoryIdentity
  readonly clock?: Clock
  /** For each step that waits for the authority, until the feed stands. Default 10,000. */
  readonly timeoutMs?: number
  /** That go by it, for the authority to know. */
  readonly doors?: readonly FollowedDoor[]
  /** Ends the sessions of what was revoked. Answers when that is done. */
  readonly cut: (revoked: readonly RevokedSerial[]) => Promise<readonly Cut[]>
  readonly sessions: () => Promise<readonly OpenSession[]>
  /** Puts these locks in force in place of those before, and ends the sessions of those that are locked. First with what was kept. */
  readonly lock?: (locks: readonly PartyLock[], sequence: bigint) => Promise<readonly Cut[]>
  /** First with the rules that were kept, before anything is connected. Absent: they are kept, and nobody goes by them. */
  readonly govern?: Govern
  /** The same, with the other authorities. */
  readonly believe?: Believe
  /**
   * Told `feed.connected`, `feed.away` (with until when status holds without it), `feed.refused` (it said what cannot
   * be: what is known stays), `feed.policy-refused` and `feed.trust-refused` (its rules, or its authorities,
   * cannot be used here: those before stay), `feed.clock`
   * (two clocks differ), `meetings.lost`, and of the file of those that wait `meetings.found`, `meetings.damaged`,
   * `meetings.unwritten` and `meetings.written`.
   */
  readonly log: Log
}

/** A feed that is followed until it is closed. */
export interface FeedFollower {
  /** Where the authority is met, and as what. */
  readonly authority: AuthorityAddress
  readonly connected: boolean
  /** Tells the authority of a meeting, now or when it is there again. */
  record(meeting: Meeting): void
  /** Stops. What is known stays. */
  close(): Promise<void>
}

// A list of half a million entries in Base64, the largest rules and authorities, and their frame.
const MAX_LINE_CHARACTERS = 100_663_296
const MAX_WAITING_OCTETS = 67_108_864
/** The authority says every ten seconds that it is there. */
const SILENCE_MS = 30_000
const WAIT_MS = 10_000
const CLOCK_DIFFERENCE_SECONDS = 60
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000
/** Announcements are kept until every list has them; this many without an end would be a fault. */
const MAX_KEPT_REVOCATIONS = 1_000_000

/** What is thrown where the authority says what cannot be. */
const SAID_WRONGLY = [FeedError, ShapeError, LineError, DerError, X509Error]

/**
 * Follows the feed of the authority that enrolled `identity`. Resolves when what was kept is in force, before anything
 * is connected, so that whoever opens a door then knows every revocation that was known here before.
 * @throws {IdentityError | TrustFileError | EnrollmentError} when the directory is not whole.
 */
export async function followFeed(options: FeedOptions): Promise<FeedFollower> {
  const { identity, clock = () => Temporal.Now.instant(), timeoutMs = WAIT_MS, log, cut, sessions, doors } = options
  const { trust, directory } = identity
  const home = await openHome(directory, { clock, timeoutMs })
  const { snapshot: kept, told } = await readKept(home.paths)
  let last = kept?.sequence
  let revoked: readonly RevokedSerial[] = kept?.revoked ?? []
  let locks: readonly PartyLock[] = kept?.locks ?? []
  if (kept) {
    trust.announce(kept.revoked, kept.at)
    await options.lock?.(locks, kept.sequence)
  }
  const inForce = createInForce(options)
  await inForce.take(told, last ?? 0n)
  /** Something was refused before this start. */
  let wasBehind = kept?.behind === true
  // Who lacks something is told everything.
  const isBehind = () => wasBehind || inForce.lacks
  const queue = createMeetingQueue((count) => log('meetings.lost', { count, cause: 'the authority is away' }))
  const waiting = await openWaitingFile(home.paths.waiting, queue, log)
  const stop = new AbortController()
  let lines: Lines | undefined
  let sendWaiting = (): void => undefined

  const send = (message: FollowerMessage) => lines?.send(writeFollowerMessage(message))
  // One after the other: an event is confirmed when everything before it holds.
  let turn: Promise<unknown> = Promise.resolve()

  const learn = async (message: Extract<FeedMessage, { readonly kind: 'snapshot' | 'event' }>): Promise<void> => {
    const order = decideOrder(last, message)
    if (typeof order !== 'string') throw new FeedError(order.refused)
    const { sequence, at } = message.kind === 'snapshot' ? message.snapshot : message.event
    const confirm = (cuts: readonly Cut[]) => {
      const refused = inForce.refusalOf(sequence)
      send({ kind: 'confirm', sequence, cuts, ...(refused !== undefined && { refused }) })
    }
    if (order === 'repeat') return confirm([])
    const { fresh, crls, certificates, locks: locked, ...told } = contentsOf(message)
    // First in memory, so that it holds at once; then what is open, then the disk: who has confirmed knows it after a crash.
    trust.announce(fresh, at)
    const cuts = [
      ...(fresh.length > 0 ? await cut(fresh) : []),
      ...(locked === undefined ? [] : ((await options.lock?.(locked, sequence)) ?? [])),
    ]
    locks = locked ?? locks
    revoked = message.kind === 'snapshot' ? fresh : [...revoked, ...fresh]
    if (crls.length > 0) {
      await keepLists(home, identity, { crls, certificates }, at)
      revoked = notYetListed(trust, revoked)
    }
    if (revoked.length > MAX_KEPT_REVOCATIONS) throw new FeedError('more is announced than is ever listed')
    const taken = await inForce.take(told, sequence)
    if (message.kind === 'snapshot') wasBehind = false
    await keep(home.paths, { sequence, at, revoked, locks, ...(isBehind() && { behind: true }) }, taken)
    last = sequence
    confirm(cuts)
  }

  const take = (message: FeedMessage) => {
    switch (message.kind) {
      case 'beat': {
        const seconds = Math.round(clock().since(message.at).total('seconds'))
        if (Math.abs(seconds) > CLOCK_DIFFERENCE_SECONDS) log('feed.clock', { aheadBySeconds: seconds })
        return
      }
      case 'sessions':
        sessions().then(
          (open) => send({ kind: 'sessions', id: message.id, sessions: open }),
          (error: Error) => lines?.end(error),
        )
        return
      case 'kept':
        queue.kept(message.id)
        sendWaiting()
        return waiting.changed('soon')
      default:
        turn = turn.then(() => learn(message)).catch((error: Error) => lines?.end(error))
    }
  }

  /** One connection, from its meeting to its end; answers why it ended. */
  const follow = async (): Promise<Error | undefined> => {
    const { socket, meeting } = await connect({ ...authorityTarget(home), identity, trust })
    const channel = await upgrade(socket, home.authority.name, timeoutMs)
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    let silence: NodeJS.Timeout | undefined
    const awaitLine = () => {
      clearTimeout(silence)
      silence = setTimeout(() => opened.end(new FeedError(`silent for ${SILENCE_MS / 1000} s`)), SILENCE_MS)
    }
    const opened = openLines(channel, {
      maxCharacters: MAX_LINE_CHARACTERS,
      maxWaitingOctets: MAX_WAITING_OCTETS,
      onValue(value) {
        awaitLine()
        take(readFeedMessage(value))
      },
      onEnd: resolve,
    })
    lines = opened
    // From the first on: an authority that says nothing at all is away as well.
    awaitLine()
    const onStop = () => opened.end()
    stop.signal.addEventListener('abort', onStop)
    // It may have been closed while it was connecting.
    if (stop.signal.aborted) onStop()
    const after = isBehind() ? undefined : last
    send({ kind: 'follow', version: 1, ...(after !== undefined && { after }), ...(doors && { doors }) })
    sendWaiting = createSender(
      queue,
      (one) => send({ kind: 'meeting', ...one }),
      () => opened.unreadOctets,
    )
    sendWaiting()
    log('feed.connected', { reference: meeting.reference, after: after?.toString() ?? null })
    try {
      return await promise
    } finally {
      lines = undefined
      sendWaiting = () => undefined
      waiting.changed('now')
      stop.signal.removeEventListener('abort', onStop)
      clearTimeout(silence)
      await turn
    }
  }

  const run = async () => {
    let failures = 0
    while (!stop.signal.aborted) {
      const before = last
      try {
        const error = await follow()
        if (error !== undefined) throw error
      } catch (error) {
        if (stop.signal.aborted) return
        report(error)
      }
      failures = last === before ? failures + 1 : 1
      await rest(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS) * (0.5 + Math.random()), stop.signal)
    }
  }
  const report = (error: unknown) => {
    if (SAID_WRONGLY.some((kind) => error instanceof kind)) return log('feed.refused', { cause: String(error) })
    // A fault of ours is told as it is, and the feed is followed anew: a door must hear of the next revocation.
    if (!isOfTheWorld(error)) return log('feed.fault', { cause: String(error), error })
    const ends = trust.crls.flatMap(({ crl: { nextUpdate } }) => nextUpdate ?? []).sort(Temporal.Instant.compare)
    log('feed.away', { cause: error.message, statusHoldsUntil: ends[0]?.toString() ?? null })
  }
  const running = run()
  return {
    authority: home.authority,
    get connected() {
      return lines !== undefined
    },
    record(meeting) {
      queue.add(meeting)
      sendWaiting()
      waiting.changed(lines ? 'soon' : 'now')
    },
    async close() {
      stop.abort()
      await running
      await waiting.close()
    },
  }
}

function contentsOf(message: Extract<FeedMessage, { readonly kind: 'snapshot' | 'event' }>): Told & {
  readonly fresh: readonly RevokedSerial[]
  readonly crls: readonly Uint8Array[]
  readonly certificates: readonly Uint8Array[]
  readonly locks?: readonly PartyLock[]
} {
  if (message.kind === 'snapshot') {
    const { revoked, crls, certificates, rules, anchors, locks } = message.snapshot
    return { fresh: revoked, crls, certificates, rules, anchors, locks }
  }
  const { kind, ...change } = message.event.change
  return { fresh: [], crls: [], certificates: [], ...('revoked' in change ? { fresh: change.revoked } : change) }
}

/** Whether what happened is of the world, and no bug of ours. */
function isOfTheWorld(error: unknown): error is Error {
  const kinds = [MeetingRefusedError, EnrollmentError, IdentityError, TrustFileError]
  return kinds.some((kind) => error instanceof kind) || (error instanceof Error && 'code' in error)
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal })
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error
  }
}
