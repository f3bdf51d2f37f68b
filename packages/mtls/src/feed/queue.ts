// Meetings that wait for the authority: bounded, in order, and gone only when it has kept them.
import type { Meeting, Side } from '@countersign/protocol'

/** A meeting with its number, which no other of this process has. */
export interface Waiting {
  readonly id: number
  readonly meeting: Meeting
}

/** Meetings with their numbers, the oldest first. */
export interface MeetingQueue {
  readonly size: number
  /** The number of the newest that was added, whether it waits or not. */
  readonly newest: number
  add(meeting: Meeting): void
  /** Those behind number `id`, at most `most`. */
  after(id: number, most?: number): readonly Waiting[]
  /** Forgets what has been kept, up to `id`. */
  kept(id: number): void
}

/** What may wait. */
export interface QueueLimits {
  readonly meetings: number
  readonly characters: number
}

const LIMITS: QueueLimits = { meetings: 10_000, characters: 33_554_432 }

/** Of all but the names: of those a certificate can have many, and long ones, as a stranger chooses. */
const CHARACTERS_OF_OTHERS = 2_000

/** @param onLost Told how many were dropped, the oldest, because too many wait. */
export function createMeetingQueue(onLost: (count: number) => void, limits: QueueLimits = LIMITS): MeetingQueue {
  // Their numbers follow each other without a gap.
  let waiting: Waiting[] = []
  let last = 0
  let characters = 0
  const forget = (count: number) => {
    for (const { meeting } of waiting.slice(0, count)) characters -= charactersOf(meeting)
    waiting = waiting.slice(count)
  }
  /** How many have a number up to `id`. */
  const upTo = (id: number) => Math.min(Math.max(id - (last - waiting.length), 0), waiting.length)
  return {
    get size() {
      return waiting.length
    },
    get newest() {
      return last
    },
    add(meeting) {
      waiting.push({ id: ++last, meeting })
      characters += charactersOf(meeting)
      while (waiting.length > 1 && (waiting.length > limits.meetings || characters > limits.characters)) {
        // A tenth at once, so that each further one does not move them all.
        const dropped = Math.max(1, Math.floor(waiting.length / 10))
        forget(dropped)
        onLost(dropped)
      }
    },
    after: (id, most = waiting.length) => waiting.slice(upTo(id), upTo(id) + most),
    kept: (id) => forget(upTo(id)),
  }
}

function charactersOf({ caller, callee }: Meeting): number {
  return CHARACTERS_OF_OTHERS + namesOf(caller) + namesOf(callee)
}

function namesOf({ identities, certificate }: Side): number {
  let length = 0
  for (const { value } of identities) length += value.length
  // The step in which it was presented has them once more.
  if (certificate) length += 2 * (certificate.subject.length + certificate.issuer.length)
  return length
}
