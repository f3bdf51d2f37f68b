// The shortest way to a mutually authenticated server.
import { createServer as createNetServer, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { behindGate, type HasSessions, type ServerOptions } from './behind-gate.ts'
import { type OwnMeeting, ownMeeting } from './meeting-of.ts'

/** A TCP server whose connections have all met. */
export type MutualServer = Server & HasSessions

/**
 * Makes a server that both sides can trust: `onMeeting` is called for whom the gate accepted and the list names, with
 * an open socket. Others are refused by a close, as a raw protocol has no words for it; `record` has the reason.
 * What becomes known of a revocation ends open sessions too.
 * @throws {Error} when identity and key do not make a TLS server. @throws {RangeError} when an entry of `allow` is empty.
 */
export function createServer(
  options: ServerOptions & { readonly alpn?: readonly string[] },
  onMeeting: (socket: TLSSocket, meeting: OwnMeeting) => void,
): MutualServer {
  const { alpn } = options
  const server = createNetServer()
  const { sessions } = behindGate(server, options, {
    ...(alpn && { alpn }),
    onAccepted: (socket, meeting) => onMeeting(socket, ownMeeting(meeting)),
    onRefused: (socket) => socket.destroySoon(),
  })
  return Object.assign(server, { sessions })
}
