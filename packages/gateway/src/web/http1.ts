// HTTP/1 for callers that have been met: one request after another, each an exchange for the door to serve.
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { adoptSockets, closeAfterReading, sendLastAnswer } from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'
import type { Exchange } from './exchange.ts'
import type { Caller, HttpService, VersionServer } from './service.ts'
import { createTurns, type Turns } from './turns.ts'

const HEAD_TIMEOUT_MS = 10_000
// HTTP/1.1 cannot say that it goes but in an answer: a request that is on its way at a drain is waited for.
const FAREWELL_MS = 500

/** One connection. */
interface Line {
  readonly caller: Caller
  readonly turns: Turns
  /** The answer that is under way. */
  answering?: ServerResponse
  /** It sent what is no request, and is on its way out. */
  leaving?: true
}

/** Makes the server of HTTP/1.1 and 1.0; it listens nowhere itself. */
export function createHttp1Server({ serve, refusal, maxHeadOctets, idleTimeoutMs }: HttpService): VersionServer {
  const lines = new WeakMap<object, Line>()
  let drainingSince: number | undefined

  const begin = (line: Line, request: IncomingMessage, response: ServerResponse, head?: Buffer) => {
    line.answering = response
    if (drainingSince !== undefined) response.setHeader('Connection', 'close')
    serve(exchangeOf(request, response, line.caller, head), line.caller)
  }

  const take = (request: IncomingMessage, response: ServerResponse) => {
    const line = lines.get(request.socket)
    const taken = line?.turns.take((over) => {
      if (request.socket.destroyed) return over()
      response.once('close', over)
      // An upgrade that is not made: Node forgets what was pipelined behind it, so that nobody may wait for an answer.
      if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close')
      begin(line, request, response)
    })
    if (taken !== true) request.socket.destroy()
  }

  const server = createServer(
    {
      maxHeaderSize: maxHeadOctets,
      headersTimeout: HEAD_TIMEOUT_MS,
      // A body may take as long as it moves; the session can be cut at any time.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
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
    const line = lines.get(request.socket)
    // Behind an answer that is still under way, nothing can be upgraded.
    if (line === undefined || !line.turns.idle) return void socket.destroy()
    socket.on('error', () => socket.destroy())
    begin(line, request, responseOn(request, request.socket), head)
  })

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const line = lines.get(socket)
    if (line === undefined || socket.destroyed || error.code === 'ECONNRESET') return void socket.destroy()
    // Node tells each further piece of it, too.
    if (line.leaving) return
    line.leaving = true
    const { caller, turns, answering } = line
    // The fault is in a head, in the body of the request that is being answered, or behind that request.
    const inBody = !turns.idle && answering?.req.complete === false
    const answer = turns.idle || inBody ? refusal(caller, codeOfClientError(error), error) : undefined
    if (!turns.idle) {
      if (answering?.writableEnded !== false) return closeAfterReading(socket)
      if (!inBody || answering.headersSent) return void socket.destroy()
      // Ends the passage: whatever the upstream answers now comes too late.
      answering.detachSocket(answering.req.socket)
      answering.destroy()
      answering.emit('close')
    }
    closeAfterReading(socket)
    if (socket.writable && answer) sendLastAnswer(socket, answer)
  })
  const adopt = adoptSockets(server)

  return {
    adopt(socket, caller) {
      lines.set(socket, { caller, turns: createTurns() })
      adopt(socket)
    },
    endIdle() {
      drainingSince ??= performance.now()
      if (performance.now() - drainingSince >= FAREWELL_MS) server.closeIdleConnections()
    },
    close() {
      drainingSince ??= performance.now()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** @param head What was sent behind an opening handshake. */
function exchangeOf(request: IncomingMessage, response: ServerResponse, caller: Caller, head?: Buffer): Exchange {
  const { httpVersion: version, method = '', url: target = '', rawHeaders: fields, headers } = request
  const tally = { status: 0, octetsIn: 0, octetsOut: 0 }
  return {
    tally,
    head: { version, method, target, fields, headers, hasBody: hasBody(request) },
    body: request,
    out: response,
    get isWhole() {
      return request.complete
    },
    get begun() {
      return response.headersSent
    },
    inform(status, sent) {
      if (version !== '1.0') response.writeInformation(status, [...sent])
    },
    begin(status, sent) {
      tally.status = status
      const { socket } = response
      // The head leaves at the end of this turn: with the content that came along with it, or alone.
      if (socket) {
        socket.cork()
        process.nextTick(uncork, socket)
      }
      response.writeHead(status, [...sent])
      response.flushHeaders()
    },
    end(trailers) {
      if (trailers.length > 0) response.addTrailers(trailers)
      response.end()
    },
    // Nothing but the connection can end an answer that is not whole; what is queued does not leave any more.
    cut: (cause) => caller.reset(cause),
    distrust: () => response.setHeader('Connection', 'close'),
    ...(head && {
      tunnel: {
        open(sent) {
          const { socket } = request
          tally.status = 101
          response.detachSocket(socket)
          socket.write(switchingProtocols(sent), 'latin1')
          return { near: socket, octets: head }
        },
      },
    }),
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}

/** RFC 9112 §6: a request has a body where it announces one. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Which upgrades are carried; others are answered as plain requests (RFC 9110 §7.8 lets a server ignore them).
 * An opening handshake has no body: one that announces it would be read as two things.
 * RFC 9110 §7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request".
 * @see RFC 6455 §4.1
 */
function isWebSocket(request: IncomingMessage): boolean {
  const { method, headers, httpVersion } = request
  return (
    method === 'GET' && httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody(request)
  )
}

/** A response on a socket that Node has already given up for the upgrade. Closes the socket when it is finished. */
function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return response
}

function switchingProtocols(kept: readonly string[]): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
  for (let i = 0; i + 1 < kept.length; i += 2) lines.push(`${kept[i]}: ${kept[i + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

function codeOfClientError({ code }: NodeJS.ErrnoException): RefusalCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'ERR_DOOR_LIMIT'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'ERR_DOOR_TIMEOUT' : 'ERR_DOOR_REQUEST'
}
