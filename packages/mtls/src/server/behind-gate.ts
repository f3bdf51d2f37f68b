// The gate before a server of Node's own: what it serves has been met.
import type { Server } from 'node:net'
import type { Meeting } from '@countersign/protocol'
import { formatName, OID } from '@countersign/x509'
import { IdentityError } from '../identity/error.ts'
import type { AcceptorOptions, Clock, Credential, OwnIdentity, SessionIndex, Tickets, Trust } from '../model.ts'
import { createSessionIndex } from '../sessions/session-index.ts'
import { warn } from '../warn.ts'
import { createAcceptor } from './acceptor.ts'
import { allowList } from './allow-list.ts'

/** Who a server is, and whom it lets in. */
export interface ServerOptions {
  /** With the trust beside it, as `openIdentity` gives it. */
  readonly identity: OwnIdentity & { readonly trust: Trust }
  /** Who may come in: parties, identities in full, or `*` for every party that the trust vouches for. */
  readonly allow: readonly string[]
  /** What records call this place. Default `server`. */
  readonly door?: string
  /** Default: tickets of this server alone. */
  readonly tickets?: Tickets
  readonly clock?: Clock
  /** Each meeting, accepted or refused. */
  readonly record?: (meeting: Meeting) => void
  readonly log?: AcceptorOptions['log']
}

/** What a server behind the gate has beside its own. `close` stops listening; open sessions go on. */
export interface HasSessions {
  readonly sessions: SessionIndex
}

/** What the protocol behind the gate does with a connection. */
export type Behind = Pick<AcceptorOptions, 'alpn' | 'onAccepted' | 'onRefused'>

/**
 * Puts the gate before `server`: it listens as it did, and what arrives meets first.
 * @throws {Error} when identity and key do not make a TLS server; {IdentityError} when its certificate is not for one.
 * @throws {RangeError} when an entry of `allow` is empty.
 */
export function behindGate(server: Server, options: ServerOptions, behind: Behind): HasSessions {
  const { identity, door = 'server', clock = systemClock, tickets, log = warn, record } = options
  checkPurpose(identity.current())
  const sessions = createSessionIndex(door)
  const acceptor = createAcceptor({
    door,
    identity,
    trust: identity.trust,
    access: allowList(options.allow),
    clock,
    sessions,
    log,
    record: (meeting) => record?.(meeting),
    ...behind,
    ...(tickets && { tickets }),
  })
  // Node's own way in, TLS without a judgement or none at all, is closed.
  server.removeAllListeners('connection')
  server.on('connection', (raw) => acceptor.accept(raw))
  server.once('close', () => acceptor.close())
  return { sessions }
}

/** It would start and meet nobody: the fault is told here, and not at each caller. @see RFC 5280 §4.2.1.12 */
function checkPurpose({ certificates: [{ subject, extendedKeyUsage }] }: Credential): void {
  const isForServers = [OID.serverAuth, OID.anyExtendedKeyUsage].some((purpose) => extendedKeyUsage?.includes(purpose))
  if (extendedKeyUsage === undefined || isForServers) return
  throw new IdentityError('ERR_IDENTITY_PURPOSE', formatName(subject))
}

/** The time of the machine. */
export const systemClock: Clock = () => Temporal.Now.instant()
