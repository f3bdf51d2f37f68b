// The server side of the gate: what it makes of a caller whose TLS handshake is complete.
import type { TLSSocket } from 'node:tls'
import type { Decision, Meeting, Proof, Refusal, Side } from '@countersign/protocol'
import type { VerifiedPath } from '@countersign/verify'
import type { Judgement, Question } from '../gate/judge.ts'
import { presentedCertificates } from '../gate/presented.ts'
import { isPerson, sideOf } from '../gate/side.ts'
import { type Verdicts, verdictsOf } from '../gate/verdicts.ts'
import type { AcceptorOptions, AccessQuestion } from '../model.ts'
import type { Arrival } from './arrival.ts'
import type { DoorContext } from './secure-context.ts'
import { serverMeeting } from './server-meeting.ts'

/** How the gate decided. `path` is absent where the caller proved no path: refused for that, or admitted as nobody. */
export type Met =
  | {
      readonly ok: true
      readonly meeting: Meeting
      readonly decision: Extract<Decision, { readonly ok: true }>
      readonly proofs: readonly Proof[]
      readonly path?: VerifiedPath
    }
  | { readonly ok: false; readonly meeting: Meeting; readonly path?: VerifiedPath }

/**
 * Judges a caller, resumed or not, on the certificates at hand and on what is known now; then asks the door's policy.
 * Synchronous: nothing can be announced between the judgement and what the caller of this does with it.
 */
export function meetCaller(
  socket: TLSSocket,
  arrival: Arrival,
  context: DoorContext,
  options: Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'servers' | 'clock'>,
): Met {
  const { door, clock } = options
  const now = clock()
  const certificates = presentedCertificates(socket)
  const judgement =
    certificates.length === 0 && context.callers !== 'require'
      ? undefined
      : judgePresented(socket, { certificates, address: arrival.address, now }, context, options)
  const caller = judgement?.side ?? sideOf(undefined, arrival.address)
  const proofs = proofsOf(caller, now)
  const decided = decideOn(judgement, { caller, callee: context.callee, proofs, now }, options)
  const outcome = decided.ok ? decided : ({ ok: false, refusal: decided.refusal } as const)
  const meeting = serverMeeting({ door, arrival, context, caller, outcome, secure: { socket, now, judgement } })
  const path = judgement?.ok && { path: judgement.path }
  return decided.ok
    ? { ok: true, meeting, decision: decided.decision, proofs, ...path }
    : { ok: false, meeting, ...path }
}

type CallerQuestion = Pick<Question, 'certificates' | 'address' | 'now' | 'issuers'>

/**
 * A resumed caller shows its leaf alone: the issuers are those that came with the meeting that it resumes. One that sends
 * its leaf alone may be of an issuer that our own chain has: candidates are only that, whoever brings them.
 */
function judgePresented(
  socket: TLSSocket,
  question: CallerQuestion,
  { tickets, credential }: DoorContext,
  options: Pick<AcceptorOptions, 'trust' | 'servers'>,
): Judgement {
  if (!socket.isSessionReused()) {
    const judgement = judgeCaller(question, options)
    if (!isUnknown(judgement) || question.certificates.length !== 1) return judgement
    return judgeCaller({ ...question, issuers: credential.certificates.slice(1) }, options)
  }
  const judgement = judgeCaller({ ...question, issuers: tickets.issuers() }, options)
  // They may have been sent to another process.
  if (!isUnknown(judgement) || !tickets.refresh()) return judgement
  return judgeCaller({ ...question, issuers: tickets.issuers() }, options)
}

function isUnknown(judgement: Judgement): boolean {
  return !judgement.ok && judgement.refusal.code === 'ERR_CALLER_UNKNOWN_ISSUER'
}

/** Judges the certificates of a caller, at its meeting and, by another `judge`, while it is here. */
export function judgeCaller(
  asked: CallerQuestion,
  { trust, servers }: Pick<AcceptorOptions, 'trust' | 'servers'>,
  judge: Verdicts['judge'] = verdictsOf(trust).judge,
): Judgement {
  const question = { ...asked, presenter: 'caller' } as const
  const judgement = judge(question)
  if (servers !== 'admit' || judgement.ok || judgement.refusal.code !== 'ERR_CALLER_WRONG_PURPOSE') return judgement
  const asServer = judge({ ...question, purpose: 'serverAuth' })
  return asServer.ok ? asServer : judgement
}

/** What is decided of a caller whose path has been judged, or that showed none. */
export function decideOn(
  judgement: Judgement | undefined,
  question: AccessQuestion,
  { access }: Pick<AcceptorOptions, 'access'>,
):
  | { readonly ok: true; readonly decision: Extract<Decision, { readonly ok: true }> }
  | { readonly ok: false; readonly refusal: Refusal } {
  if (judgement && !judgement.ok) return judgement
  const decision = access.decide(question)
  if (decision.ok) return { ok: true, decision }
  // Who showed nothing has not been found to be the wrong one.
  const code =
    judgement === undefined && !isPerson(question.caller) && decision.code === 'ERR_CALLER_NOT_ALLOWED'
      ? 'ERR_CALLER_NO_CERTIFICATE'
      : decision.code
  return { ok: false, refusal: { code, detail: decision } }
}

/** TLS has proved the key of the certificate over this very channel, or a proxy says so of another. @see RFC 9846 §4.5.2 */
export function proofsOf(
  { identities }: Side,
  at: Temporal.Instant,
  binding: Proof['binding'] = 'channel',
): readonly Proof[] {
  return identities.map((subject) => ({ kind: 'certificate', subject, at, binding }))
}
