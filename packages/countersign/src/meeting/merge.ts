// One meeting from the records of both sides: what each saw itself, and what the callee told.
import { type Meeting, REFUSALS, type Refusal, type Step, type Steps } from '@countersign/protocol'

/** Whether two records are of the same meeting: the same ClientHello, and the same keys where both hold any. */
export function isSameMeeting(one: Meeting, other: Meeting): boolean {
  const channels = [one, other].flatMap(({ steps: [, , , , , { evidence }] }) =>
    evidence?.kind === 'channel' ? [evidence.exporterSha256] : [],
  )
  return one.reference === other.reference && new Set(channels).size < 2
}

/**
 * The caller's record with what only the callee knows: how it judged the caller (step 5) and decided.
 * What the callee says of the steps that the caller saw itself is not taken.
 */
export function mergeMeetings(caller: Meeting, callee: Meeting): Meeting {
  if (!caller.outcome.ok) return caller
  if (!callee.outcome.ok) return refusedByCallee(caller, callee.outcome.refusal)
  const [ask, present, verify, own, , channel] = caller.steps
  const told: Step = { ...callee.steps[4], by: 'callee', evidence: { kind: 'told', by: callee.door } }
  return { ...caller, steps: [ask, present, verify, own, told, channel], outcome: callee.outcome }
}

/** The caller's record of a meeting that the callee refused after the caller had accepted it. */
export function refusedByCallee(caller: Meeting, refusal: Refusal): Meeting {
  const { step: refusedAt } = REFUSALS[refusal.code]
  const step = (number: 1 | 2 | 3 | 4 | 5 | 6): Step => {
    const own = caller.steps[number - 1] ?? caller.steps[0]
    if (number < refusedAt) return own
    return { by: own.by, outcome: number === refusedAt ? 'refused' : 'not reached' }
  }
  const steps: Steps = [step(1), step(2), step(3), step(4), step(5), step(6)]
  return { ...caller, steps, outcome: { ok: false, refusal } }
}
