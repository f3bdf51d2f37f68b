// Whether what one rule admits is admitted without it, in whatever circumstances.
import { formatHours, hoursAt } from './hours.ts'
import type { Proof, Question } from './model.ts'
import { decide, type Policy } from './policy.ts'
import { type Lock, NO_RULES, type Rule } from './rule.ts'

/** Whether other rules, under locks, admit wherever a rule does. */
export type Covers = (rule: Rule, others: readonly Rule[], locks: readonly Lock[]) => boolean

/**
 * More proof and more that is seen never shut anybody out, so that the least which the rule asks for decides; and hours
 * only change at their own beginnings. Few rules meet in many parties, so that answers are kept.
 */
export function coverage(policies: readonly Policy[], now: Temporal.Instant): Covers {
  const turns = turnsOf(policies, now)
  const numbers = new Map<Rule | Lock, number>()
  const numberOf = (one: Rule | Lock) => numbers.getOrInsertComputed(one, () => numbers.size)
  const conditions = new Map<Rule, string>()
  const conditionOf = (rule: Rule) => conditions.getOrInsertComputed(rule, () => conditionText(rule))
  const times = new Map<Rule, readonly Temporal.Instant[]>()
  const timesOf = (rule: Rule) =>
    times.getOrInsertComputed(rule, ({ while: hours }) =>
      turns.filter((at) => hours === undefined || hoursAt(hours, at).open),
    )
  const known = new Map<string, boolean>()
  return (rule, others, locks) => {
    if (locks.length === 0 && others.some((other) => conditionOf(other) === conditionOf(rule))) return true
    const key = [[rule], others, locks].map((each) => each.map(numberOf).join()).join(';')
    return known.getOrInsertComputed(key, () => {
      const policy: Policy = { rules: NO_RULES, services: [], rulesFor: () => others, locksFor: () => locks }
      return timesOf(rule).every((at) => decide({ ...ANYBODY, ...leastFor(rule, at), now: at }, policy).ok)
    })
  }
}
const ANYBODY = { who: { name: '', labels: new Set<string>() }, what: '' }
const OLD = Temporal.Instant.fromEpochMilliseconds(0)

function conditionText({ proof, sees, while: hours }: Rule): string {
  return JSON.stringify([proof, sees, hours])
}

/** The least that a rule asks for: as old as it lets it be, and where that is any age, older than other rules have it. */
function leastFor({ proof, sees }: Rule, at: Temporal.Instant): Pick<Question, 'proofs' | 'seen'> {
  const proofs = proof.map(
    ({ kind, maxAgeSeconds }): Proof => ({
      kind,
      at: maxAgeSeconds === undefined ? OLD : at.subtract({ milliseconds: maxAgeSeconds * 1_000 - 1 }),
    }),
  )
  return { proofs, seen: sees }
}

/** Now, and each time within a week at which hours begin or end: in between nothing changes by time. */
function turnsOf(policies: readonly Policy[], now: Temporal.Instant): readonly Temporal.Instant[] {
  const all = policies.flatMap(({ rules }) => rules.meet.flatMap(({ while: hours }) => hours ?? []))
  const distinct = [...new Map(all.map((hours) => [formatHours(hours), hours])).values()]
  const end = now.add({ hours: 24 * 8 })
  const times = new Map([[now.epochMilliseconds, now]])
  for (const hours of distinct)
    for (let at = hoursAt(hours, now).changesAt; at !== undefined && Temporal.Instant.compare(at, end) < 0; ) {
      times.set(at.epochMilliseconds, at)
      at = hoursAt(hours, at).changesAt
    }
  return [...times.values()]
}
