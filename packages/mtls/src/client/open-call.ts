// A callee that was met becomes an open session of ours, followed as a door follows its callers.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Meeting } from '@countersign/protocol'
import type { Clock, Session, SessionIndex, Trust } from '../model.ts'
import { createFollower, type Followed, type Follower, standingOf } from '../sessions/follower.ts'
import { createSession } from '../sessions/session.ts'
import { createSessionIndex } from '../sessions/session-index.ts'
import { sessionKeysOf } from '../sessions/session-keys.ts'
import { sha256 } from '../sha256.ts'
import { warn } from '../warn.ts'
import { type Call, type CalleeJudgement, judgeCallee } from './call.ts'

/** The open calls under one trust, by one clock. */
interface Calls {
  readonly sessions: SessionIndex
  readonly follower: Follower
}

const onFault = (error: unknown) => warn('gate.fault', { error })
const calls = new WeakMap<Trust, WeakMap<Clock, Calls>>()

/**
 * Makes the session, in the turn of the judgement. It ends when the callee would be refused: for kept connections of
 * pools too. On a first contact nothing is followed: its trust is of this call alone.
 */
export function openCall(
  call: Call,
  raw: Socket,
  socket: TLSSocket,
  { side, path, trust }: Extract<CalleeJudgement, { readonly ok: true }>,
  meeting: Meeting,
): Session {
  const { certificates, validUntil } = path
  const keys = meeting.outcome.ok ? sessionKeysOf(side, meeting.outcome.decision, path) : []
  const session = createSession(raw, socket, { meeting, keys, certificates }, call.now)
  if (call.options.trust === undefined) return session
  const { sessions, follower } = callsUnder(trust, call.now)
  const { kind, value } = call.name
  const basis = [kind, value, ...certificates.map(({ der }) => sha256(der))].join(' ')
  const followed: Followed = {
    session,
    validUntil,
    proof: { basis, ask: () => standingOf(judgeCallee(call, certificates)) },
    grants: new Set(),
    end: (cause) => void session.cut(cause).catch(onFault),
  }
  sessions.add(session)
  follower.add(followed)
  raw.once('close', () => {
    sessions.remove(session)
    follower.delete(followed)
  })
  return session
}

function callsUnder(trust: Trust, clock: Clock): Calls {
  const ofTrust = calls.get(trust) ?? new WeakMap<Clock, Calls>()
  calls.set(trust, ofTrust)
  const known = ofTrust.get(clock)
  if (known) return known
  const sessions = createSessionIndex('calls')
  const fresh = {
    sessions,
    follower: createFollower({ trust, sessions, revoked: 'ERR_CALLEE_REVOKED', clock, onFault }),
  }
  ofTrust.set(clock, fresh)
  return fresh
}
