// The gate for everything that takes an agent of `node:https`: requests, WebSockets, and the clients built on them.
import { Agent, type AgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import type { OwnIdentity, Trust } from '../model.ts'
import { connect } from './connect.ts'
import { createResumptionStore } from './resumption.ts'

/** Who a client is, with the trust beside it, as `openIdentity` gives it. */
export type ClientIdentity = OwnIdentity & { readonly trust: Trust }

type Opened = (error: Error | null, socket?: Duplex) => void

class MutualAgent extends Agent {
  readonly #identity: ClientIdentity
  readonly #resumption = createResumptionStore()
  constructor(identity: ClientIdentity, options: AgentOptions) {
    super(options)
    this.#identity = identity
  }
  override createConnection(wanted: { readonly host?: string; readonly port?: number | string }, opened: Opened): null {
    const { host = 'localhost', port = HTTPS_PORT } = wanted
    // What must be proved is the address of the request: Node's server name would follow its Host field.
    connect({
      host,
      port: Number(port),
      identity: this.#identity,
      trust: this.#identity.trust,
      alpn: ['http/1.1'],
      resumption: this.#resumption,
    }).then(
      ({ socket }) => opened(null, socket),
      (error: Error) => opened(error),
    )
    return null
  }
}

const HTTPS_PORT = 443

/**
 * Makes an agent whose connections go through the gate: for `node:https`, as the `agent` of a `WebSocket` of `ws`, and
 * wherever else one is taken. Connections are kept for the next request, and sessions resumed. A callee that is refused
 * is the request's error, a {@link MeetingRefusedError}.
 */
export function agentFor(identity: ClientIdentity): Agent {
  return new MutualAgent(identity, { keepAlive: true })
}
