// Telling the doors, all at once, and waiting a second at most for each.
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@countersign/mtls'
import type { Cut, DoorName, FeedEvent, FollowedDoor, OpenSession, PartyId } from '@countersign/protocol'
import { InvariantError } from '../../error.ts'

/** A door that follows the authority. */
export interface FeedDoor {
  readonly name: DoorName
  /**
   * Makes the event hold at this door: cuts what it ends. Answers when that is done.
   * @param party Was revoked by name: whatever it has open ends. Elsewhere every session is of a certificate, which the event names.
   */
  apply(event: FeedEvent, party?: PartyId): Promise<readonly Cut[]>
  /** Its open sessions. */
  sessions(): Promise<readonly OpenSession[]>
  /** What it is, or has: doors that need the lists. Absent: it is one, and is taken for one that requires them. */
  readonly doors?: readonly FollowedDoor[]
  /** In another process, which goes on when this one ends. */
  readonly isElsewhere?: true
}

/** A door, and whether it ends with this process. */
export interface KnownDoor extends FollowedDoor {
  readonly isElsewhere: boolean
}

/** What the doors answered. */
export interface Told {
  readonly cuts: readonly Cut[]
  readonly confirmed: readonly DoorName[]
  readonly unconfirmed: readonly DoorName[]
}

/** The doors that follow the authority. */
export interface Feed {
  /** Lets `door` follow. Answers how to leave. A door joins before it accepts its first connection. */
  join(door: FeedDoor): () => void
  /** Open sessions at every door that answers within a second. */
  sessions(): Promise<readonly OpenSession[]>
  /** @param party As in `FeedDoor`. */
  tell(event: FeedEvent, party?: PartyId): Promise<Told>
  /** All that follow now, by name. */
  doors(): readonly KnownDoor[]
}

/** A door that takes longer stands in the receipt as unconfirmed; what it does then is in the log. */
const ANSWER_MILLISECONDS = 1_000

export function createFeed(log: Log): Feed {
  const doors = new Map<DoorName, FeedDoor>()

  const ask = async (door: FeedDoor, event: FeedEvent, party?: PartyId): Promise<readonly Cut[] | undefined> => {
    const answer = door.apply(event, party).catch((error: unknown) => {
      log('feed.failed', { door: door.name, sequence: event.sequence, error: String(error) })
      return undefined
    })
    const cuts = await withinASecond(answer)
    if (cuts === undefined) {
      log('feed.unconfirmed', { door: door.name, sequence: event.sequence })
      void answer.then((after) => {
        if (after !== undefined)
          log('feed.confirmed-late', { door: door.name, sequence: event.sequence, cuts: after.length })
      })
    }
    return cuts
  }

  return {
    join(door) {
      if (doors.has(door.name)) throw new InvariantError(`two doors have the name ${door.name}`)
      doors.set(door.name, door)
      return () => {
        if (doors.get(door.name) === door) doors.delete(door.name)
      }
    },
    async sessions() {
      const answers = await Promise.all([...doors.values()].map((door) => withinASecond(door.sessions())))
      return answers.flatMap((sessions) => sessions ?? [])
    },
    doors() {
      const known = [...doors.values()].flatMap(({ name, doors: own, isElsewhere = false }) =>
        (own ?? [{ name, revocation: 'require' as const }]).map((door) => ({ ...door, isElsewhere })),
      )
      return known.toSorted((one, other) => (one.name < other.name ? -1 : 1))
    },
    async tell(event, party) {
      const asked = [...doors.values()]
      const answers = await Promise.all(asked.map((door) => ask(door, event, party)))
      return {
        cuts: answers.flatMap((cuts) => cuts ?? []),
        confirmed: asked.filter((_, index) => answers[index] !== undefined).map(({ name }) => name),
        unconfirmed: asked.filter((_, index) => answers[index] === undefined).map(({ name }) => name),
      }
    },
  }
}

/** Undefined where it takes longer. */
async function withinASecond<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  const late = new AbortController()
  const first = await Promise.race([
    answer,
    delay(ANSWER_MILLISECONDS, undefined, { signal: late.signal }).catch(ignoreAbort),
  ])
  late.abort()
  return first
}

function ignoreAbort(error: unknown): undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined
  throw error
}
