// Callers by a credential that is none of X.509, at an engine of another make that has the channel, as sshd: whoever knows the
// credential's format judges it; they are asked for, indexed and followed like every caller.
import type { Decision, Proof, Refusal, Side } from '@countersign/protocol'
import { presentedFact } from '../gate/steps.ts'
import type { AcceptorOptions, ForwardedMeeting, Log, RefusedMeeting } from '../model.ts'
import { createFollower } from '../sessions/follower.ts'
import { unfailing } from '../warn.ts'
import type { Following } from './follow-caller.ts'
import { admitHeld, type Found, type HeldFacts, type Holding, heldMeeting } from './held-session.ts'
import { proofsOf } from './meet-caller.ts'
import type { ShownCredential } from './shown-credential.ts'

/** One caller of an engine. */
export interface ShownCaller {
  readonly credential: ShownCredential
  /** Whether the engine says that the key was proved to it. */
  readonly isProved: boolean
  /** As in `192.0.2.7:51234`, where the engine tells it. */
  readonly address?: string
}

/** How it was decided on one. */
export type ShownVerdict =
  | { readonly ok: true; readonly decision: Extract<Decision, { readonly ok: true }> }
  | { readonly ok: false; readonly refusal: Refusal }

/** Callers of one door by what they show. */
export interface ShownCallers {
  /** What would be decided, for an engine that asks before the key is proved. Synchronous. `what`: a service beside the door. */
  judge(credential: ShownCredential, what?: string): ShownVerdict
  /** Judges and asks the door's access; synchronous, for the same reason as every meeting. Whoever asks records the meeting. */
  meet(caller: ShownCaller, holding: Holding): ForwardedMeeting
  /** The record of a refusal. */
  refuse(caller: ShownCaller, refusal: Refusal): RefusedMeeting
}

/** What they need of the door. */
export interface ShownCallersOptions extends Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'sessions' | 'clock'> {
  /** The door as its engine proves it to callers. */
  readonly callee: () => Side
  /** What the engine is, as in `OpenSSH`. */
  readonly engine: string
}

/** Makes the callers of one door. */
export function createShownCallers(options: ShownCallersOptions, log: Log): ShownCallers {
  const { door, clock, callee, engine, access } = options
  const told = unfailing(log)
  const onFault = (error: unknown) => told('gate.fault', { door, error })
  const follower = createFollower({ ...options, revoked: 'ERR_CALLER_REVOKED', onFault })
  const following: Following = { ...options, follower, onFault, log: told }

  const decide = (
    { side: caller, standing }: ShownCredential,
    proofs: readonly Proof[],
    now: Temporal.Instant,
    what?: string,
  ): ShownVerdict => {
    const stands = standing.ask(now)
    if (!stands.ok) return { ok: false, refusal: { code: stands.code } }
    const decision = access.decide({ caller, callee: callee(), proofs, now, ...(what !== undefined && { what }) })
    return decision.ok ? { ok: true, decision } : { ok: false, refusal: { code: decision.code, detail: decision } }
  }

  /** The engine says that a caller is there only when its handshake is over: it has gone on after it saw our credential. */
  const recordOf = (
    { credential, isProved, address }: ShownCaller,
    at: Temporal.Instant,
    stands: boolean,
  ): HeldFacts => {
    const { side: caller, verdict } = credential
    const held = { evidence: { kind: 'engine', by: engine }, at } as const
    const presented = callee()
    const facts = [
      held,
      presentedFact(presented, at),
      presented.certificate && ({ evidence: { kind: 'finished' }, at } as const),
      isProved ? presentedFact(caller, at) : undefined,
      stands ? { evidence: verdict(), at } : { at },
      isProved ? held : undefined,
    ] as const
    return { door, caller, callee: presented, at, ...(address !== undefined && { address }), facts }
  }

  const find = (asked: ShownCaller, now: Temporal.Instant): Found => {
    const { credential } = asked
    const proofs = proofsOf(credential.side, now)
    const decided = decide(credential, proofs, now)
    return { record: recordOf(asked, now, credential.standing.ask(now).ok), proofs, shown: credential, decided }
  }

  return {
    judge(credential, what) {
      const now = clock()
      return decide(credential, proofsOf(credential.side, now), now, what)
    },
    meet(asked, holding) {
      const now = clock()
      return admitHeld(() => find(asked, now), recordOf(asked, now, false), holding, following)
    },
    refuse: (asked, refusal) => {
      const now = clock()
      return heldMeeting(recordOf(asked, now, asked.credential.standing.ask(now).ok), { ok: false, refusal })
    },
  }
}
