// A caller that was met becomes an open session: found by its keys, and followed until it ends.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Decision, RefusalCode } from '@countersign/protocol'
import type { CallerSession, Log } from '../model.ts'
import { createFollower, type Followed } from '../sessions/follower.ts'
import { createSession, type OwnSession } from '../sessions/session.ts'
import { sessionKeysOf } from '../sessions/session-keys.ts'
import { type Admitted, accessOf, askBeside, type Options, proofOf, rekey } from './follow-caller.ts'
import { createForwarding } from './meet-forwarded.ts'

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
    const forwarding = createForwarding(met, session, { ...options, follower, onFault, log })
    const callerSession: CallerSession & OwnSession = Object.assign(session, { proofs, ask, meetFor: forwarding.meet })
    followed.grants.add({
      question: accessOf(met, options),
      decision,
      onStays: (next) => rekey(sessions, session, keysFor(next)),
      end,
    })
    sessions.add(session)
    follower.add(followed)
    raw.once('close', () => {
      forwarding.close()
      sessions.remove(session)
      follower.delete(followed)
    })
    return callerSession
  }
}
