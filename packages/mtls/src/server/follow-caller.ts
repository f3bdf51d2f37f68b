// What is asked again of a caller for as long as it is here: does its path still stand, and may it still have what it has?
import type { Decision, RefusalCode, Side } from '@countersign/protocol'
import { verdictsOf } from '../gate/verdicts.ts'
import type { AcceptorOptions, AccessQuestion, CallerSession, Log } from '../model.ts'
import { type Followed, type Follower, type Grant, type Question, standingOf } from '../sessions/follower.ts'
import type { OwnSession } from '../sessions/session.ts'
import { sessionKeysOf } from '../sessions/session-keys.ts'
import { sha256 } from '../sha256.ts'
import { judgeCaller, type Met } from './meet-caller.ts'
import type { ShownCredential } from './shown-credential.ts'

/** A caller that was let in. `seen` is what it has seen proved, where that is not the callee of the record. */
export type Admitted = Extract<Met, { readonly ok: true }> & {
  readonly seen?: Side
  /** What it showed in place of a path. */
  readonly shown?: ShownCredential
}
/** What of the door's options this needs. */
export type Options = Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'servers' | 'sessions' | 'clock'>

/** What follows the callers of one door, and whom it tells. */
export interface Following extends Options {
  readonly follower: Follower
  readonly onFault: (error: unknown) => void
  readonly log: Log
}

/** By what a caller is found that was let in by `decision`. */
export function keysOf({ meeting, path, shown }: Admitted, decision: Decision): CallerSession['keys'] {
  const [, , , , , { evidence }] = meeting.steps
  const device = evidence?.kind === 'bound' && evidence.to === 'device' ? evidence.keySha256 : undefined
  const keys = sessionKeysOf(meeting.caller, decision, path, device)
  return shown === undefined ? keys : Object.freeze([...shown.keys, ...keys])
}

/**
 * Indexes a session and follows it until it leaves. To be called in the turn of the judgement: whatever changes after it
 * finds the session.
 */
export function letIn(
  met: Admitted,
  session: OwnSession,
  options: Following,
): { readonly ask: CallerSession['ask']; readonly leave: () => void } {
  const { door, sessions, follower, onFault, log } = options
  const { meeting, decision, path, shown } = met
  const end = (cause: RefusalCode) => {
    if (!session.isCut) log('session.ended', { door, reference: meeting.reference, code: cause })
    void session.cut(cause).catch(onFault)
  }
  const toBeHere: Grant = {
    question: accessOf(met, options),
    decision,
    onStays: (next) => rekey(sessions, session, keysOf(met, next)),
    end,
  }
  const followed: Followed = {
    session,
    end,
    ...(path && { validUntil: path.validUntil, proof: proofOf(met, options) }),
    ...(shown && followShown(shown, options)),
    grants: new Set([toBeHere]),
  }
  sessions.add(session)
  follower.add(followed)
  return {
    ask: (what, ended) => askBeside(follower, followed, met, options, what, ended),
    leave() {
      sessions.remove(session)
      follower.delete(followed)
    },
  }
}

/** Finds a session by other keys from now on. */
function rekey(sessions: Options['sessions'], session: OwnSession, keys: CallerSession['keys']): void {
  if (keys.length === session.keys.length && keys.every((key, i) => key === session.keys[i])) return
  sessions.remove(session)
  session.rekey(keys)
  sessions.add(session)
}

/** Asks for a service beside the door's own, and follows a yes. */
function askBeside(
  follower: Follower,
  followed: Followed,
  met: Admitted,
  options: Options,
  what: string,
  end: (cause: RefusalCode) => void,
): ReturnType<CallerSession['ask']> {
  const question = accessOf(met, options, what)
  const decision = question.ask(options.clock())
  if (!decision.ok) return { decision, release: () => undefined }
  const release = () => {
    if (followed.grants.delete(grant)) follower.reschedule(followed)
  }
  const grant: Grant = {
    question,
    decision,
    end(cause) {
      followed.grants.delete(grant)
      end(cause)
    },
  }
  followed.grants.add(grant)
  follower.reschedule(followed)
  return { decision, release }
}

function followShown({ standing }: ShownCredential, { clock }: Options): Pick<Followed, 'proof' | 'validUntil'> {
  const now = standing.ask(clock())
  return { proof: standing, ...(now.ok && { validUntil: now.validUntil }) }
}

/** The same path, the same answer; that of a meeting as nobody is asked for by nobody. */
function proofOf({ meeting, path }: Admitted, options: Options): NonNullable<Followed['proof']> {
  const certificates = path?.certificates ?? []
  const { authority } = meeting.caller
  const { judgeAnew } = verdictsOf(options.trust)
  return {
    basis: [authority, ...certificates.map(({ der }) => sha256(der))].join(' '),
    ask(now) {
      const judgement = judgeCaller({ certificates, address: meeting.address ?? '', now }, options, judgeAnew)
      // The alice of another authority is not the alice who was let in.
      const isAnother = judgement.ok && judgement.side.authority !== authority
      return isAnother ? { ok: false, code: 'ERR_CALLER_UNKNOWN_ISSUER' } : standingOf(judgement)
    },
  }
}

/**
 * What is asked of the policy about this caller. The proof of a certificate is as old as the question: the channel stands
 * by the key that it proved, and its path is judged each time. Every other proof keeps its age.
 */
function accessOf({ meeting, proofs, seen }: Admitted, { access }: Options, what?: string): Question<Decision> {
  const { caller } = meeting
  const callee = seen ?? meeting.callee
  const others = proofs.filter(({ kind }) => kind !== 'certificate')
  const [who, whom] = [caller, callee].map(({ certificate, name }) => certificate?.sha256 ?? name)
  return {
    basis: JSON.stringify([who, caller.authority, whom, callee.identities.length, what, proofs[0]?.binding, others]),
    ask(now) {
      const asOf = proofs.map((proof) => (proof.kind === 'certificate' ? { ...proof, at: now } : proof))
      const question: AccessQuestion = { caller, callee, proofs: asOf, now, ...(what !== undefined && { what }) }
      return access.decide(question)
    },
  }
}
