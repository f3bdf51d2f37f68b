// A policy, compiled: a decision looks at the rules that can apply, and at no others.
import { fulfilmentOf, fulfils, witnessesOf } from './expression.ts'
import { formatHours, type Hours, type HoursState, hoursAt } from './hours.ts'
import { ANY } from './labels.ts'
import type { Decision, PolicyCode, Proof, ProofKind, Question, Service } from './model.ts'
import { formatRequirement, type Lock, type Requirement, type Rule, type Rules } from './rule.ts'

/** Rules for known services. */
export interface Policy {
  readonly rules: Rules
  readonly services: readonly Service[]
  /** The rules that speak of a service and of a caller with these labels, in the order of the file. */
  rulesFor(what: string, labels: ReadonlySet<string>): readonly Rule[]
  /** The locks on a caller with these labels at a service. */
  locksFor(what: string, labels: ReadonlySet<string>): readonly Lock[]
}

interface ServiceIndex {
  /** By a label that the caller must have. */
  readonly byLabel: ReadonlyMap<string, readonly number[]>
  /** Rules that can hold for whoever lacks labels. */
  readonly others: readonly number[]
  readonly locks: readonly Lock[]
}

/** Compiles rules for the services that there are. A service that is not among them can be met by nobody. */
export function compilePolicy(rules: Rules, services: readonly Service[]): Policy {
  const indexes = new Map(services.map((service) => [service.id, indexOf(rules, service)]))
  return {
    rules,
    services,
    rulesFor(what, labels) {
      const index = indexes.get(what)
      if (index === undefined) return []
      const found = new Set(index.others)
      for (const label of labels) for (const number of index.byLabel.get(label) ?? []) found.add(number)
      const numbers = [...found].sort((one, other) => one - other)
      return numbers.flatMap((number) => {
        const rule = rules.meet[number]
        return rule !== undefined && speaksOf(rule, labels) ? [rule] : []
      })
    },
    locksFor: (what, labels) => (indexes.get(what)?.locks ?? []).filter(({ who }) => fulfils(labels, who)),
  }
}

function indexOf({ meet, lock }: Rules, service: Service): ServiceIndex {
  const labels = new Set([service.id, ...service.labels])
  const byLabel = new Map<string, number[]>()
  const others: number[] = []
  for (const [number, rule] of meet.entries()) {
    if (!fulfils(labels, rule.what)) continue
    const witnesses = witnessesOf(rule.who)
    if (witnesses === undefined) others.push(number)
    for (const label of witnesses ?? []) {
      const listed = byLabel.get(label)
      if (listed) listed.push(number)
      else byLabel.set(label, [number])
    }
  }
  return { byLabel, others, locks: lock.filter(({ what }) => what === undefined || fulfils(labels, what)) }
}

/**
 * Whether a rule means a caller. What only says whom it does not mean (`!group:guests`), also as one of several
 * alternatives, means the parties of our own authority; nobody, and whom another authority vouches for, must be named.
 */
function speaksOf({ who }: Rule, labels: ReadonlySet<string>): boolean {
  return labels.has(ANY) ? fulfils(labels, who) : fulfilmentOf(labels, who) === 'named'
}

/** Decides; pure. Denies by default: only a rule lets in, and a lock is stronger than every rule. */
export function decide({ who, what, proofs, seen, now }: Question, policy: Policy): Decision {
  const lock = policy.locksFor(what, who.labels).find(({ until }) => until === undefined || isBefore(now, until))
  if (lock) return { ok: false, code: 'ERR_POLICY_LOCKED', lock: lock.reason, missing: [] }
  const lacking: Unmet[] = []
  for (const rule of policy.rulesFor(what, who.labels)) {
    const judged = judgeRule(rule, proofs, seen, now)
    if ('recheckAt' in judged) {
      const { recheckAt } = judged
      return { ok: true, rule: rule.name, ...(recheckAt !== undefined && { recheckAt }) }
    }
    lacking.push(judged)
  }
  const [first] = lacking
  if (first === undefined)
    return { ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [`a rule that lets ${who.name} meet ${what}`] }
  const unproved = lacking.flatMap(({ unproved }) => (unproved === undefined ? [] : [unproved])).slice(0, MAX_MISSING)
  return {
    ok: false,
    code: first.code,
    missing: lacking.flatMap(({ missing }) => missing).slice(0, MAX_MISSING),
    ...(unproved.length > 0 && { unproved }),
  }
}
// It is read by a person, and kept with the meeting.
const MAX_MISSING = 16

interface Unmet {
  readonly code: PolicyCode
  readonly missing: readonly string[]
  /** Kinds of proof, where nothing else is missing. */
  readonly unproved?: readonly ProofKind[]
}

function judgeRule(
  rule: Rule,
  proofs: readonly Proof[],
  seen: readonly string[],
  now: Temporal.Instant,
): { readonly recheckAt: Temporal.Instant | undefined } | Unmet {
  const hours = rule.while && stateOf(rule.while, now)
  const changes: Temporal.Instant[] = []
  const unproved: Requirement[] = []
  for (const required of rule.proof) {
    const until = freshUntil(required, proofs, now)
    if (until === undefined) unproved.push(required)
    else if (until !== 'always') changes.push(until)
  }
  const unseen = rule.sees.filter((text) => !seen.includes(text))
  const missing = [
    ...unproved.map((required) => `${formatRequirement(required)} (${rule.name})`),
    ...unseen.map((text) => `the callee proves ${text} (${rule.name})`),
    ...(rule.while && hours?.open === false ? [`${formatHours(rule.while)} (${rule.name})`] : []),
  ]
  if (missing.length > 0) {
    const code = unproved.length > 0 ? 'ERR_POLICY_PROOF' : unseen.length > 0 ? 'ERR_POLICY_CALLEE' : 'ERR_POLICY_HOURS'
    const proofsAlone = missing.length === unproved.length
    return { code, missing, ...(proofsAlone && { unproved: unproved.map(({ kind }) => kind) }) }
  }
  if (hours?.changesAt) changes.push(hours.changesAt)
  return { recheckAt: changes.sort(Temporal.Instant.compare)[0] }
}

/** What hours say does not change before `changesAt`: calendars cost ten times what the rest of a decision does. */
const KNOWN_HOURS = new WeakMap<Hours, { readonly since: Temporal.Instant; readonly state: HoursState }>()

function stateOf(hours: Hours, now: Temporal.Instant): HoursState {
  const known = KNOWN_HOURS.get(hours)
  if (known && !isBefore(now, known.since)) {
    const { changesAt } = known.state
    if (changesAt === undefined || isBefore(now, changesAt)) return known.state
  }
  const state = hoursAt(hours, now)
  KNOWN_HOURS.set(hours, { since: now, state })
  return state
}

/** Until when a requirement is met by what was shown; undefined where it is not. A proof of the future proves nothing. */
function freshUntil(
  { kind, maxAgeSeconds }: Requirement,
  proofs: readonly Proof[],
  now: Temporal.Instant,
): Temporal.Instant | 'always' | undefined {
  const newest = proofs
    .filter((proof) => proof.kind === kind && !isBefore(now, proof.at))
    .map(({ at }) => at)
    .sort(Temporal.Instant.compare)
    .at(-1)
  if (newest === undefined) return undefined
  if (maxAgeSeconds === undefined) return 'always'
  const until = newest.add({ seconds: maxAgeSeconds })
  return isBefore(now, until) ? until : undefined
}

function isBefore(one: Temporal.Instant, other: Temporal.Instant): boolean {
  return Temporal.Instant.compare(one, other) < 0
}
