// HTTP for callers that have been met: each request to the upstream, or the door's own answer.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { House, Session } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { clientCertHeaders } from './headers.ts'
import { adoptSockets, closeAfterReading } from './http-server.ts'
import { meetingAnswer, refusalAnswer, sendAnswer, sendLastAnswer } from './problem.ts'
import { forward, type Passage } from './proxy.ts'
import { readTarget } from './request-target.ts'
import { isWebSocket, responseOn, tunnel } from './tunnel.ts'
import { createTurns, type Turns } from './turns.ts'
import type { Upstream } from './upstream.ts'

/** Answers a connection its own meeting; never reaches the upstream. */
export const MEETING_PATH = '/.well-known/countersign/meeting'

// 16 KiB is what many upstreams take; the certificates of the caller come on top (RFC 9440 §3.2).
const MAX_HEAD_OCTETS = 16 * 1024
const HEAD_TIMEOUT_MS = 10_000
const IDLE_TIMEOUT_MS = 60_000

/** Serves connections that have been met. */
export interface MetServer {
  adopt(socket: TLSSocket, meeting: Meeting, session: Session): void
  /** From now on answers say `Connection: close`, and connections without a request end. Call again for those that became idle. */
  endIdle(): void
  close(): void
}

/** What the server remembers of a connection. */
interface Caller {
  readonly meeting: Meeting
  readonly identity: readonly string[]
  readonly turns: Turns
  /** The answer that is under way. */
  answering?: ServerResponse
  /** It sent what is no request, and is on its way out. */
  leaving?: true
}

/** Makes the server of one door; it listens nowhere itself. */
export function createMetServer(
  door: string,
  upstream: () => Upstream,
  { clock, log }: Pick<House, 'clock' | 'log'>,
): MetServer {
  const callers = new WeakMap<object, Caller>()
  let draining = false

  /** Answers what is the door's own to answer; else says how the request goes on. */
  const passageOf = (request: IncomingMessage, response: ServerResponse, caller: Caller): Passage | undefined => {
    const { meeting, identity } = caller
    const refuse = (code: RefusalCode, cause?: Error) => {
      log('request.refused', { door, reference: meeting.reference, code, ...(cause && { cause: cause.message }) })
      sendAnswer(response, refusalAnswer(request.headers.accept, meeting, clock(), code))
    }
    caller.answering = response
    if (draining) response.setHeader('Connection', 'close')
    const target = readTarget(request)
    if (target === undefined) {
      // What follows on this connection may have been read wrongly, too.
      response.setHeader('Connection', 'close')
      refuse('ERR_DOOR_REQUEST')
      return undefined
    }
    if (target.path.split('?', 1)[0] === MEETING_PATH) {
      sendAnswer(response, meetingAnswer(request.headers.accept, meeting, clock()))
      return undefined
    }
    return { request, response, target, upstream: upstream(), identity, refuse }
  }

  const take = (request: IncomingMessage, response: ServerResponse) => {
    const caller = callers.get(request.socket)
    const taken = caller?.turns.take((over) => {
      if (request.socket.destroyed) return over()
      response.once('close', over)
      // An upgrade that is not made: Node forgets what was pipelined behind it, so that nobody may wait for an answer.
      if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close')
      const passage = passageOf(request, response, caller)
      if (passage) forward(passage)
    })
    if (taken !== true) request.socket.destroy()
  }

  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_OCTETS,
      headersTimeout: HEAD_TIMEOUT_MS,
      // A body may take as long as it moves; the session can be cut at any time.
      requestTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      // `readTarget` says so with the reference.
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocket,
    },
    take,
  )
  server.on('checkExpectation', take)
  // The budget of a head is its octets: a field that Node left out unread would be one that nobody judged.
  server.maxHeadersCount = 0

  server.on('upgrade', (request, socket, head) => {
    const caller = callers.get(request.socket)
    // Behind an answer that is still under way, nothing can be upgraded.
    if (caller === undefined || !caller.turns.idle) return void socket.destroy()
    socket.on('error', () => socket.destroy())
    const passage = passageOf(request, responseOn(request, request.socket), caller)
    if (passage) tunnel(passage, request.socket, head)
  })

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const caller = callers.get(socket)
    if (caller === undefined || socket.destroyed || error.code === 'ECONNRESET') return void socket.destroy()
    // Node tells each further piece of it, too.
    if (caller.leaving) return
    caller.leaving = true
    const { meeting, turns, answering } = caller
    // The fault is in a head, in the body of the request that is being answered, or behind that request.
    const inBody = !turns.idle && answering?.req.complete === false
    const code = codeOfClientError(error)
    if (turns.idle || inBody) log('request.refused', { door, reference: meeting.reference, code, cause: error.code })
    if (!turns.idle) {
      if (answering?.writableEnded !== false) return closeAfterReading(socket)
      if (!inBody || answering.headersSent) return void socket.destroy()
      // Ends the passage: whatever the upstream answers now comes too late.
      answering.detachSocket(answering.req.socket)
      answering.destroy()
      answering.emit('close')
    }
    closeAfterReading(socket)
    if (!socket.writable) return
    sendLastAnswer(socket, refusalAnswer(undefined, meeting, clock(), code))
  })
  const adopt = adoptSockets(server)

  return {
    adopt(socket, meeting, session) {
      callers.set(socket, { meeting, identity: clientCertHeaders(session.certificates), turns: createTurns() })
      adopt(socket)
    },
    endIdle() {
      draining = true
      server.closeIdleConnections()
    },
    close() {
      draining = true
      server.close()
      server.closeAllConnections()
    },
  }
}

function codeOfClientError({ code }: NodeJS.ErrnoException): RefusalCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'ERR_DOOR_LIMIT'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'ERR_DOOR_TIMEOUT' : 'ERR_DOOR_REQUEST'
}
