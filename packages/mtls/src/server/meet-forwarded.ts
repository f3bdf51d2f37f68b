// Callers behind a proxy that was met: judged on their certificates like any other, by the proxy's word that they have the keys.
import { randomBytes, randomUUID } from 'node:crypto'
import { type Meeting, REFUSALS, type RefusalCode, type Side } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { referenceOfRandom } from '../gate/reference.ts'
import { sideOf } from '../gate/side.ts'
import { makeSteps, type StepFacts, verdictEvidence } from '../gate/steps.ts'
import type { CallerSession, ForwardedMeeting, Session } from '../model.ts'
import type { OwnSession } from '../sessions/session.ts'
import { type Admitted, type Following, keysOf, letIn } from './follow-caller.ts'
import { decideOn, judgeCaller, proofsOf } from './meet-caller.ts'

/** The callers behind one proxy's connection. */
export interface Forwarding {
  readonly meet: CallerSession['meetFor']
  /** With the connection, each of them ends. */
  close(): void
}

/** @param proxy How it was met; every record of its callers rests on that. */
export function createForwarding(
  { meeting: proxy }: Admitted,
  connection: Pick<Session, 'octetsSent'>,
  options: Following,
): Forwarding {
  const { clock, onFault } = options
  const open = new Set<() => void>()

  const judged = (certificates: readonly Uint8Array[], mayBeNobody: boolean, now: Temporal.Instant) => {
    const address = proxy.address ?? ''
    const judgement =
      certificates.length === 0 && mayBeNobody ? undefined : judgeCaller({ certificates, address, now }, options)
    const caller = judgement?.side ?? sideOf(undefined, address)
    const proofs = proofsOf(caller, now, 'none')
    // It has seen the proxy prove itself, and not this door: a rule by which it must see more does not hold.
    const seen: Side = { ...proxy.callee, identities: [] }
    const decided = decideOn(judgement, { caller, callee: seen, proofs, now }, options)
    return { judgement, caller, proofs, seen, decided }
  }

  return {
    meet(certificates, { mayBeNobody, end }): ForwardedMeeting {
      const now = clock()
      try {
        const { judgement, caller, proofs, seen, decided } = judged(certificates, mayBeNobody, now)
        if (!decided.ok) {
          const outcome = { ok: false, refusal: decided.refusal } as const
          return { ok: false, meeting: forwardedMeeting(proxy, caller, judgement, outcome, now) }
        }
        const met: Admitted = {
          ok: true,
          meeting: forwardedMeeting(proxy, caller, judgement, decided, now),
          decision: decided.decision,
          proofs,
          seen,
          ...(judgement?.ok && { path: judgement.path }),
        }
        const { session, release } = admit(met, connection, end, options)
        open.add(release)
        return {
          ok: true,
          session,
          release() {
            open.delete(release)
            release()
          },
        }
      } catch (error) {
        // Nobody comes in because the gate, or its policy, broke.
        onFault(error)
        const outcome = { ok: false, refusal: { code: 'ERR_GATE_FAULT' } } as const
        const caller = sideOf(undefined, proxy.address ?? '')
        return { ok: false, meeting: forwardedMeeting(proxy, caller, undefined, outcome, now) }
      }
    },
    close() {
      for (const release of open) release()
      open.clear()
    },
  }
}

/** What ends is what it has under way, and not the proxy's connection. */
function admit(
  met: Admitted,
  connection: Pick<Session, 'octetsSent'>,
  onEnd: (cause: RefusalCode) => void,
  options: Following,
): { readonly session: Omit<CallerSession, 'meetFor'>; readonly release: () => void } {
  const { meeting, decision, proofs, path } = met
  let keys = keysOf(met, decision)
  let cutBy: RefusalCode | undefined
  let lastOctetAt: Temporal.Instant | undefined
  const stop = (cause: RefusalCode) => {
    if (cutBy !== undefined) return
    cutBy = cause
    onEnd(cause)
    lastOctetAt = options.clock()
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
    octetsSent: connection.octetsSent,
    stop,
    async cut(cause) {
      stop(cause)
      leave()
      return { lastOctetAt: lastOctetAt ?? options.clock() }
    },
  }
  const { ask, leave } = letIn(met, session, options)
  return { session: Object.assign(session, { proofs, ask }), release: leave }
}

/** The record: the channel is the proxy's, the certificate is the caller's as the proxy tells it, the verdict is ours. */
function forwardedMeeting<Outcome extends Meeting['outcome']>(
  { steps: [ask, present, verify, , , channel], caller: proxy, door, callee, address }: Meeting,
  caller: Side,
  judgement: Judgement | undefined,
  outcome: Outcome,
  at: Temporal.Instant,
): Meeting & { readonly outcome: Outcome } {
  const { certificate } = caller
  const facts: StepFacts = [
    ask,
    present,
    verify,
    certificate && { evidence: { kind: 'forwarded', by: proxy.name, certificate }, at },
    judgement && (judgement.ok ? { evidence: verdictEvidence(judgement), at } : { at }),
    channel,
  ]
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
    outcome,
  })
}
