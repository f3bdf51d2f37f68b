// The responder of a refusal: the one thing that a refused caller can reach, small and budgeted.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Meeting } from '@countersign/protocol'
import type { Clock } from '../model.ts'
import { serveHttp2 } from '../server/serve-http2.ts'
import { adoptSockets, closeAfterReading } from './http-server.ts'
import { type Answer, refusalAnswer, sendLastAnswer } from './problem.ts'

/** One request head, and no more of a body than lets a client read the answer. */
const MAX_HEAD_OCTETS = 8 * 1024
const MAX_BODY_OCTETS = 64 * 1024
const TIMEOUT_MS = 5_000
/** Who is refused may hold this many connections in all; beyond it, a refusal is a close. */
const MAX_CONNECTIONS = 512
/** A browser asks for a page and its icon at once; each is told. */
const MAX_STREAMS = 4

/** Answers refused callers: reads one request head to choose the form, tells the cause, and closes. */
export interface RefusalResponder {
  answer(socket: TLSSocket, meeting: Meeting): void
  close(): void
}

/** In the form that the caller's request asks for; nothing is known of it where it could not be read. */
type Say = (headers?: IncomingHttpHeaders) => Answer

/**
 * Makes the responder of one door; it listens nowhere itself.
 * @param fields What this door says with every answer.
 */
export function createRefusalResponder(clock: Clock, fields: Readonly<Record<string, string>> = {}): RefusalResponder {
  const answers = new Map<Duplex, Say>()
  const http1 = createHttp1Responder(answers)
  const adoptHttp1 = adoptSockets(http1)
  return {
    answer(socket, meeting) {
      if (answers.size >= MAX_CONNECTIONS) return void socket.destroy()
      const say: Say = ({ accept, 'user-agent': userAgent } = {}) => {
        const answer = refusalAnswer(accept, meeting, clock(), undefined, userAgent)
        return { ...answer, headers: { ...answer.headers, ...fields } }
      }
      answers.set(socket, say)
      // Whatever it does, it is gone soon.
      const deadline = setTimeout(() => socket.destroy(), 2 * TIMEOUT_MS)
      socket.once('close', () => {
        clearTimeout(deadline)
        answers.delete(socket)
      })
      if (socket.alpnProtocol === 'h2') respondInHttp2(socket, say)
      else adoptHttp1(socket)
    },
    close() {
      http1.close()
      for (const socket of answers.keys()) socket.destroy()
    },
  }
}

function respondInHttp2(socket: TLSSocket, say: Say): void {
  const session = serveHttp2(socket, {
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEAD_OCTETS },
    streamResetBurst: MAX_STREAMS,
  })
  // Whatever is wrong with the connection, it is on its way out.
  session.on('error', () => undefined)
  session.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    if (stream.closed) return
    // RFC 9113 §8.1: what is left of a body is not waited for; Node resets the stream, without an error, behind the answer.
    const { status, headers: fields, body } = say(headers)
    stream.respond([':status', String(status), ...Object.entries(fields).flat()])
    stream.end(headers[':method'] === 'HEAD' ? undefined : body)
    session.close()
  })
}

function createHttp1Responder(answers: ReadonlyMap<Duplex, Say>): ReturnType<typeof createServer> {
  const answering = new WeakMap<object, ServerResponse>()
  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    const say = answers.get(request.socket)
    if (say === undefined) return void request.socket.destroy()
    const { status, headers, body } = say(request.headers)
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
    const say = answers.get(socket)
    if (say === undefined || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    closeAfterReading(socket)
    const response = answering.get(socket)
    if (response) response.end()
    else sendLastAnswer(socket, say())
  })
  return server
}
