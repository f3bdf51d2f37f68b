// Rules and locks, as they are read.
import type { Expression } from './expression.ts'
import type { Hours } from './hours.ts'
import type { ProofKind } from './model.ts'
import type { Duty, DutyAct } from './must.ts'

/** A proof that is asked for; not older than `maxAgeSeconds` where that is said. */
export interface Requirement {
  readonly kind: ProofKind
  readonly maxAgeSeconds?: number
}

/** One sentence that lets somebody meet something. */
export interface Rule {
  readonly name: string
  readonly who: Expression
  readonly what: Expression
  /** All of them. */
  readonly proof: readonly Requirement[]
  /** What the callee must have proved to the caller: each of these texts. */
  readonly sees: readonly string[]
  readonly while?: Hours
  /** Line of the file. */
  readonly line: number
}

/** What is stronger than every rule. */
export interface Lock {
  readonly who: Expression
  readonly what?: Expression
  readonly reason: string
  readonly until?: Temporal.Instant
  readonly line: number
}

/** A test beside the rules. */
export interface Expectation {
  readonly who: Expression
  readonly what: Expression
  readonly can: boolean
  /** As it stands in the file. */
  readonly text: string
  readonly line: number
}

/** A test beside what must be with mail. */
export interface MailExpectation {
  readonly act: DutyAct
  /** As in a {@link Duty}. */
  readonly address: string
  readonly must: boolean
  /** As it stands in the file. */
  readonly text: string
  readonly line: number
}

/** A policy as it was read, not yet compiled. */
export interface Rules {
  readonly meet: readonly Rule[]
  readonly must: readonly Duty[]
  readonly lock: readonly Lock[]
  readonly expect: readonly (Expectation | MailExpectation)[]
}

/** None: nobody is let in. */
export const NO_RULES: Rules = { meet: [], must: [], lock: [], expect: [] }

/** Writes a requirement as it is read. */
export function formatRequirement({ kind, maxAgeSeconds }: Requirement): string {
  if (maxAgeSeconds === undefined) return kind
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const
  const [unit, size] = units.find(([, seconds]) => maxAgeSeconds % seconds === 0) ?? ['s', 1]
  return `${kind} < ${maxAgeSeconds / size}${unit}`
}
