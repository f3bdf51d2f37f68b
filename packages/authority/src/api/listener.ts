// The authority's own door: newcomers come without a certificate, everyone else with one, all through the gate.
import { createServer, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type Acceptor,
  type Clock,
  createAcceptor,
  type Log,
  type OwnIdentity,
  type SessionIndex,
  type Trust,
} from '@countersign/mtls'
import type { Decision, Meeting } from '@countersign/protocol'
import type { Application } from './application.ts'
import { listening } from './local-socket.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'

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
  readonly sessions: SessionIndex
  readonly clock: Clock
  readonly record: (meeting: Meeting) => void
  readonly application: Application
  readonly log: Log
}

/** What a caller may do here is decided route by route; the gate has judged whatever it presented. */
const EVERYONE: Decision = { ok: true, rule: 'the authority hears everyone' }

/** Connections beyond these wait in the kernel: each costs about 70 kB. */
const MAX_CONNECTIONS = 2_000

/** Opens the listener. @throws {AuthorityError} when it cannot listen there */
export async function openListener(options: Listening): Promise<Listener> {
  const { host, port, application, ...gate } = options
  const acceptor: Acceptor = createAcceptor({
    ...gate,
    door: LISTENER_DOOR,
    decide: () => EVERYONE,
    anonymous: 'admit',
    alpn: ['http/1.1'],
    onAccepted: (socket) => application.serve(socket),
    onRefused: answerRefused,
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
    },
  }
}

/** The refusal itself, once, and nothing of the application: no octet of the caller is read. */
function answerRefused(socket: TLSSocket, meeting: Meeting): void {
  if (meeting.outcome.ok) return
  const problem = problemOf(meeting.outcome.refusal, meeting.reference)
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} Refused\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
