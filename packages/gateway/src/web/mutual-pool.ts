// Connections to an upstream that proves itself, and believes nothing but our own proof.
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect, type House, MeetingRefusedError, SessionCutError } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { referenceOf } from '@countersign/verify'
import { type Dispatcher, errors, Pool } from 'undici'

/** An upstream that must prove itself. */
export interface MutualTarget {
  readonly host: string
  readonly port: number
  /** What it must prove where that is not `host`. */
  readonly name: string | undefined
  readonly timeoutMs: number
  /** Label for the records of these meetings. */
  readonly door: string
}

/** Connections that are meetings. */
export interface MutualPool {
  readonly dispatcher: Dispatcher
  /** The meeting with that reference, while its connection is open. */
  metAs(reference: string): Meeting | undefined
  /** The meeting whose connection ended by this error: the upstream may have refused us after its handshake, as TLS 1.3 allows. */
  brokenBy(error: Error): Meeting | undefined
  /** Meets it and leaves, to find out whether it is there and what it should be. */
  reach(): Promise<void>
  close(): Promise<void>
}

/** Opens a pool whose every connection is a meeting, which ends when the upstream would be refused now. */
export function openMutualPool(
  { host, port, name: wanted = host, timeoutMs, door }: MutualTarget,
  { identity, trust, clock, record, log }: Pick<House, 'identity' | 'trust' | 'clock' | 'record' | 'log'>,
): MutualPool {
  const open = new Map<string, Meeting>()
  const broken = new WeakMap<Error, Meeting>()
  const name = referenceOf(wanted)

  const meet = async (): Promise<TLSSocket> => {
    try {
      const { socket, meeting } = await connect({
        host,
        port,
        name,
        identity,
        trust,
        clock,
        door,
        timeoutMs,
        alpn: ['http/1.1'],
      })
      socket.on('error', (error) => {
        broken.set(error, meeting)
        if (error instanceof SessionCutError) log('upstream.cut', { door, code: error.code })
      })
      // By both, as undici knows no more of a connection that was closed than its port.
      const keys = [meeting.reference, portKey(socket.localPort)]
      for (const key of keys) open.set(key, meeting)
      // After undici has told whose requests ended with it.
      socket.once('close', () =>
        setImmediate(() => {
          for (const key of keys) open.delete(key)
        }),
      )
      record(meeting)
      return socket
    } catch (error) {
      // Where nobody answered, there was no meeting.
      if (error instanceof MeetingRefusedError && error.code !== 'ERR_CALLEE_UNREACHABLE') record(error.meeting)
      throw error
    }
  }

  // To undici this is a plain channel: in an https pool, a caller's Host field would choose the server name and, by
  // each change of it, end connections.
  const pool = new Pool(`http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`, {
    connect: (_wanted, callback) => {
      meet().then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      )
    },
  })
  return {
    dispatcher: pool,
    metAs: (reference) => open.get(reference),
    brokenBy: (error) =>
      broken.get(error) ??
      (error instanceof errors.SocketError ? open.get(portKey(error.socket?.localPort)) : undefined),
    reach: async () => void (await meet()).destroy(),
    close: () => pool.destroy(),
  }
}

function portKey(port: number | undefined): string {
  return `port ${port}`
}
