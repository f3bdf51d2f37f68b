// The shortest way to a mutually authenticated server.
import { createServer as createNetServer, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Meeting } from '@countersign/protocol'
import type { AcceptorOptions, Clock, OwnIdentity, SessionIndex, Tickets, Trust } from '../model.ts'
import { createSessionIndex } from '../sessions/session-index.ts'
import { createAcceptor } from './acceptor.ts'
import { allowList } from './allow-list.ts'
import { type OwnMeeting, ownMeeting } from './meeting-of.ts'
import { warn } from './warn.ts'

/** Who a server is, and whom it lets in. */
export interface ServerOptions {
  /** With the trust beside it, as `openIdentity` gives it. */
  readonly identity: OwnIdentity & { readonly trust: Trust }
  /** Who may come in: parties, identities in full, or `*` for every party that the trust vouches for. */
  readonly allow: readonly string[]
  /** What records call this place. Default `server`. */
  readonly door?: string
  readonly alpn?: readonly string[]
  /** Default: tickets of this server alone. */
  readonly tickets?: Tickets
  readonly clock?: Clock
  /** Each meeting, accepted or refused. */
  readonly record?: (meeting: Meeting) => void
  readonly log?: AcceptorOptions['log']
}

/** A TCP server whose connections have all met. `close` stops listening; open sessions go on. */
export interface MutualServer extends Server {
  readonly sessions: SessionIndex
}

/**
 * Makes a server that both sides can trust: `onMeeting` is called for whom the gate accepted and the list names, with
 * an open socket. Others are refused by a close, as a raw protocol has no words for it; `record` has the reason.
 * What becomes known of a revocation ends open sessions too.
 * @throws {Error} when identity and key do not make a TLS server. @throws {RangeError} when an entry of `allow` is empty.
 */
export function createServer(
  options: ServerOptions,
  onMeeting: (socket: TLSSocket, meeting: OwnMeeting) => void,
): MutualServer {
  const { identity, door = 'server', clock = () => Temporal.Now.instant(), alpn, tickets, log = warn, record } = options
  const { trust } = identity
  const sessions = createSessionIndex(door)
  const acceptor = createAcceptor({
    door,
    identity,
    trust,
    access: allowList(options.allow),
    clock,
    sessions,
    log,
    record: (meeting) => record?.(meeting),
    onAccepted: (socket, meeting) => onMeeting(socket, ownMeeting(meeting)),
    onRefused: (socket) => socket.destroySoon(),
    ...(alpn && { alpn }),
    ...(tickets && { tickets }),
  })
  const server = createNetServer((raw) => acceptor.accept(raw))
  server.once('close', () => acceptor.close())
  return Object.assign(server, { sessions })
}
