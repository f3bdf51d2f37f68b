// What a caller may publish, keep and hear, by the lines of the configuration and the policy.
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { Grants } from '../kind/grants.ts'
import { covers, isFilter, isTopic, PARTY_PLACE, sharedOf } from './topics.ts'

/** Who may do something under a filter: whoever the door lets in, or whoever a rule lets meet that service. */
export type Who = true | string

/** One line of `topics`. */
export interface TopicRule {
  readonly filter: string
  readonly publish?: Who
  /** To publish what the broker keeps for later subscribers; beside `publish`. */
  readonly retain?: Who
  readonly subscribe?: Who
  /** What a party left with the broker under this filter goes when its credential is revoked. */
  readonly retained?: 'clear'
}

/** What is asked. */
export type Act = 'publish' | 'retain' | 'subscribe'

/** Yes, or why not: by a record of its own where the policy said no. */
export type Answer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly refused?: Meeting }

/** What one caller may do for as long as its session is open. */
export interface Permissions {
  publish(topic: string, retain: boolean): Answer
  /** As `publish`, for as long as the session is open: the broker publishes it when the caller is gone. */
  will(topic: string, retain: boolean): Answer
  /** A topic filter, or a shared one. */
  subscribe(filter: string): Answer
  /** Whether what the broker sends may reach the caller: it may remember what was allowed once. */
  mayHear(topic: string): boolean
  /** The filters whose retained messages go with the caller. */
  readonly cleared: readonly string[]
}

/** Each session remembers this many topics. */
const MAX_REMEMBERED = 1024
const YES: Answer = { ok: true }
const NOT_COVERED: Answer = { ok: false, code: 'ERR_MQTT_TOPIC' }

/**
 * Makes the permissions of one caller.
 * @param party Its name; undefined for whom another authority vouches, to whom no line with `{party}` speaks.
 * @param onLost Called when something that the caller has subscribed to, or left as its will, is not allowed any more.
 */
export function createPermissions(
  rules: readonly TopicRule[],
  party: string | undefined,
  grants: Grants,
  onLost: (cause: RefusalCode) => void,
): Permissions {
  const own = rules.flatMap((rule) => {
    const filter = filterFor(rule.filter, party)
    return filter === undefined ? [] : [{ ...rule, filter }]
  })
  const remembered = new Map<string, boolean>()
  const services = new Set<string>()

  const mayBy = (who: Who, isStanding: boolean): Answer => {
    if (who === true) return YES
    const asked = grants.ask(`service:${who}`, (cause) => {
      remembered.clear()
      services.delete(who)
      if (isStanding) onLost(cause)
    })
    if (!asked.ok) return { ok: false, code: asked.refused.outcome.refusal.code, refused: asked.refused }
    // What is asked for once is followed; a yes that nothing stands on is asked for again.
    if (isStanding && !services.has(who)) services.add(who)
    else asked.leave()
    return YES
  }
  const may = (act: Act, reached: string, isStanding: boolean): Answer => {
    let answer: Answer = NOT_COVERED
    for (const rule of own) {
      const who = rule[act]
      if (who === undefined || !covers(rule.filter, reached)) continue
      answer = mayBy(who, isStanding)
      if (answer.ok) return answer
    }
    return answer
  }

  const publish = (topic: string, retain: boolean, isStanding: boolean): Answer => {
    if (!isTopic(topic)) return NOT_COVERED
    const answer = may('publish', topic, isStanding)
    return answer.ok && retain ? may('retain', topic, isStanding) : answer
  }

  return {
    publish: (topic, retain) => publish(topic, retain, false),
    will: (topic, retain) => publish(topic, retain, true),
    subscribe(asked) {
      // Who shares a subscription takes messages from the others of its group: only as it stands in a line, word for word.
      const { filter } = sharedOf(asked) ?? { filter: asked }
      if (!isFilter(filter) || (asked.startsWith('$share') && sharedOf(asked) === undefined)) return NOT_COVERED
      return may('subscribe', asked, true)
    },
    mayHear(topic) {
      const known = remembered.get(topic)
      if (known !== undefined) return known
      const reaching = own.filter(({ filter }) => covers(sharedOf(filter)?.filter ?? filter, topic))
      const heard = reaching.some(({ subscribe: who }) => who !== undefined && mayBy(who, true).ok)
      // A rule that says no now may say yes later.
      if (!heard && reaching.length > 0) return false
      if (remembered.size >= MAX_REMEMBERED) remembered.clear()
      remembered.set(topic, heard)
      return heard
    },
    cleared: own.flatMap(({ filter, retained }) => (retained === 'clear' ? [filter] : [])),
  }
}

/** A party whose name has levels of its own would be given those of another: no line with its place is for it. */
function filterFor(filter: string, party: string | undefined): string | undefined {
  if (!filter.includes(PARTY_PLACE)) return filter
  return party === undefined || party.includes('/') ? undefined : filter.replaceAll(PARTY_PLACE, party)
}
