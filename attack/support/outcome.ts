// How the suite writes down what a door recorded.
import type { Meeting } from '@countersign/protocol'

/** What a record says: accepted, or the code with the step. */
export function outcomeOf({ outcome, resumed, steps }: Meeting): string {
  const how = resumed ? ', resumed' : ''
  if (outcome.ok) return `accepted${how}`
  const step = steps.findIndex(({ outcome: each }) => each === 'refused') + 1
  return `${outcome.refusal.code}, step ${step}${how}`
}
