// Node's own HTTP servers behind the gate. Whatever takes such a server, as frameworks and `ws` do, serves met callers.
import type { RequestListener } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { Server as NetServer } from 'node:net'
import { createRefusalResponder } from '../http/refusal.ts'
import { type Behind, behindGate, type HasSessions, type ServerOptions, systemClock } from './behind-gate.ts'
import { markSecure } from './serve-http2.ts'

/**
 * Makes an HTTPS server whose callers have met: `meetingOf(request.socket)` is who asks. Who is refused is told so in
 * HTTP, as page or `application/problem+json`, with the next step and the reference.
 * @throws {Error} when identity and key do not make a TLS server. @throws {RangeError} when an entry of `allow` is empty.
 */
export function createHttpsServer(options: ServerOptions, onRequest?: RequestListener): Server & HasSessions {
  const server = createServer(onRequest)
  return Object.assign(server, behindHttp(server, ['http/1.1'], options))
}

/** The same in HTTP/2, and in HTTP/1.1 for callers that speak no HTTP/2. */
export function createHttp2Server(
  options: ServerOptions,
  onRequest?: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Http2SecureServer & HasSessions {
  const server = createSecureServer({ allowHTTP1: true }, onRequest)
  return Object.assign(server, behindHttp(server, ['h2', 'http/1.1'], options))
}

function behindHttp(server: NetServer, alpn: NonNullable<Behind['alpn']>, options: ServerOptions): HasSessions {
  const refusals = createRefusalResponder(options.clock ?? systemClock)
  server.once('close', () => refusals.close())
  return behindGate(server, options, {
    alpn,
    onAccepted(socket) {
      markSecure(socket)
      server.emit('secureConnection', socket)
    },
    onRefused: (socket, meeting) => refusals.answer(socket, meeting),
  })
}
