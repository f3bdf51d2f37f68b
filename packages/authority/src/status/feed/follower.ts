// A door in another process, at the other end of one connection: what it is told, and what it answers.
import type { Duplex } from 'node:stream'
import { LineError, type Lines, type Log, openLines } from '@countersign/mtls'
import {
  type Cut,
  type FeedEvent,
  type FeedMessage,
  type FollowedDoor,
  type FollowerMessage,
  type Meeting,
  type OpenSession,
  type PartyId,
  readFollowerMessage,
  ShapeError,
  type Snapshot,
  writeFeedMessage,
} from '@countersign/protocol'
import type { Feed, FeedDoor } from './feed.ts'

/** What the authority has for those that follow it. */
export interface FeedSource {
  /** Of the newest event. */
  newest(): Promise<bigint>
  /** Events after `after`, in their order; undefined where they are too many, or not known any more. */
  eventsAfter(after: bigint): Promise<readonly FeedEvent[] | undefined>
  /** All up to its number; what came after that may be in it, too. */
  snapshot(): Promise<Snapshot>
}

/** What a follower is given. */
export interface FollowerParts {
  readonly feed: Feed
  readonly source: FeedSource
  /** `onSettled` is told, in the order of the records, whether it is kept. */
  readonly record: (meeting: Meeting, onSettled: (isKept: boolean) => void) => void
  readonly clock: () => Temporal.Instant
  readonly log: Log
}

// A door with some hundred thousand sessions tells them in one line; a meeting has 3 kB.
const MAX_LINE_CHARACTERS = 67_108_864
// A snapshot for a newcomer is the largest thing that may wait.
const MAX_WAITING_OCTETS = 134_217_728
const BEAT_MS = 10_000
const FOLLOW_MS = 10_000
const MAX_DOOR_NAME = 256

/** Serves a follower until its connection ends. The gate has proved `party`, and it may follow. */
export type ServeFollower = (party: PartyId, socket: Duplex) => void

/**
 * Makes the function that serves followers. One that connects anew takes the place of its own connection before: that may
 * stand for a quarter of an hour after the network between has gone.
 */
export function createFollowers(parts: FollowerParts): ServeFollower {
  const followers = new Map<PartyId, Lines>()
  return (party, socket) => serveFollower(party, socket, parts, followers)
}

function serveFollower(party: PartyId, socket: Duplex, parts: FollowerParts, followers: Map<PartyId, Lines>): void {
  const { feed, source, record, clock, log } = parts
  const waiting = new Map<bigint, PromiseWithResolvers<readonly Cut[]>>()
  const asked = new Map<number, (sessions: readonly OpenSession[]) => void>()
  let sent: bigint | undefined
  let asking = 0
  let someUnkept = false
  let leave: (() => void) | undefined
  let beat: NodeJS.Timeout | undefined

  const lines = openLines(socket, {
    maxCharacters: MAX_LINE_CHARACTERS,
    maxWaitingOctets: MAX_WAITING_OCTETS,
    onValue: (value) => take(readFollowerMessage(value)),
    onEnd(error) {
      leave?.()
      if (followers.get(party) === lines) followers.delete(party)
      clearInterval(beat)
      clearTimeout(late)
      for (const answer of asked.values()) answer([])
      for (const { reject } of waiting.values()) reject(new LineError('it left before it confirmed'))
      const cause =
        error instanceof LineError || error instanceof ShapeError
          ? error.message
          : (error as NodeJS.ErrnoException)?.code
      log('feed.left', { door: party, ...(cause !== undefined && { cause }) })
    },
  })
  const late = setTimeout(() => lines.end(new LineError('it did not say what it knows')), FOLLOW_MS)
  const send = (message: FeedMessage) => lines.send(writeFeedMessage(message))

  /** Everything up to `event`, each once on this connection; what came twice here is sent again, as it wants an answer. */
  const sendUpTo = async (event: FeedEvent): Promise<void> => {
    const after = sent ?? 0n
    if (event.sequence > after) {
      const missed = await source.eventsAfter(after)
      // It connects anew, and gets a snapshot.
      if (missed === undefined) return lines.end(new LineError('it is too far behind'))
      for (const one of missed) if (one.sequence < event.sequence) sendNext(one)
      sendNext(event)
    } else send({ kind: 'event', previous: event.sequence - 1n, event })
  }
  // One after the other, as the numbers are.
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (act: () => Promise<void>) => {
    turn = turn.then(act).catch((error: Error) => lines.end(error))
  }
  const sendNext = (event: FeedEvent) => {
    send({ kind: 'event', previous: sent ?? 0n, event })
    sent = event.sequence
  }
  /** An older one does not say which doors it has. */
  const doorOf = (own: readonly FollowedDoor[] | undefined): FeedDoor => ({
    name: party,
    isElsewhere: true,
    ...(own && { doors: own.map((each) => ({ ...each, name: doorName(party, each.name) })) }),
    apply(event) {
      const answer = Promise.withResolvers<readonly Cut[]>()
      waiting.set(event.sequence, answer)
      inTurn(() => sendUpTo(event))
      return answer.promise
    },
    sessions() {
      const { promise, resolve } = Promise.withResolvers<readonly OpenSession[]>()
      asked.set(++asking, resolve)
      send({ kind: 'sessions', id: asking })
      return promise
    },
  })

  /** What it has missed. */
  const catchUp = async (after: bigint | undefined): Promise<void> => {
    const isKnown = after !== undefined && after <= (await source.newest())
    const events = isKnown ? await source.eventsAfter(after) : undefined
    if (events === undefined) {
      const snapshot = await source.snapshot()
      sent = snapshot.sequence
      send({ kind: 'snapshot', snapshot })
    } else {
      sent = after
      for (const event of events) sendNext(event)
    }
    send({ kind: 'beat', at: clock() })
    log('feed.followed', { door: party, after: after?.toString() ?? null, events: events?.length ?? null })
  }

  const take = (message: FollowerMessage) => {
    if (message.kind === 'follow') {
      if (leave !== undefined) throw new LineError('it follows already')
      clearTimeout(late)
      followers.get(party)?.end(new LineError('it has connected anew'))
      followers.set(party, lines)
      // First, so that nothing is missed: what is told from now on waits until it has caught up.
      leave = feed.join(doorOf(message.doors))
      inTurn(() => catchUp(message.after))
      beat = setInterval(() => send({ kind: 'beat', at: clock() }), BEAT_MS)
      return
    }
    if (leave === undefined) throw new LineError('it did not say what it knows')
    switch (message.kind) {
      case 'confirm': {
        const { sequence, refused, cuts } = message
        if (refused !== undefined) log('feed.refused-there', { door: party, sequence, cause: refused })
        // Its doors are its own: a receipt says whose word it is.
        if (refused === undefined)
          waiting.get(sequence)?.resolve(cuts.map((cut) => ({ ...cut, door: doorName(party, cut.door) })))
        else waiting.get(sequence)?.reject(new LineError(`it refuses it: ${refused}`))
        waiting.delete(sequence)
        return
      }
      case 'sessions': {
        asked.get(message.id)?.(
          message.sessions.map((session) => ({ ...session, door: doorName(party, session.door) })),
        )
        asked.delete(message.id)
        return
      }
      case 'meeting': {
        record({ ...message.meeting, door: doorName(party, message.meeting.door) }, (isKept) => {
          if (!isKept) someUnkept = true
          // One word is for all before it: who sends them again loses none.
          else if (someUnkept) lines.end(new LineError('it is to send again what could not be kept'))
          else send({ kind: 'kept', id: message.id })
        })
        return
      }
    }
  }
}

/** As in `door/gate-1:web`. */
function doorName(party: PartyId, door: string): string {
  return `${party}:${door}`.slice(0, MAX_DOOR_NAME)
}
