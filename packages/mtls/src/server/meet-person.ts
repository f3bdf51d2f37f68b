// People: met by what they have shown of themselves, and asked for, indexed and followed like every caller.
import type { Meeting, Proof, RefusalCode, Side, StepEvidence } from '@countersign/protocol'
import type { StepFacts } from '../gate/steps.ts'
import type { AcceptorOptions, CallerSession, Log, RefusedMeeting } from '../model.ts'
import { createFollower } from '../sessions/follower.ts'
import { unfailing } from '../warn.ts'
import type { Following } from './follow-caller.ts'
import { admitHeld, type Found, type HeldFacts, heldMeeting } from './held-session.ts'
import { decideOn } from './meet-caller.ts'

/** What a person has shown at a door, and what proved each of the six steps. */
export interface ShownPerson {
  /** As in `{ name: 'alice', party: 'alice', identities: [{ kind: 'account', value: 'alice' }] }`. */
  readonly caller: Side
  readonly proofs: readonly Proof[]
  /** Of the six steps, in their order; absent where nothing shows that the step was taken. */
  readonly evidence: readonly (StepEvidence | undefined)[]
  readonly address?: string
}

/** The session of a person: of no connection, and so without certificates. */
export interface PersonSession extends Omit<CallerSession, 'meetFor'> {
  /** Adds to `octetsSent` what a door has sent within it. */
  sent(octets: number): void
}

/** How it was decided on a person. Whoever has the session releases it when it is over. */
export type MetPerson =
  | { readonly ok: true; readonly session: PersonSession; readonly release: () => void }
  | { readonly ok: false; readonly meeting: RefusedMeeting }

/** The people of one door. What they show is for whoever asks here to check; this decides what it is good for. */
export interface People {
  /**
   * Asks the door's access. Who may come in is found by its keys and followed until released: `end` is called, once, when
   * it is locked, no rule holds any more, a proof has grown too old, or it is cut. Synchronous, for the same reason as every
   * meeting. Whoever asks records the meeting.
   */
  meet(person: ShownPerson, end: (cause: RefusalCode) => void): MetPerson
  /** The same for a session that was met before, by another process or before a restart: its record stays what it is. */
  resume(meeting: Meeting, proofs: readonly Proof[], end: (cause: RefusalCode) => void): MetPerson
  /** The record of a sign-in that was refused before there was anything to ask of the access. */
  refuse(person: ShownPerson & { readonly code: RefusalCode; readonly note?: string }): RefusedMeeting
}

/** What the people of a door need of it. */
export interface PeopleOptions extends Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'sessions' | 'clock'> {
  /** The door as it proves itself to callers: the second side of each record. */
  readonly callee: () => Side
}

/** Makes the people of one door. */
export function createPeople(options: PeopleOptions, log: Log): People {
  const { door, access, clock, callee } = options
  const told = unfailing(log)
  const onFault = (error: unknown) => told('gate.fault', { door, error })
  const follower = createFollower({ ...options, revoked: 'ERR_CALLER_REVOKED', onFault })
  const following: Following = { ...options, follower, onFault, log: told }

  const admit = (find: (now: Temporal.Instant) => Found, unfound: HeldFacts, end: (cause: RefusalCode) => void) => {
    let octets = 0
    const met = admitHeld(() => find(unfound.at), unfound, { octetsSent: () => octets, end }, following)
    if (!met.ok) return met
    const sent = (more: number) => {
      octets += more
    }
    return { ...met, session: Object.assign(met.session, { sent }) }
  }
  const decided = (
    caller: Side,
    proofs: readonly Proof[],
    now: Temporal.Instant,
  ): Pick<Found, 'decided' | 'proofs'> => ({
    // There is no path to judge: what was shown has been checked by whoever asks.
    decided: decideOn(undefined, { caller, callee: callee(), proofs, now }, { access }),
    proofs,
  })
  const recordOf = ({ caller, address, evidence }: Omit<ShownPerson, 'proofs'>): HeldFacts => {
    const at = clock()
    const facts = evidence.map((one) => one && { evidence: one, at })
    return { door, caller, callee: callee(), at, ...(address !== undefined && { address }), facts: sixOf(facts) }
  }

  return {
    meet(person, end) {
      const record = recordOf(person)
      return admit((now) => ({ record, ...decided(person.caller, person.proofs, now) }), record, end)
    },
    resume(meeting, proofs, end) {
      if (!meeting.outcome.ok) throw new RangeError(`the meeting ${meeting.reference} was refused`)
      const { caller, address, steps } = meeting
      const record = recordOf({
        caller,
        evidence: steps.map(({ evidence }) => evidence),
        ...(address !== undefined && { address }),
      })
      const find = (now: Temporal.Instant) => ({
        record,
        meeting,
        seen: record.callee,
        ...decided(caller, proofs, now),
      })
      return admit(find, record, end)
    },
    refuse: ({ code, note, ...person }) =>
      heldMeeting(recordOf(person), { ok: false, refusal: { code, ...(note !== undefined && { note }) } }),
  }
}

function sixOf([ask, present, verify, show, judge, channel]: readonly StepFacts[number][]): StepFacts {
  return [ask, present, verify, show, judge, channel]
}
