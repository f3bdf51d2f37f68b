// The gate for `fetch` and pools: what undici calls to open a connection.
import type { Socket } from 'node:net'
import type { ConnectTarget, KnownCallee } from '../model.ts'
import { connect } from './connect.ts'

/** What undici says of the connection that it wants; only the fields that we use. */
export interface WantedConnection {
  readonly hostname: string
  readonly protocol: string
  readonly port: string
}

/** undici's callback: an error, or a connection that is ready. */
export type ConnectedCallback = (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void

/** What holds for all connections of a pool; where they go, undici says. */
export type UndiciConnectorOptions = Omit<ConnectTarget, 'host' | 'port'> & KnownCallee

const HTTPS_PORT = 443

/**
 * Makes the `connect` option of undici's `Agent`, `Pool` or `Client`: each connection goes through the gate. A callee
 * that is refused is the request's error, a {@link MeetingRefusedError}. Plain `http:` is refused.
 */
export function undiciConnector(
  options: UndiciConnectorOptions,
): (wanted: WantedConnection, callback: ConnectedCallback) => void {
  return ({ hostname, protocol, port }, callback) => {
    if (protocol !== 'https:') {
      callback(new TypeError(`no identity can be proved over ${protocol}`), null)
      return
    }
    // What must be proved is the address of the request; undici's server name would follow its Host field.
    connect({ alpn: ['http/1.1'], ...options, host: hostname, port: port === '' ? HTTPS_PORT : Number(port) }).then(
      ({ socket }) => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}
