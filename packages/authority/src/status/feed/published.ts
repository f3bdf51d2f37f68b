// What the authority tells doors elsewhere beside status: kept with the number under which it was told, and told whole.
import { hash } from 'node:crypto'
import type { Log } from '@countersign/mtls'
import {
  type FeedEvent,
  type FeedRules,
  type Json,
  type KnownAuthority,
  MAX_ANCHORS_CHARACTERS,
  MAX_RULES_CHARACTERS,
  readAnchors,
  readFeedRules,
  ShapeError,
  writeAnchors,
  writeFeedRules,
} from '@countersign/protocol'
import { AuthorityError } from '../../error.ts'
import type { Failpoint } from '../../failpoints.ts'
import { writeEntry } from '../../ledger/entry.ts'
import type { Store } from '../../store/store.ts'
import type { Feed } from './feed.ts'

/** Rules as a program hands them over. */
export interface Rules {
  /** The text of the policy's file; absent where there is none. */
  readonly policy?: string
  readonly parties: FeedRules['parties']
}

/** One thing that doors are told. */
export interface Published<Value> {
  /** As it is committed. */
  current(): Promise<Value>
  /**
   * Resolves when it is durable; doors are told from then on, and what they answer is in the log. The same again is no
   * event.
   * @throws {AuthorityError} when it is more than the feed carries, or cannot be kept.
   */
  publish(value: Value): Promise<void>
}

interface Parts {
  readonly store: Store
  readonly feed: Feed
  readonly clock: () => Temporal.Instant
  readonly failpoint: Failpoint
  readonly log: Log
}

interface Topic<Value> {
  readonly kind: 'policy' | 'trust'
  /** What it is called where it cannot be told. */
  readonly option: string
  readonly none: Value
  readonly mostCharacters: number
  write(value: Value): Json
  /** @throws {ShapeError} */
  read(value: unknown): Value
  change(value: Value): FeedEvent['change']
  /** For the log. */
  describe(value: Value): Readonly<Record<string, unknown>>
}

const RULES: Topic<FeedRules> = {
  kind: 'policy',
  option: 'policy and parties',
  none: { parties: [] },
  mostCharacters: MAX_RULES_CHARACTERS,
  write: writeFeedRules,
  read: readFeedRules,
  change: (rules) => ({ kind: 'policy', rules }),
  describe: ({ policy, parties }) => ({ sha256: policy?.sha256 ?? null, parties: parties.length }),
}

const ANCHORS: Topic<readonly KnownAuthority[]> = {
  kind: 'trust',
  option: 'anchors',
  none: [],
  mostCharacters: MAX_ANCHORS_CHARACTERS,
  write: writeAnchors,
  read: readAnchors,
  change: (anchors) => ({ kind: 'trust', anchors }),
  describe: (anchors) => ({ authorities: anchors.map(({ name }) => name) }),
}

/** Goes on with the rules that the store has. */
export function createPublishedRules(parts: Parts): Published<FeedRules> {
  return createPublished(RULES, parts)
}

/** Goes on with the other authorities that the store has. */
export function createPublishedAnchors(parts: Parts): Published<readonly KnownAuthority[]> {
  return createPublished(ANCHORS, parts)
}

/** As they are told. */
export function feedRules({ policy: text, parties }: Rules): FeedRules {
  return { ...(text !== undefined && { policy: { text, sha256: hash('sha256', text, 'hex') } }), parties }
}

function createPublished<Value>(topic: Topic<Value>, { store, feed, clock, failpoint, log }: Parts): Published<Value> {
  const setting = `feed.${topic.kind}`
  const none = JSON.stringify(topic.write(topic.none))
  let known = { json: none, value: topic.none }
  return {
    async current() {
      const json = (await store.setting(setting)) ?? none
      if (json !== known.json) known = { json, value: topic.read(JSON.parse(json)) }
      return known.value
    },
    async publish(next) {
      const json = JSON.stringify(topic.write(next))
      const value = readable(topic, json)
      const at = clock()
      const sequence = await store.commit(async (tx) => {
        await tx.alone(setting)
        if (((await tx.setting(setting)) ?? none) === json) return undefined
        await tx.set(setting, json)
        const event = await tx.status.addEvent(topic.kind, at)
        await tx.ledger.add(writeEntry({ kind: topic.kind, at, sha256: hash('sha256', json, 'hex'), event }))
        failpoint('publish.before-commit')
        return event
      })
      failpoint('publish.after-commit')
      if (sequence === undefined) return
      const told = feed.tell({ sequence: BigInt(sequence), at, change: topic.change(value) })
      void told.then(({ confirmed, unconfirmed }) =>
        log(`${topic.kind}.told`, { sequence, ...topic.describe(value), confirmed, unconfirmed }),
      )
    },
  }
}

/** What a door would refuse is not told. @throws {AuthorityError} */
function readable<Value>({ option, mostCharacters, read }: Topic<Value>, json: string): Value {
  const fault = (message: string, cause?: unknown) =>
    new AuthorityError('ERR_AUTHORITY_OPTION', option, message, { cause })
  if (json.length > mostCharacters)
    throw fault(`they have ${json.length} characters, and the feed carries ${mostCharacters}`)
  try {
    return read(JSON.parse(json))
  } catch (error) {
    if (error instanceof ShapeError) throw fault(error.message, error)
    throw error
  }
}
