// HTTP/2 on a connection that the gate has judged.
import * as http2 from 'node:http2'
import type { TLSSocket } from 'node:tls'

/** A connection in HTTP/2, as Node has it. */
export type ServerHttp2Session = http2.ServerHttp2Session
/** One of its streams: a request and the answer to it. */
export type ServerHttp2Stream = http2.ServerHttp2Stream
/** The fields of a request, pseudo-fields among them. */
export type Http2Fields = http2.IncomingHttpHeaders

/** Speaks HTTP/2 with whom the gate gave to `onAccepted` or `onRefused`, where ALPN chose `h2`. */
export function serveHttp2(socket: TLSSocket, options: http2.ServerSessionOptions): ServerHttp2Session {
  markSecure(socket)
  return http2.performServerHandshake(socket, options)
}

/** Leaves the socket as `tls.Server` does: HTTP/2 on one that has not heard of its own handshake would wait for ever. */
export function markSecure(socket: TLSSocket): void {
  Object.assign(socket, { secureConnecting: false })
}
