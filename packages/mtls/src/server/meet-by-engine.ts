// Callers whose channel an engine of ours has, of another make, as a VPN daemon: judged on the certificates that it was shown
// and has seen the keys of, asked for, indexed and followed like every caller.
import type { Proof, Refusal, Side } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { sideOf } from '../gate/side.ts'
import { presentedFact, verdictEvidence } from '../gate/steps.ts'
import type { AcceptorOptions, ForwardedMeeting, Log, RefusedMeeting } from '../model.ts'
import { createFollower } from '../sessions/follower.ts'
import { unfailing } from '../warn.ts'
import type { Following } from './follow-caller.ts'
import { admitHeld, type Found, type HeldFacts, type Holding, heldMeeting } from './held-session.ts'
import { decideOn, judgeCaller, proofsOf } from './meet-caller.ts'

/** What an engine tells of a caller. */
export interface EngineCaller {
  /** DER, leaf first: the key of the leaf was proved to the engine. None: it showed no certificate. */
  readonly certificates: readonly Uint8Array[]
  /** A person, by what whoever asks here has checked. Beside a certificate: what else its holder has shown. */
  readonly person?: { readonly account: string; readonly proofs: readonly Proof[] }
  /** As in `192.0.2.7:51234`. */
  readonly address: string
}

/** Callers of one door by its engine. */
export interface EngineCallers {
  /** Judges and asks the door's access; synchronous, for the same reason as every meeting. Whoever asks records the meeting. */
  meet(caller: EngineCaller, holding: Holding): ForwardedMeeting
  /** Who it is by its certificates alone, for whoever has to know before more is asked of it. */
  judge(caller: Pick<EngineCaller, 'certificates' | 'address'>): Judgement
  /** The record of a refusal that is not the gate's. */
  refuse(caller: EngineCaller, refusal: Refusal): RefusedMeeting
}

/** What they need of the door. */
export interface EngineCallersOptions
  extends Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'sessions' | 'clock'> {
  /** The door as its engine proves it to callers. */
  readonly callee: () => Side
  /** What the engine is, as in `OpenVPN`. */
  readonly engine: string
}

/** Makes the callers of one door. */
export function createEngineCallers(options: EngineCallersOptions, log: Log): EngineCallers {
  const { door, clock, callee, engine } = options
  const told = unfailing(log)
  const onFault = (error: unknown) => told('gate.fault', { door, error })
  const follower = createFollower({ ...options, revoked: 'ERR_CALLER_REVOKED', onFault })
  const following: Following = { ...options, follower, onFault, log: told }

  const find = (asked: EngineCaller, now: Temporal.Instant): Found => {
    const { certificates, person, address } = asked
    // Who is a person has shown something else; who is nobody is refused for the certificate that is missing.
    const judgement =
      certificates.length === 0 && person ? undefined : judgeCaller({ certificates, address, now }, options)
    const caller = judgement?.side ?? personSide(person?.account ?? address)
    const proofs = [...(judgement?.ok ? proofsOf(caller, now) : []), ...(person?.proofs ?? [])]
    return {
      record: recordOf(asked, caller, now, judgement?.ok ? verdictEvidence(judgement) : undefined),
      proofs,
      ...(judgement?.ok && { path: judgement.path }),
      decided: decideOn(judgement, { caller, callee: callee(), proofs, now }, options),
    }
  }

  /** The engine says that a caller is there only when the handshake is over: it has gone on after it saw our certificate. */
  const recordOf = (
    { address, person, certificates }: EngineCaller,
    caller: Side,
    at: Temporal.Instant,
    verdict?: ReturnType<typeof verdictEvidence>,
  ): HeldFacts => {
    const presented = callee()
    const held = { evidence: { kind: 'engine', by: engine }, at } as const
    const shown = person?.proofs.map(({ kind, binding }) => ({ kind, binding })) ?? []
    const proofs = person && { evidence: { kind: 'proofs', proofs: shown } as const, at }
    const judged = verdict && { evidence: verdict, at }
    const isByPerson = certificates.length === 0
    const facts = [
      held,
      presentedFact(presented, at),
      { evidence: { kind: 'finished' }, at },
      isByPerson ? proofs : presentedFact(caller, at, shown),
      isByPerson ? proofs : judged,
      held,
    ] as const
    return { door, caller, callee: presented, at, address, facts }
  }

  return {
    meet(asked, holding) {
      const now = clock()
      const unfound = recordOf(asked, sideOf(undefined, asked.address), now)
      return admitHeld(() => find(asked, now), unfound, holding, following)
    },
    judge: ({ certificates, address }) => judgeCaller({ certificates, address, now: clock() }, options),
    refuse(asked, refusal) {
      const now = clock()
      const { certificates, address, person } = asked
      const side =
        certificates.length > 0
          ? judgeCaller({ certificates, address, now }, options).side
          : person
            ? personSide(person.account)
            : sideOf(undefined, address)
      return heldMeeting(recordOf(asked, side, now), { ok: false, refusal })
    },
  }
}

function personSide(account: string): Side {
  return { name: account, party: account, identities: [{ kind: 'account', value: account }] }
}
