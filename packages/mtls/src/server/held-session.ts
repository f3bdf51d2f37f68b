// Callers without a connection of their own, behind a proxy, or people, whose requests come on any: how they are let in.
import { randomBytes, randomUUID } from 'node:crypto'
import { type Meeting, type Proof, REFUSALS, type RefusalCode, type Side } from '@countersign/protocol'
import type { VerifiedPath } from '@countersign/verify'
import { referenceOfRandom } from '../gate/reference.ts'
import { makeSteps, type StepFacts } from '../gate/steps.ts'
import type { CallerSession, ForwardedMeeting, RefusedMeeting } from '../model.ts'
import type { OwnSession } from '../sessions/session.ts'
import { type Admitted, type Following, keysOf, letIn } from './follow-caller.ts'
import type { decideOn } from './meet-caller.ts'
import type { ShownCredential } from './shown-credential.ts'

/** What the record of such a meeting has. */
export interface HeldFacts extends Pick<Meeting, 'door' | 'caller' | 'callee' | 'at' | 'address'> {
  readonly facts: StepFacts
}

/** What was found out of one that asks to come in. */
export interface Found {
  readonly record: HeldFacts
  readonly proofs: readonly Proof[]
  /** As in `Admitted`. */
  readonly seen?: Side
  readonly path?: VerifiedPath
  /** As in `Admitted`. */
  readonly shown?: ShownCredential
  readonly decided: ReturnType<typeof decideOn>
  /** The record where it was made before. */
  readonly meeting?: Meeting
}

/** What a session is beside what was decided. */
export interface Holding {
  readonly octetsSent: () => number
  /**
   * Ends what it has under way. Called once, when it would be refused now, or is cut. Where an engine of another make has the
   * channel, the answer comes when nothing flows any more.
   */
  readonly end: (cause: RefusalCode) => void | Promise<void>
}

/**
 * Lets in whom `find` finds to be allowed, and follows it as any caller. Nobody comes in because the gate, or its policy, broke.
 * @param unfound What the record says where it broke.
 */
export function admitHeld(
  find: () => Found,
  unfound: HeldFacts,
  holding: Holding,
  options: Following,
): ForwardedMeeting {
  try {
    const { record, decided, meeting, ...found } = find()
    if (!decided.ok) return { ok: false, meeting: heldMeeting(record, { ok: false, refusal: decided.refusal }) }
    const met = {
      ...found,
      ok: true,
      meeting: meeting ?? heldMeeting(record, decided),
      decision: decided.decision,
    } as const
    return { ok: true, ...hold(met, holding, options) }
  } catch (error) {
    options.onFault(error)
    return { ok: false, meeting: heldMeeting(unfound, { ok: false, refusal: { code: 'ERR_GATE_FAULT' } }) }
  }
}

function hold(
  met: Admitted,
  { octetsSent, end }: Holding,
  options: Following,
): { readonly session: Omit<CallerSession, 'meetFor'>; readonly release: () => void } {
  const { meeting, decision, proofs, path } = met
  let keys = keysOf(met, decision)
  let cutBy: RefusalCode | undefined
  let lastOctetAt: Temporal.Instant | undefined
  let ending: Promise<void> | undefined
  const ended = () => {
    lastOctetAt = options.clock()
  }
  const stop = (cause: RefusalCode) => {
    if (cutBy !== undefined) return
    cutBy = cause
    const under = end(cause)
    // What ends at once may answer something all the same.
    if (!(under instanceof Promise)) return ended()
    ending = under.then(ended)
    // Whoever cuts it hears of a failure there.
    ending.catch(() => undefined)
  }
  const session: OwnSession = {
    id: randomUUID(),
    meeting,
    certificates: path?.certificates ?? [],
    get keys() {
      return keys
    },
    rekey(next) {
      keys = next
    },
    get isCut() {
      return cutBy !== undefined
    },
    get cutBy() {
      return cutBy
    },
    octetsSent,
    stop,
    async cut(cause) {
      try {
        stop(cause)
        await ending
      } finally {
        leave()
      }
      return { lastOctetAt: lastOctetAt ?? options.clock() }
    },
  }
  const { ask, leave } = letIn(met, session, options)
  return { session: Object.assign(session, { proofs, ask }), release: leave }
}

/** Makes the frozen record; its reference is drawn, as there is no handshake to derive one from. */
export function heldMeeting(record: HeldFacts, outcome: RefusedMeeting['outcome']): RefusedMeeting
export function heldMeeting(record: HeldFacts, outcome: Meeting['outcome']): Meeting
export function heldMeeting(
  { door, caller, callee, at, address, facts }: HeldFacts,
  outcome: Meeting['outcome'],
): Meeting {
  return Object.freeze({
    reference: referenceOfRandom(randomBytes(32)),
    door,
    seenBy: 'callee',
    at,
    resumed: false,
    ...(address !== undefined && { address }),
    caller,
    callee,
    steps: makeSteps(facts, outcome.ok ? undefined : REFUSALS[outcome.refusal.code].step),
    outcome: Object.freeze(outcome),
  })
}
