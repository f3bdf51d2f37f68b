// Tests beside a policy.
import { type Expression, fulfils } from './expression.ts'
import { ANY } from './labels.ts'
import { type Caller, PROOF_KINDS } from './model.ts'
import { decide, type Policy } from './policy.ts'
import type { Expectation } from './rule.ts'

/** An expectation that does not hold. */
export interface Unexpected {
  readonly line: number
  readonly text: string
  /** In words. */
  readonly why: string
}

/**
 * Tries each expectation with every party and service that it speaks of, every proof shown just now and every name proved
 * that a rule asks for; hours count as of `now`. Where no party is meant, one that has just the labels that stand there.
 */
export function checkExpectations(
  parties: readonly Caller[],
  policy: Policy,
  now: Temporal.Instant,
): readonly Unexpected[] {
  return policy.rules.expect.flatMap((expectation) => checkOne(expectation, parties, policy, now))
}

function checkOne(
  { who, what, can, text, line }: Expectation,
  parties: readonly Caller[],
  policy: Policy,
  now: Temporal.Instant,
): readonly Unexpected[] {
  const meant = parties.filter(({ labels }) => fulfils(labels, who))
  const callers = meant.length > 0 ? meant : [supposed(who)]
  const services = policy.services.filter(({ id, labels }) => fulfils(new Set([id, ...labels]), what))
  if (services.length === 0) return [{ line, text, why: 'there is no such service' }]
  const proofs = PROOF_KINDS.map((kind) => ({ kind, at: now }))
  const seen = policy.rules.meet.flatMap(({ sees }) => sees)
  for (const caller of callers)
    for (const { id } of services) {
      const decision = decide({ who: caller, what: id, proofs, seen, now }, policy)
      if (decision.ok === can) continue
      const why = decision.ok
        ? `${caller.name} can meet ${id}, by the rule ${decision.rule}`
        : `${caller.name} cannot meet ${id}: ${decision.lock ?? decision.missing.join('; ')}`
      return [{ line, text, why }]
    }
  return []
}

/** Somebody with the labels that are asked for, and no others. */
function supposed(who: Expression): Caller {
  const labels = new Set([ANY, ...positiveLabels(who)])
  return { name: 'such a party', labels }
}

function positiveLabels(expression: Expression): readonly string[] {
  if (expression.kind === 'label') return [expression.label]
  if (expression.kind === 'not') return []
  const [first] = expression.of
  if (expression.kind === 'or') return first === undefined ? [] : positiveLabels(first)
  return expression.of.flatMap(positiveLabels)
}
