// The authority's own door: newcomers come without a certificate, everyone else with one, all through the gate.
import { createServer, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type Acceptor,
  type Clock,
  createAcceptor,
  type Locks,
  type Log,
  type OwnIdentity,
  type SessionIndex,
  steadyAccess,
  type Trust,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { Application } from './application.ts'
import { isFollowing } from './feed.ts'
import { listening } from './local-socket.ts'
import { problemAnswer } from './problem.ts'

/** The name of the authority's own door in meetings and receipts. */
export const LISTENER_DOOR = 'authority'

export interface Listener {
  readonly port: number
  /** Accepts no more. */
  stop(): void
  close(): Promise<void>
}

interface Listening {
  readonly host: string
  readonly port: number
  readonly identity: OwnIdentity
  readonly trust: Trust
  readonly locks: Locks
  readonly sessions: SessionIndex
  readonly clock: Clock
  readonly record: (meeting: Meeting) => void
  readonly application: Application
  readonly log: Log
}

/** What a caller may do here is decided route by route; the gate has judged whatever it presented. */
const EVERYONE = steadyAccess(() => ({ ok: true, rule: 'the authority hears everyone' }))

/**
 * Connections that have met, accepted or refused: each costs about 70 kB. Beyond these the oldest gives way, as the gate
 * has it for those that have not met yet, so that whoever holds connections open keeps nobody out.
 */
const MAX_HELD = 900
/** Closed at once beyond these. The gate's 1,024 and ours are fewer: this is for what we have not thought of. */
const MAX_CONNECTIONS = 2_000
/** For what a refused caller has still to say: closing with octets unread takes back the answer. @see RFC 9112 §9.6 */
const LINGER_MILLISECONDS = 1_000

/** Opens the listener. @throws {AuthorityError} when it cannot listen there */
export async function openListener(options: Listening): Promise<Listener> {
  const { host, port, application, locks, ...gate } = options
  const hold = createHold()
  const acceptor: Acceptor = createAcceptor({
    ...gate,
    door: LISTENER_DOOR,
    access: locks.over(EVERYONE),
    callersOf: () => 'ask',
    // A server renews by the certificate that it has; what else it may do here, it may do without one.
    servers: 'admit',
    alpn: ['http/1.1'],
    onAccepted: (socket) => {
      hold.add(socket)
      application.serve(socket)
    },
    onRefused: (socket, meeting) => {
      hold.add(socket)
      answerRefused(socket, meeting)
    },
  })
  const server: Server = createServer({ noDelay: true }, (raw) => acceptor.accept(raw))
  server.maxConnections = MAX_CONNECTIONS
  await listening(server, () => server.listen(port, host), `${host}:${port}`)
  const address = server.address()
  const stop = () => {
    if (server.listening) server.close()
  }
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop,
    async close() {
      stop()
      acceptor.close()
      hold.close()
    },
  }
}

/** Keeps connections until they close, and closes the oldest where they are too many. */
function createHold(): { add(socket: TLSSocket): void; close(): void } {
  const held = new Set<TLSSocket>()
  return {
    add(socket) {
      // Doors that follow are not for strangers to push out, and are as few as an administrator has invited.
      if (held.size >= MAX_HELD)
        held
          .values()
          .find((one) => !isFollowing(one))
          ?.destroy()
      held.add(socket)
      socket.once('close', () => held.delete(socket))
    },
    // Doors that follow too, which are no requests any more: they would go on to tell a store that is closed.
    close() {
      for (const socket of held) socket.destroy()
    },
  }
}

/** The refusal itself, once, and nothing of the application: what the caller says is read and forgotten, and not for long. */
function answerRefused(socket: TLSSocket, meeting: Meeting): void {
  if (meeting.outcome.ok) return
  socket.end(problemAnswer(meeting.outcome.refusal, meeting.reference))
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS)
  socket.once('close', () => clearTimeout(timer))
}
