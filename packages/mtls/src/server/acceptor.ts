// The server side of every door: raw connections in, met callers out.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Meeting } from '@countersign/protocol'
import { sideOf } from '../gate/side.ts'
import type { Acceptor, AcceptorOptions, Callers } from '../model.ts'
import { createTickets } from '../tickets/tickets.ts'
import { unfailing, warn } from '../warn.ts'
import { createAdmission } from './admission.ts'
import type { Arrival } from './arrival.ts'
import type { ClientHello } from './client-hello-message.ts'
import { type Handshake, startHandshake } from './handshake.ts'
import { type Met, meetCaller } from './meet-caller.ts'
import { rememberMeeting } from './meeting-of.ts'
import { createContexts, type DoorContext } from './secure-context.ts'
import { serverMeeting } from './server-meeting.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
// Each costs up to 130 kB (an unfinished hello and TLS's own state). A busy door has a few dozen: 1,000 handshakes a
// second of 50 ms each. Above it the oldest gives way, so that whoever holds connections open keeps nobody out.
const MAX_PENDING = 1024

/**
 * Makes the gate of one door. Every connection that asks becomes one record; only whom the gate accepts reaches `onAccepted`.
 * @throws {Error} when identity and key do not make a TLS server.
 */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { clock, handshakeTimeoutMs: timeoutMs = HANDSHAKE_TIMEOUT_MS } = options
  const log = unfailing(options.log ?? warn)
  const admit = createAdmission(options, log)
  const tickets = options.tickets ?? createTickets(clock)
  const { callersOf = () => 'require' } = options
  const presentedTo = (callers: Callers) => (callers === 'none' && options.ofBrowsers) || options.identity
  const makeContexts = (callers: Callers) =>
    createContexts({ ...options, identity: presentedTo(callers), tickets }, callers, (error) =>
      log('gate.identity-unusable', { door: options.door, error }),
    )
  // One at once, to fail where none can be made.
  const contexts = new Map([[callersOf(undefined), makeContexts(callersOf(undefined))]])
  const pending = new Set<Handshake>()
  let closed = false

  const begin = (raw: Socket) => {
    const [oldest] = pending
    if (oldest && pending.size >= MAX_PENDING) oldest.abandon('ERR_GATE_BUSY')
    const handshake = startHandshake({
      raw,
      context: contextOrFault,
      alpn: options.alpn,
      clock,
      timeoutMs,
      onSilent: () => pending.delete(handshake),
      onFailed: (arrival, refusal, context) => {
        pending.delete(handshake)
        const caller = sideOf(undefined, arrival.address)
        const meeting = serverMeeting({ door: options.door, arrival, context, caller, outcome: { ok: false, refusal } })
        guarded(() => options.record(meeting), meeting)
      },
      onSecure: (arrival, context, socket) => {
        pending.delete(handshake)
        const met = meetOrFault(socket, arrival, context)
        const { meeting } = met
        if (met.ok) return enter(raw, socket, met)
        const told = guarded(() => {
          learn(met)
          options.record(meeting)
          options.onRefused(socket, meeting)
        }, meeting)
        if (!told) socket.destroy()
      },
    })
    pending.add(handshake)
  }

  const contextOrFault = ({ serverName }: ClientHello): DoorContext | undefined => {
    try {
      const callers = callersOf(serverName)
      const known = contexts.get(callers) ?? makeContexts(callers)
      contexts.set(callers, known)
      return known.current()
    } catch (error) {
      log('gate.fault', { door: options.door, error })
      return undefined
    }
  }

  /** A fault of ours refuses: nobody gets in because the gate broke. */
  const meetOrFault = (socket: TLSSocket, arrival: Arrival, context: DoorContext): Met => {
    try {
      return meetCaller(socket, arrival, context, options)
    } catch (error) {
      log('gate.fault', { door: options.door, reference: arrival.reference, error })
      const caller = sideOf(undefined, arrival.address)
      const outcome = { ok: false, refusal: { code: 'ERR_GATE_FAULT' } } as const
      return { ok: false, meeting: serverMeeting({ door: options.door, arrival, context, caller, outcome }) }
    }
  }

  const enter = (raw: Socket, socket: TLSSocket, met: Extract<Met, { ok: true }>) => {
    const { meeting, path } = met
    const session = admit(raw, socket, met)
    rememberMeeting(socket, meeting)
    const entered = guarded(() => {
      learn({ meeting, ...(path && { path }) })
      options.record(meeting)
      // A listener of either may have cut it.
      if (!socket.destroyed && !session.isCut) options.onAccepted(socket, meeting, session)
    }, meeting)
    if (!entered) void session.cut('ERR_GATE_FAULT')
  }

  /** Whoever proved a path has a ticket, also who is not let in: at its next meeting only the leaf is there. */
  const learn = ({ meeting, path }: Pick<Met, 'meeting' | 'path'>) => {
    if (path && !meeting.resumed) tickets.learn(path.certificates.slice(1))
  }

  /** False where `act`, which is not ours, threw. */
  const guarded = (act: () => void, { reference }: Meeting): boolean => {
    try {
      act()
      return true
    } catch (error) {
      log('gate.fault', { door: options.door, reference, error })
      return false
    }
  }

  return {
    accept(raw) {
      if (closed) return void raw.destroy()
      try {
        begin(raw)
      } catch (error) {
        raw.destroy()
        log('gate.fault', { door: options.door, error })
      }
    },
    get pending() {
      return pending.size
    },
    close() {
      closed = true
      for (const handshake of [...pending]) handshake.abandon('ERR_DOOR_DRAINING')
    },
  }
}
