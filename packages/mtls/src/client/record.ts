// The record of a meeting as its caller saw it.
import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { type Meeting, REFUSALS, type Refusal, type Side, type Steps } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { referenceOfRandom } from '../gate/reference.ts'
import { sideOf } from '../gate/side.ts'
import {
  channelEvidence,
  helloEvidence,
  makeSteps,
  presentedFact,
  type StepFact,
  verdictEvidence,
} from '../gate/steps.ts'
import { addressOf, type Call } from './call.ts'

/** A question that is under way. */
export interface Asked {
  readonly call: Call
  readonly at: Temporal.Instant
  /** ClientHello.random, as soon as it is known: after the callee has answered. */
  random: Uint8Array | undefined
}

/** The name of a caller that presents nothing. */
const NOBODY = 'nobody'

/** Records that the callee has proved itself. Whether it accepts us is not known yet: in TLS 1.3 the caller finishes first. */
export function acceptedMeeting(
  asked: Asked,
  judgement: Extract<Judgement, { readonly ok: true }>,
  socket: TLSSocket,
): Meeting {
  const { name, credential, now } = asked.call
  const at = now()
  const caller = sideOf(credential?.certificates[0], NOBODY)
  const steps = makeSteps([
    askedFact(asked),
    presentedFact(judgement.side, at),
    { evidence: verdictEvidence(judgement), at },
    presentedFact(caller, at),
    undefined,
    { evidence: channelEvidence(socket), at },
  ])
  return {
    ...common(asked, steps),
    resumed: socket.isSessionReused(),
    ...(socket.remoteAddress !== undefined && { address: `${socket.remoteAddress}:${socket.remotePort}` }),
    caller,
    callee: judgement.side,
    outcome: {
      ok: true,
      decision: { ok: true, rule: `callee proves ${name.value}`, until: judgement.path.validUntil },
    },
  }
}

/** Records a refusal; `callee` is what the other side claims to be, where it came to that. Of ours, only the name was used. */
export function refusedMeeting(asked: Asked, refusal: Refusal, callee?: Side): Meeting {
  const { target, credential, now } = asked.call
  const { step: refusedAt } = REFUSALS[refusal.code]
  const at = now()
  const fact = (number: number): StepFact | undefined => {
    if (number === 1) return askedFact(asked)
    if (number === 2) return presentedFact(callee, at)
    return number === refusedAt ? { at } : undefined
  }
  const steps = makeSteps([fact(1), fact(2), fact(3), fact(4), fact(5), fact(6)], refusedAt)
  return {
    ...common(asked, steps),
    resumed: false,
    caller: { name: sideOf(credential?.certificates[0], NOBODY).name, identities: [] },
    callee: callee ?? { name: addressOf(target), identities: [] },
    outcome: { ok: false, refusal },
  }
}

function common(
  { call, at, random }: Asked,
  steps: Steps,
): Pick<Meeting, 'reference' | 'door' | 'seenBy' | 'at' | 'steps'> {
  // Where no answer came, nobody else knows of it by this one: see `sharedReference`.
  return { reference: referenceOfRandom(random ?? randomBytes(32)), door: call.door, seenBy: 'caller', at, steps }
}

function askedFact({ call, at, random }: Asked): StepFact | undefined {
  return random && { evidence: helloEvidence(random, call.serverName), at }
}
