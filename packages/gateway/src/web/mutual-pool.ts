// Connections to an upstream that proves itself, and believes nothing but our own proof.
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect, type House, MeetingRefusedError, SessionCutError } from '@countersign/mtls'
import { type Dispatcher, Pool } from 'undici'
import { referenceIdentityOf } from '../kind/reference-identity.ts'

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

/** Opens a pool whose every connection is a meeting, which ends when the upstream would be refused now. */
export function openMutualPool(
  { host, port, name: wanted = host, timeoutMs, door }: MutualTarget,
  { identity, trust, clock, record, log }: Pick<House, 'identity' | 'trust' | 'clock' | 'record' | 'log'>,
): { readonly dispatcher: Dispatcher; close(): Promise<void> } {
  const name = referenceIdentityOf(wanted)

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
        if (error instanceof SessionCutError) log('upstream.cut', { door, code: error.code })
      })
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
  return { dispatcher: pool, close: () => pool.destroy() }
}
