// A caller that was met becomes an open session: found by its keys, and followed until its connection ends.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { CallerSession, Log } from '../model.ts'
import { createFollower } from '../sessions/follower.ts'
import { createSession } from '../sessions/session.ts'
import { type Admitted, type Following, keysOf, letIn, type Options } from './follow-caller.ts'
import { createForwarding } from './meet-forwarded.ts'

/** Makes the function that lets a caller in. To be called in the turn of the judgement: whatever changes after it finds the session. */
export function createAdmission(
  options: Options,
  log: Log,
): (raw: Socket, socket: TLSSocket, met: Admitted) => CallerSession {
  const { door, clock } = options
  const onFault = (error: unknown) => log('gate.fault', { door, error })
  const follower = createFollower({ ...options, revoked: 'ERR_CALLER_REVOKED', onFault })
  const following: Following = { ...options, follower, onFault, log }

  return (raw, socket, met) => {
    const { meeting, decision, proofs, path } = met
    const certificates = path?.certificates ?? []
    const session = createSession(raw, socket, { meeting, keys: keysOf(met, decision), certificates }, clock)
    const forwarding = createForwarding(met, session, following)
    const { ask, leave } = letIn(met, session, following)
    raw.once('close', () => {
      forwarding.close()
      leave()
    })
    return Object.assign(session, { proofs, ask, meetFor: forwarding.meet })
  }
}
