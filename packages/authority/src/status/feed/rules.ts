// The rules that doors elsewhere go by: kept with the number under which they were told, and told whole.
import { hash } from 'node:crypto'
import type { Log } from '@countersign/mtls'
import { type FeedRules, MAX_RULES_CHARACTERS, readFeedRules, ShapeError, writeFeedRules } from '@countersign/protocol'
import { AuthorityError } from '../../error.ts'
import type { Store } from '../../store/store.ts'
import type { Feed } from './feed.ts'

/** Rules as a program hands them over. */
export interface Rules {
  /** The text of the policy's file; absent where there is none. */
  readonly policy?: string
  readonly parties: FeedRules['parties']
}

/** What doors elsewhere are told. */
export interface PublishedRules {
  /** As they are committed. */
  current(): FeedRules
  /**
   * Resolves when they are durable; doors are told from then on, and what they answer is in the log. The same rules again
   * are no event.
   * @throws {AuthorityError} when they are more than the feed carries, or cannot be kept.
   */
  publish(rules: Rules): Promise<void>
}

interface Parts {
  readonly store: Store
  readonly feed: Feed
  readonly clock: () => Temporal.Instant
  readonly log: Log
}

const SETTING = 'feed.policy'
const NONE = JSON.stringify(writeFeedRules({ parties: [] }))

/** Goes on with the rules that the store has. */
export function createPublishedRules({ store, feed, clock, log }: Parts): PublishedRules {
  let known = { json: NONE, rules: readFeedRules(JSON.parse(NONE)) }
  const current = (): FeedRules => {
    const json = store.setting(SETTING) ?? NONE
    if (json !== known.json) known = { json, rules: readFeedRules(JSON.parse(json)) }
    return known.rules
  }
  return {
    current,
    async publish({ policy: text, parties }) {
      const policy = text === undefined ? undefined : { text, sha256: hash('sha256', text, 'hex') }
      const json = JSON.stringify(writeFeedRules({ ...(policy && { policy }), parties }))
      const rules = readable(json)
      const at = clock()
      const sequence = await store.commit(() => {
        if ((store.setting(SETTING) ?? NONE) === json) return undefined
        store.set(SETTING, json)
        return store.status.addEvent('policy', at)
      })
      if (sequence === undefined) return
      const told = feed.tell({ sequence: BigInt(sequence), at, change: { kind: 'policy', rules } })
      void told.then(({ confirmed, unconfirmed }) =>
        log('policy.told', {
          sequence,
          sha256: policy?.sha256 ?? null,
          parties: parties.length,
          confirmed,
          unconfirmed,
        }),
      )
    },
  }
}

/** What a door would refuse is not told. @throws {AuthorityError} */
function readable(json: string): FeedRules {
  const fault = (message: string, cause?: unknown) =>
    new AuthorityError('ERR_AUTHORITY_OPTION', 'policy and parties', message, { cause })
  if (json.length > MAX_RULES_CHARACTERS)
    throw fault(`they have ${json.length} characters, and the feed carries ${MAX_RULES_CHARACTERS}`)
  try {
    return readFeedRules(JSON.parse(json))
  } catch (error) {
    if (error instanceof ShapeError) throw fault(error.message, error)
    throw error
  }
}
