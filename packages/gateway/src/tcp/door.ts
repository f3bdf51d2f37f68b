// The TCP door: mutual TLS from callers, plain TCP to one service; no octet passes before the gate has accepted.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type AddTrouble,
  createAcceptor,
  createTroubles,
  type House,
  resetSocket,
  type Session,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { Address } from '../kind/address.ts'
import { join } from '../kind/join.ts'
import { openListener } from '../kind/listener.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import { subjectOf } from '../kind/subject.ts'
import { createGreeter, failPostgresql, POSTGRESQL_ALPN, refusePostgresql } from './postgresql.ts'
import { writeProxyHeader } from './proxy-v2.ts'
import { connectTo, type ServiceConnection } from './upstream.ts'

/** What a TCP door is called, what it proves, where it listens and what is behind it. */
export interface TcpDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: Address
  readonly upstream: Address
  /** `v2`: the service is told who calls by a header of the PROXY protocol. */
  readonly proxy?: 'v2'
  /** `postgresql`: callers ask for TLS as PostgreSQL's do. */
  readonly speaks?: 'postgresql'
  /** A session without an octet in either direction ends after these. Absent: it may be silent for ever. */
  readonly idleSeconds?: number
  /** A session ends after these, whatever it does. */
  readonly lifetimeSeconds?: number
}

/** The TCP door among the kinds. */
export const tcpDoor: Opener<TcpDoorConfig> = {
  open: openTcpDoor,
  calls: () => false,
  fixed: ['host', 'listen', 'speaks'],
}

/** Opens a TCP door. @throws the system's error where the address cannot be listened on. */
export async function openTcpDoor(config: TcpDoorConfig, house: House): Promise<OpenDoor<TcpDoorConfig>> {
  const { name, listen, speaks } = config
  let current = config
  const addTrouble = createTroubles(house)
  const acceptor = createAcceptor({
    ...house,
    door: name,
    ...(speaks === 'postgresql' && { alpn: [POSTGRESQL_ALPN] }),
    onAccepted: (socket, meeting, session) =>
      void carry(current, house, { socket, meeting, session, addTrouble }).catch((error: unknown) => {
        // As at the gate: what is our own fault ends this one, and nobody else.
        house.log('gate.fault', { door: name, error })
        void session.cut('ERR_GATE_FAULT')
      }),
    onRefused: (socket, meeting) => {
      if (speaks === 'postgresql') refusePostgresql(socket, meeting, house.clock())
      else socket.destroySoon()
    },
  })
  const accept = (raw: Socket) => acceptor.accept(raw)
  const greeter =
    speaks === 'postgresql'
      ? createGreeter(accept, (cause) => house.log('request.refused', { door: name, code: 'ERR_GATE_NOT_TLS', cause }))
      : undefined
  const door = await openListener({
    name,
    kind: 'tcp',
    scheme: 'tcp',
    listen,
    server: { noDelay: true },
    house,
    onConnection: greeter ? greeter.greet : accept,
    // Whether a session of a foreign protocol is idle, only its two sides know.
    endIdle: () => undefined,
    // Who is in the middle of a handshake has been let in by the listener already.
    isBusy: () => acceptor.pending + (greeter?.pending ?? 0) > 0,
    stop: () => {
      greeter?.close()
      acceptor.close()
    },
    close: async () => undefined,
  })
  const prepare: OpenDoor<TcpDoorConfig>['prepare'] = async (next) => ({
    apply() {
      current = next
    },
    discard: async () => undefined,
  })
  return { ...door, prepare }
}

interface Accepted {
  readonly socket: TLSSocket
  readonly meeting: Meeting
  readonly session: Session
  readonly addTrouble: AddTrouble
}

async function carry(config: TcpDoorConfig, { log }: House, accepted: Accepted): Promise<void> {
  const { socket, meeting, session, addTrouble } = accepted
  const { name, upstream, speaks, proxy, idleSeconds, lifetimeSeconds } = config
  const { reference } = meeting
  // One direction may end before the other; not so within a handshake, where an end is the end.
  socket.allowHalfOpen = true
  const began = performance.now()
  let far: Socket | undefined
  // What happens to the caller before the service has answered ends the connection, and is no fault of ours.
  socket.on('error', () => socket.destroy())
  socket.once('close', () =>
    log('session.done', {
      door: name,
      reference,
      caller: meeting.caller.name,
      seconds: (performance.now() - began) / 1000,
      octetsIn: far?.bytesWritten ?? 0,
      octetsOut: far?.bytesRead ?? 0,
      ...(session.cutBy !== undefined && { code: session.cutBy }),
    }),
  )
  let connected: ServiceConnection
  try {
    connected = await connectTo(upstream)
    far = connected.socket
  } catch (error) {
    log('upstream.failed', { door: name, reference, code: 'ERR_DOOR_UPSTREAM', cause: String(error) })
    addTrouble(meeting, { code: 'ERR_DOOR_UPSTREAM', note: String(error) })
    if (speaks === 'postgresql') return failPostgresql(socket, meeting, 'ERR_DOOR_UPSTREAM')
    void session.cut('ERR_DOOR_UPSTREAM')
    return
  }
  const service = connected.socket
  service.on('error', () => service.destroy())
  if (socket.destroyed) return void service.destroy()
  // A cut reaches the service at once: whatever it still sends has no reader.
  socket.once('close', () => {
    if (session.isCut) resetSocket(service)
  })
  if (proxy === 'v2') service.write(proxyHeaderOf(socket, meeting))
  const end = (code: 'ERR_SESSION_IDLE' | 'ERR_SESSION_LIFETIME') => {
    log('session.ended', { door: name, reference, code })
    addTrouble(meeting, { code })
    void session.cut(code)
  }
  if (idleSeconds !== undefined) socket.setTimeout(idleSeconds * 1000, () => end('ERR_SESSION_IDLE'))
  if (lifetimeSeconds !== undefined) {
    const timer = setTimeout(() => end('ERR_SESSION_LIFETIME'), lifetimeSeconds * 1000)
    socket.once('close', () => clearTimeout(timer))
  }
  join(socket, service, connected.carry)
}

function proxyHeaderOf(socket: TLSSocket, { reference, caller, steps }: Meeting): Uint8Array {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  const asked = steps[0].evidence
  return writeProxyHeader({
    ...(remoteAddress !== undefined &&
      remotePort !== undefined && { from: { address: remoteAddress, port: remotePort } }),
    ...(localAddress !== undefined && localPort !== undefined && { to: { address: localAddress, port: localPort } }),
    ...(asked?.kind === 'clientHello' && asked.serverName !== undefined && { serverName: asked.serverName }),
    reference,
    tls: { version: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().standardName },
    name: subjectOf(caller),
    identities: caller.identities.map(({ kind, value }) => `${kind}:${value}`),
  })
}
