// A credential that is none of X.509, as the gate has it.
import type { Side, StepEvidence } from '@countersign/protocol'
import type { SessionKey } from '../model.ts'
import type { Question, Standing } from '../sessions/follower.ts'

/** A credential as whoever knows its format has read it. */
export interface ShownCredential {
  readonly side: Side
  /** By what a session is found that stands by it, beside who its holder is. */
  readonly keys: readonly SessionKey[]
  /** What a judgement relies on, for the record. */
  readonly verdict: () => StepEvidence
  /** Whether it counts; asked again for as long as its session is open. */
  readonly standing: Question<Standing>
}
