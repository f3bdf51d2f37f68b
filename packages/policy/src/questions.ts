// Exact questions: labels, `&`, `|`, `!` and named proofs are always decidable.
import { type Covers, coverage } from './coverage.ts'
import { labelsOf } from './expression.ts'
import { formatHours, hoursAt } from './hours.ts'
import { canShow, type Directory, isGiven } from './labels.ts'
import { type Caller, type Decision, PROOF_KINDS, type Question } from './model.ts'
import { dutiesBeyond } from './must.ts'
import { type People, peopleOf, type Somebody } from './people.ts'
import { decide, type Policy } from './policy.ts'
import { formatRequirement, type Lock, type Rule } from './rule.ts'

/** One party that can meet a service, by one rule, under its conditions. */
export interface Admission {
  readonly who: string
  readonly what: string
  readonly rule: string
  /** What the rule asks for beside the certificate, as it is written. */
  readonly conditions: readonly string[]
}

/** Everybody who can meet `what` by any rule: parties in their order, all others, and whom rules name beside them. */
export function whoCan(
  what: string,
  directory: Directory,
  policy: Policy,
  now: Temporal.Instant,
): readonly Admission[] {
  const people = peopleOf([directory], [policy])
  const isNews = newsOf()
  return [...people.base, ...people.at(what)].flatMap((who) => {
    if (who === undefined) return []
    const { labels } = directory.callerOf(who.presented)
    return rulesAt(what, labels, policy, now).flatMap((rule) =>
      isNews(who, rule.name) ? [admission(who, what, rule)] : [],
    )
  })
}

function admission({ presented: { name: who } }: Somebody, what: string, rule: Rule): Admission {
  return { who, what, rule: rule.name, conditions: conditionsOf(rule) }
}

/** The rules that can let somebody with these labels in, which is not locked out. */
function rulesAt(what: string, labels: ReadonlySet<string>, policy: Policy, now: Temporal.Instant): readonly Rule[] {
  if (locked(labels, what, policy, now)) return []
  return policy.rulesFor(what, labels).filter(({ proof }) => proof.every(({ kind }) => canShow(labels, kind)))
}

/** Whether a word on somebody is more than what was told of those of whom it is one. */
function newsOf(): (who: Somebody, word: string) => boolean {
  const told = new Map<string, (readonly string[])[]>()
  return ({ key, names, impliedBy }, word) => {
    const isOld = impliedBy.some((base) =>
      told.get(`${word} ${base}`)?.some((fewer) => fewer.every((name) => names.includes(name))),
    )
    if (!isOld) told.getOrInsertComputed(`${word} ${key}`, () => []).push(names)
    return !isOld
  }
}

function locked(labels: ReadonlySet<string>, what: string, policy: Policy, now: Temporal.Instant): boolean {
  return policy
    .locksFor(what, labels)
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

/** Who could meet what under one policy and cannot under another, under some circumstances; and what must no longer be with mail, or now. */
export interface Difference {
  readonly gains: readonly Admission[]
  readonly losses: readonly Admission[]
  /** As duties are told. */
  readonly looser: readonly string[]
  readonly stricter: readonly string[]
}

/** Compares two policies over everybody, all services and circumstances. */
export function whatIf(...compared: Parameters<typeof comparePolicies>): Difference {
  const steps = comparePolicies(...compared)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same in small steps, for a process that has other things to do: yields after each party. */
export function* comparePolicies(
  before: Policy,
  after: Policy,
  directories: { readonly before: Directory; readonly after: Directory },
  now: Temporal.Instant,
): Generator<undefined, Difference> {
  const people = peopleOf([directories.before, directories.after], [before, after])
  const covers = coverage([before, after], now)
  const [then, next]: [Side, Side] = [
    [before, directories.before],
    [after, directories.after],
  ]
  return {
    gains: yield* beyond(next, then, people, covers, now),
    losses: yield* beyond(then, next, people, covers, now),
    looser: dutiesBeyond(before.rules.must, after.rules.must),
    stricter: dutiesBeyond(after.rules.must, before.rules.must),
  }
}

type Side = readonly [policy: Policy, directory: Directory]

/** What `one` admits, and `other` does not whenever `one` does. */
function* beyond(
  [one, directory]: Side,
  [other, directoryOfOther]: Side,
  people: People,
  covers: Covers,
  now: Temporal.Instant,
): Generator<undefined, readonly Admission[]> {
  const found: Admission[] = []
  const isNews = newsOf()
  const labelsOf = ({ presented }: Somebody) => {
    const { labels } = directory.callerOf(presented)
    return [labels, directoryOfOther === directory ? labels : directoryOfOther.callerOf(presented).labels] as const
  }
  const compare = (who: Somebody, what: string, [labels, theirs]: ReturnType<typeof labelsOf>) => {
    const rules = rulesAt(what, labels, one, now)
    if (rules.length === 0) return
    const [others, locks] = [other.rulesFor(what, theirs), other.locksFor(what, theirs)]
    for (const rule of rules)
      if (!covers(rule, others, locks) && isNews(who, `${what} ${rule.name}`)) found.push(admission(who, what, rule))
  }
  for (const who of people.base) {
    const labels = labelsOf(who)
    for (const { id: what } of one.services) compare(who, what, labels)
    yield
  }
  for (const { id: what } of one.services)
    for (const who of people.at(what)) {
      if (who !== undefined) compare(who, what, labelsOf(who))
      yield
    }
  return found
}

/** A rule that could as well be left out. */
export interface Idle {
  readonly rule: string
  readonly line: number
  /** `dead`: it lets nobody in whom the house knows. `shadowed`: others let in everybody whom it does. */
  readonly why: 'dead' | 'shadowed'
}

/** The locks that lock out nobody of whom the house knows: perhaps a label is misspelt. */
export function idleLocks(directory: Directory, policy: Policy): readonly Lock[] {
  const idle = new Set(policy.rules.lock)
  for (const [{ labels }, what] of meetings(directory, policy, { whomLocksMean: true }))
    for (const lock of policy.locksFor(what, labels)) idle.delete(lock)
  return [...idle]
}

/** Everybody with every service. */
function* meetings(
  directory: Directory,
  policy: Policy,
  { whomLocksMean = false } = {},
): Generator<readonly [who: Caller, what: string]> {
  const people = peopleOf([directory], [policy], { whomLocksMean })
  for (const { presented } of people.base) {
    const who = directory.callerOf(presented)
    for (const { id } of policy.services) yield [who, id]
  }
  for (const { id } of policy.services)
    for (const who of people.at(id)) if (who !== undefined) yield [directory.callerOf(who.presented), id]
}

/** Finds the rules that change nothing for the parties and services that there are. */
export function idleRules(directory: Directory, policy: Policy, now: Temporal.Instant): readonly Idle[] {
  const covers = coverage([policy], now)
  const dead = new Set(policy.rules.meet)
  const needed = new Set<Rule>()
  for (const [{ labels }, what] of meetings(directory, policy)) {
    const rules = rulesAt(what, labels, policy, now)
    for (const rule of rules) {
      dead.delete(rule)
      const others = rules.filter((each) => each !== rule)
      if (!needed.has(rule) && !covers(rule, others, policy.locksFor(what, labels))) needed.add(rule)
    }
  }
  return policy.rules.meet.flatMap((rule): readonly Idle[] => {
    if (needed.has(rule)) return []
    return [{ rule: rule.name, line: rule.line, why: dead.has(rule) ? 'dead' : 'shadowed' }]
  })
}
