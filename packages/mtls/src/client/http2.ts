// HTTP/2 with a callee that has been met.
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import type { Meeting } from '@countersign/protocol'
import type { ConnectOptions } from '../model.ts'
import { connect } from './connect.ts'

/**
 * Meets a callee and speaks HTTP/2 with it.
 * @throws {MeetingRefusedError} where the callee is refused. @throws {TypeError} where it speaks no HTTP/2.
 */
export async function connectHttp2(
  options: ConnectOptions,
): Promise<{ readonly session: ClientHttp2Session; readonly meeting: Meeting }> {
  const { host, port } = options
  const { socket, meeting } = await connect({ ...options, alpn: ['h2'] })
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy()
    throw new TypeError(`${host} does not speak HTTP/2`)
  }
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return { session: connectSession(`https://${authority}:${port}`, { createConnection: () => socket }), meeting }
}
