// The record of a meeting as the server side saw it, with the evidence for each of its six steps.
import type { TLSSocket } from 'node:tls'
import { type Meeting, REFUSALS, type RefusalCode, type Side } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { sideOf } from '../gate/side.ts'
import {
  channelEvidence,
  helloEvidence,
  makeSteps,
  presentedFact,
  type StepFact,
  type StepFacts,
  verdictEvidence,
} from '../gate/steps.ts'
import type { Arrival } from './arrival.ts'
import type { DoorContext } from './secure-context.ts'

/** What the server side knows of a meeting. */
export interface ServerFacts {
  readonly door: string
  readonly arrival: Arrival
  /** Present where our certificate was sent. */
  readonly context?: DoorContext | undefined
  readonly caller: Side
  readonly outcome: Meeting['outcome']
  /** Present where the handshake is complete. `judgement` is absent where the caller is met as nobody. */
  readonly secure?: {
    readonly socket: TLSSocket
    readonly now: Temporal.Instant
    readonly judgement: Judgement | undefined
  }
}

/** Makes the frozen record. */
export function serverMeeting(facts: ServerFacts): Meeting {
  const { door, arrival, context, caller, outcome, secure } = facts
  return Object.freeze({
    reference: arrival.reference,
    door,
    seenBy: 'callee',
    at: secure?.now ?? arrival.at,
    resumed: secure?.socket.isSessionReused() ?? false,
    address: arrival.address,
    caller,
    callee: context?.callee ?? sideOf(undefined, door),
    steps: makeSteps(factsOf(facts), outcome.ok ? undefined : refusedStep(facts, outcome.refusal.code)),
    outcome: Object.freeze(outcome),
  })
}

function factsOf({ arrival: { hello, at }, context, caller, secure }: ServerFacts): StepFacts {
  const asked: StepFact | undefined = hello && { evidence: helloEvidence(hello.random, hello.serverName), at }
  const presented = presentedFact(context?.callee, at)
  if (!secure) return [asked, presented]
  const { socket, now, judgement } = secure
  return [
    asked,
    presented,
    { evidence: { kind: 'finished' }, at: now },
    presentedFact(caller, now),
    judgement && (judgement.ok ? { evidence: verdictEvidence(judgement), at: now } : { at: now }),
    { evidence: channelEvidence(socket), at: now },
  ]
}

/** The step at which it ended: a handshake that broke before our certificate left has not passed the first. */
function refusedStep({ context, secure }: ServerFacts, code: RefusalCode): 1 | 2 | 3 | 4 | 5 | 6 {
  if (secure || code === 'ERR_GATE_FAULT') return REFUSALS[code].step
  return context ? 3 : 1
}
