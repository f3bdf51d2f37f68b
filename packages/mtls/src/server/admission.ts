// A caller that was met becomes an open session: found by its keys, and followed until it ends.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Decision, RefusalCode } from '@countersign/protocol'
import { verdictsOf } from '../gate/verdicts.ts'
import type { AcceptorOptions, AccessQuestion, CallerSession, Log } from '../model.ts'
import {
  createFollower,
  type Followed,
  type Follower,
  type Grant,
  type Question,
  standingOf,
} from '../sessions/follower.ts'
import { createSession, type OwnSession } from '../sessions/session.ts'
import { sessionKeysOf } from '../sessions/session-keys.ts'
import { sha256 } from '../sha256.ts'
import { judgeCaller, type Met } from './meet-caller.ts'

type Admitted = Extract<Met, { readonly ok: true }>
type Options = Pick<AcceptorOptions, 'door' | 'trust' | 'access' | 'servers' | 'sessions' | 'clock'>

/** Makes the function that lets a caller in. To be called in the turn of the judgement: whatever changes after it finds the session. */
export function createAdmission(
  options: Options,
  log: Log,
): (raw: Socket, socket: TLSSocket, met: Admitted) => CallerSession {
  const { door, sessions, clock } = options
  const onFault = (error: unknown) => log('gate.fault', { door, error })
  const follower = createFollower({ ...options, revoked: 'ERR_CALLER_REVOKED', onFault })

  return (raw, socket, met) => {
    const { meeting, decision, proofs, path } = met
    const keysFor = (by: Decision) => sessionKeysOf(meeting.caller, by, path)
    const certificates = path?.certificates ?? []
    const session = createSession(raw, socket, { meeting, keys: keysFor(decision), certificates }, clock)
    const end = (cause: RefusalCode) => {
      if (!session.isCut) log('session.ended', { door, reference: meeting.reference, code: cause })
      void session.cut(cause).catch(onFault)
    }
    const followed: Followed = {
      session,
      end,
      ...(path && { validUntil: path.validUntil, proof: proofOf(met, options) }),
      grants: new Set(),
    }
    const ask = (what: string, end: (cause: RefusalCode) => void) =>
      askBeside(follower, followed, met, options, what, end)
    const callerSession: CallerSession & OwnSession = Object.assign(session, { proofs, ask })
    followed.grants.add({
      question: accessOf(met, options),
      decision,
      onStays: (next) => rekey(sessions, session, keysFor(next)),
      end,
    })
    sessions.add(session)
    follower.add(followed)
    raw.once('close', () => {
      sessions.remove(session)
      follower.delete(followed)
    })
    return callerSession
  }
}

function rekey(sessions: Options['sessions'], session: OwnSession, keys: CallerSession['keys']): void {
  if (keys.length === session.keys.length && keys.every((key, i) => key === session.keys[i])) return
  sessions.remove(session)
  session.rekey(keys)
  sessions.add(session)
}

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
function accessOf({ meeting, proofs }: Admitted, { access }: Options, what?: string): Question<Decision> {
  const { caller, callee } = meeting
  const others = proofs.filter(({ kind }) => kind !== 'certificate')
  const [who, whom] = [caller, callee].map(({ certificate, name }) => certificate?.sha256 ?? name)
  return {
    basis: JSON.stringify([who, caller.authority, whom, what, others]),
    ask(now) {
      const asOf = proofs.map((proof) => (proof.kind === 'certificate' ? { ...proof, at: now } : proof))
      const question: AccessQuestion = { caller, callee, proofs: asOf, now, ...(what !== undefined && { what }) }
      return access.decide(question)
    },
  }
}
