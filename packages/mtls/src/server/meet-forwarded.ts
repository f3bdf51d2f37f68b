// Callers behind a proxy that was met: judged on their certificates like any other, by the proxy's word that they have the keys.
import { randomBytes, randomUUID } from 'node:crypto'
import { type Meeting, REFUSALS, type RefusalCode, type Side } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { referenceOfRandom } from '../gate/reference.ts'
import { sideOf } from '../gate/side.ts'
import { makeSteps, type StepFacts, verdictEvidence } from '../gate/steps.ts'
import type { CallerSession, ForwardedMeeting, Log, Session } from '../model.ts'
import type { Followed, Follower } from '../sessions/follower.ts'
import type { OwnSession } from '../sessions/session.ts'
import { sessionKeysOf } from '../sessions/session-keys.ts'
import { type Admitted, accessOf, askBeside, type Options, proofOf, rekey } from './follow-caller.ts'
import { decideOn, judgeCaller, proofsOf } from './meet-caller.ts'

/** What it is made with, beside the options of the door. */
export interface ForwardingOptions extends Options {
  readonly follower: Follower
  readonly onFault: (error: unknown) => void
  readonly log: Log
}

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
  options: ForwardingOptions,
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

/** Indexed and followed as a caller that came itself; what ends is what it has under way, and not the proxy's connection. */
function admit(
  met: Admitted,
  connection: Pick<Session, 'octetsSent'>,
  onEnd: (cause: RefusalCode) => void,
  options: ForwardingOptions,
): { readonly session: Omit<CallerSession, 'meetFor'>; readonly release: () => void } {
  const { door, sessions, clock, follower, onFault, log } = options
  const { meeting, decision, proofs, path } = met
  const keysFor = (by: typeof decision) => sessionKeysOf(meeting.caller, by, path)
  let keys = keysFor(decision)
  let cutBy: RefusalCode | undefined
  let lastOctetAt: Temporal.Instant | undefined
  const stop = (cause: RefusalCode) => {
    if (cutBy !== undefined) return
    cutBy = cause
    onEnd(cause)
    lastOctetAt = clock()
  }
  const session: OwnSession & Omit<CallerSession, 'meetFor'> = {
    id: randomUUID(),
    meeting,
    certificates: path?.certificates ?? [],
    proofs,
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
      release()
      return { lastOctetAt: lastOctetAt ?? clock() }
    },
    ask: (what, ended) => askBeside(follower, followed, met, options, what, ended),
  }
  const end = (cause: RefusalCode) => {
    if (!session.isCut) log('session.ended', { door, reference: meeting.reference, code: cause })
    void session.cut(cause).catch(onFault)
  }
  const followed: Followed = {
    session,
    end,
    ...(path && { validUntil: path.validUntil, proof: proofOf(met, options) }),
    grants: new Set([
      {
        question: accessOf(met, options),
        decision,
        onStays: (next: typeof decision) => rekey(sessions, session, keysFor(next)),
        end,
      },
    ]),
  }
  const release = () => {
    sessions.remove(session)
    follower.delete(followed)
  }
  sessions.add(session)
  follower.add(followed)
  return { session, release }
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
