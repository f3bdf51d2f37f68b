// Exact questions: labels, `&`, `|`, `!` and named proofs are always decidable.
import { labelsOf } from './expression.ts'
import { formatHours, hoursAt } from './hours.ts'
import { everybody, isGiven, isParty } from './labels.ts'
import { type Caller, type Decision, PROOF_KINDS, type Proof, type Question } from './model.ts'
import { decide, type Policy } from './policy.ts'
import { formatRequirement, type Rule } from './rule.ts'

/** One party that can meet a service, by one rule, under its conditions. */
export interface Admission {
  readonly who: string
  readonly what: string
  readonly rule: string
  /** What the rule asks for beside the certificate, as it is written. */
  readonly conditions: readonly string[]
}

/** Everybody who can meet `what` by any rule: parties in their order, then whom rules name beside them and all others. */
export function whoCan(
  what: string,
  parties: readonly Caller[],
  policy: Policy,
  now: Temporal.Instant,
): readonly Admission[] {
  return everybody(parties, universeOf(policy)).flatMap((who) => admissionsOf(who, what, policy, now))
}

function admissionsOf(who: Caller, what: string, policy: Policy, now: Temporal.Instant): readonly Admission[] {
  if (locked(who, what, policy, now)) return []
  return policy
    .rulesFor(what, who.labels)
    .map((rule) => ({ who: who.name, what, rule: rule.name, conditions: conditionsOf(rule) }))
}

function locked(who: Caller, what: string, policy: Policy, now: Temporal.Instant): boolean {
  return policy
    .locksFor(what, who.labels)
    .some(({ until }) => until === undefined || Temporal.Instant.compare(now, until) < 0)
}

/** What a rule asks for beside who and what. */
export function conditionsOf({ proof, sees, while: hours }: Rule): readonly string[] {
  return [
    ...proof
      .filter(({ kind, maxAgeSeconds }) => kind !== 'certificate' || maxAgeSeconds !== undefined)
      .map(formatRequirement),
    ...sees.map((text) => `the callee proves ${text}`),
    ...(hours === undefined ? [] : [formatHours(hours)]),
  ]
}

/** One change, alone, after which the answer would be yes. */
export type Change =
  | { readonly kind: 'add label' | 'remove label'; readonly label: string; readonly rule: string }
  | { readonly kind: 'show'; readonly proof: string; readonly rule: string }
  | { readonly kind: 'callee proves'; readonly identity: string; readonly rule: string }
  | { readonly kind: 'wait until'; readonly at: Temporal.Instant; readonly rule: string }
  | { readonly kind: 'end lock'; readonly reason: string; readonly rule: string }

/** The decision, and where it is no, each single change that would admit. Sets of changes are not searched. */
export function whyNot(
  question: Question,
  policy: Policy,
): { readonly decision: Decision; readonly changes: readonly Change[] } {
  const decision = decide(question, policy)
  if (decision.ok) return { decision, changes: [] }
  const changes: Change[] = []
  const tryOut = (changed: Partial<Question>, change: (rule: string) => Change, of: Policy = policy) => {
    const tried = decide({ ...question, ...changed }, of)
    if (tried.ok) changes.push(change(tried.rule))
  }
  const { who, what, proofs, seen, now } = question
  for (const label of universeOf(policy)) {
    if (!isGiven(label)) continue
    const labels = new Set(who.labels)
    const had = labels.delete(label)
    if (!had) labels.add(label)
    tryOut({ who: { ...who, labels } }, (rule) => ({ kind: had ? 'remove label' : 'add label', label, rule }))
  }
  for (const kind of PROOF_KINDS)
    tryOut({ proofs: [...proofs, { kind, at: now }] }, (rule) => ({ kind: 'show', proof: kind, rule }))
  for (const identity of new Set(policy.rules.meet.flatMap(({ sees }) => sees)))
    if (!seen.includes(identity))
      tryOut({ seen: [...seen, identity] }, (rule) => ({ kind: 'callee proves', identity, rule }))
  const first = laterTimes(question, policy).find((at) => decide({ ...question, now: at }, policy).ok)
  if (first) tryOut({ now: first }, (rule) => ({ kind: 'wait until', at: first, rule }))
  for (const lock of policy.locksFor(what, who.labels)) {
    const without: Policy = {
      ...policy,
      locksFor: (service, labels) => policy.locksFor(service, labels).filter((each) => each !== lock),
    }
    tryOut({}, (rule) => ({ kind: 'end lock', reason: lock.reason, rule }), without)
  }
  return { decision, changes }
}

/** Every label by which a rule or lock could come to mean somebody. */
function universeOf({ rules: { meet, lock } }: Policy): ReadonlySet<string> {
  return new Set([...meet, ...lock].flatMap(({ who }) => labelsOf(who)))
}

/** When a lock ends, and when a rule that speaks of the caller opens next, from now and from the end of each lock. */
function laterTimes({ who, what, now }: Question, policy: Policy): readonly Temporal.Instant[] {
  const ends = policy.locksFor(what, who.labels).flatMap(({ until }) => until ?? [])
  const opens = policy.rulesFor(what, who.labels).flatMap(({ while: hours }) =>
    [now, ...ends].flatMap((from) => {
      const state = hours && hoursAt(hours, from)
      return state?.open === false && state.changesAt ? [state.changesAt] : []
    }),
  )
  const later = [...opens, ...ends].filter((at) => Temporal.Instant.compare(at, now) > 0)
  return [...new Map(later.map((at) => [at.epochMilliseconds, at])).values()].sort(Temporal.Instant.compare)
}

/** Who could meet what under one policy and cannot under another, under some circumstances. */
export interface Difference {
  readonly gains: readonly Admission[]
  readonly losses: readonly Admission[]
}

/** Compares two policies over everybody, all services and circumstances. */
export function whatIf(
  before: Policy,
  after: Policy,
  people: { readonly before: readonly Caller[]; readonly after: readonly Caller[] },
  now: Temporal.Instant,
): Difference {
  // Whom only one of the two knows is to the other a party like any other.
  const known = [...people.before, ...people.after].flatMap(({ labels }) => [...labels].filter(isParty))
  const named = [...universeOf(before), ...universeOf(after), ...known]
  const [then, next] = [everybody(people.before, named), everybody(people.after, named)]
  return {
    gains: beyond(after, next, before, then, now),
    losses: beyond(before, then, after, next, now),
  }
}

/** What `one` admits, and `other` does not whenever `one` does. */
function beyond(
  one: Policy,
  parties: readonly Caller[],
  other: Policy,
  others: readonly Caller[],
  now: Temporal.Instant,
): readonly Admission[] {
  const same = new Map(others.map((caller) => [caller.name, caller]))
  const found: Admission[] = []
  for (const who of parties)
    for (const { id: what } of one.services) {
      if (locked(who, what, one, now)) continue
      const twin = same.get(who.name)
      for (const rule of one.rulesFor(what, who.labels)) {
        const covered = twin !== undefined && isCovered(rule, { who: twin, what }, other, [one, other], now)
        if (!covered) found.push({ who: who.name, what, rule: rule.name, conditions: conditionsOf(rule) })
      }
    }
  return found
}

/**
 * Whether `policy` admits wherever `rule` does. More proof and more that is seen never shut anybody out, so that the least
 * which the rule asks for decides; and hours only change at their own beginnings.
 */
function isCovered(
  rule: Rule,
  { who, what }: Pick<Question, 'who' | 'what'>,
  policy: Policy,
  policies: readonly Policy[],
  now: Temporal.Instant,
  without?: Rule,
): boolean {
  const reduced: Policy =
    without === undefined
      ? policy
      : {
          ...policy,
          rulesFor: (service, labels) => policy.rulesFor(service, labels).filter((each) => each !== without),
        }
  return timesWithin(rule, policies, now).every((at) => {
    const proofs = rule.proof.map(
      ({ kind, maxAgeSeconds }): Proof => ({
        kind,
        // As old as the rule lets it be; where it may be of any age, older than any other rule would have it.
        at: maxAgeSeconds === undefined ? OLD : at.subtract({ milliseconds: maxAgeSeconds * 1_000 - 1 }),
      }),
    )
    return decide({ who, what, proofs, seen: rule.sees, now: at }, reduced).ok
  })
}
const OLD = Temporal.Instant.fromEpochMilliseconds(0)

/** Times at which the rule holds, one within each stretch of a week in which no hours begin or end. */
function timesWithin(rule: Rule, policies: readonly Policy[], now: Temporal.Instant): readonly Temporal.Instant[] {
  const all = policies.flatMap(({ rules }) => rules.meet.flatMap(({ while: hours }) => hours ?? []))
  const distinct = [...new Map(all.map((hours) => [formatHours(hours), hours])).values()]
  const end = now.add({ hours: 24 * 8 })
  const times = new Map([[now.epochMilliseconds, now]])
  for (const hours of distinct)
    for (let at = hoursAt(hours, now).changesAt; at !== undefined && Temporal.Instant.compare(at, end) < 0; ) {
      times.set(at.epochMilliseconds, at)
      at = hoursAt(hours, at).changesAt
    }
  return [...times.values()].filter((at) => rule.while === undefined || hoursAt(rule.while, at).open)
}

/** A rule that could as well be left out. */
export interface Idle {
  readonly rule: string
  readonly line: number
  /** `dead`: it lets nobody in whom the house knows. `shadowed`: others let in everybody whom it does. */
  readonly why: 'dead' | 'shadowed'
}

/** Finds the rules that change nothing for the parties and services that there are. */
export function idleRules(parties: readonly Caller[], policy: Policy, now: Temporal.Instant): readonly Idle[] {
  const uses = new Map<Rule, Pick<Question, 'who' | 'what'>[]>(policy.rules.meet.map((rule) => [rule, []]))
  for (const who of everybody(parties, universeOf(policy)))
    for (const { id: what } of policy.services) {
      if (locked(who, what, policy, now)) continue
      for (const rule of policy.rulesFor(what, who.labels)) uses.get(rule)?.push({ who, what })
    }
  return [...uses].flatMap(([rule, pairs]): readonly Idle[] => {
    const { name, line } = rule
    if (pairs.length === 0) return [{ rule: name, line, why: 'dead' }]
    const shadowed = pairs.every((pair) => isCovered(rule, pair, policy, [policy], now, rule))
    return shadowed ? [{ rule: name, line, why: 'shadowed' }] : []
  })
}
