// The responder of a refusal: the one thing that a refused caller can reach, small and budgeted.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { adoptSockets, closeAfterReading } from './http-server.ts'
import { refusalAnswer, sendLastAnswer } from './problem.ts'

/** One request head, and no more of a body than lets a client read the answer. */
const MAX_HEAD_OCTETS = 8 * 1024
const MAX_BODY_OCTETS = 64 * 1024
const TIMEOUT_MS = 5_000
/** Who is refused may hold this many connections in all; beyond it, a refusal is a close. */
const MAX_CONNECTIONS = 512

/** Answers refused callers: reads one request head to choose the form, tells the cause, and closes. */
export interface RefusalResponder {
  answer(socket: TLSSocket, meeting: Meeting): void
  close(): void
}

/** Makes the responder of one door; it listens nowhere itself. */
export function createRefusalResponder(clock: Clock): RefusalResponder {
  const meetings = new Map<object, Meeting>()
  const answering = new WeakMap<object, ServerResponse>()
  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    const meeting = meetings.get(request.socket)
    if (meeting === undefined) return void request.socket.destroy()
    const { accept, 'user-agent': userAgent } = request.headers
    const { status, headers, body } = refusalAnswer(accept, meeting, clock(), undefined, userAgent)
    answering.set(request.socket, response)
    response.writeHead(status, { ...headers, Connection: 'close' })
    if (request.method !== 'HEAD') response.write(body)
    // A caller that asked whether to send its body has its answer; from one that sends without asking, a little is read:
    // closing with octets unread makes the kernel reset the connection, and the answer with it.
    if (request.headers.expect !== undefined) return void response.end()
    let octets = 0
    request.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (octets > MAX_BODY_OCTETS) request.socket.destroy()
    })
    request.once('end', () => response.end())
  }
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_OCTETS,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 1,
      // Whatever is wrong with the request, the caller is told why it was refused.
      requireHostHeader: false,
    },
    refuse,
  )
  server.on('checkContinue', refuse).on('checkExpectation', refuse)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const meeting = meetings.get(socket)
    if (meeting === undefined || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    closeAfterReading(socket)
    const response = answering.get(socket)
    if (response) response.end()
    else sendLastAnswer(socket, refusalAnswer(undefined, meeting, clock()))
  })
  const adopt = adoptSockets(server)
  return {
    answer(socket, meeting) {
      if (meetings.size >= MAX_CONNECTIONS) return void socket.destroy()
      meetings.set(socket, meeting)
      // Whatever it does, it is gone soon.
      const deadline = setTimeout(() => socket.destroy(), 2 * TIMEOUT_MS)
      socket.once('close', () => {
        clearTimeout(deadline)
        meetings.delete(socket)
      })
      adopt(socket)
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
