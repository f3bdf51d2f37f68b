// `fetch` through the gate, by the undici that Node brings.
import type { ClientIdentity } from './agent.ts'
import { doorRefusal } from './door-refused.ts'
import { createResumptionStore } from './resumption.ts'
import { undiciConnector } from './undici.ts'

/** What `fetch` takes as `dispatcher`. */
export type Dispatcher = NonNullable<RequestInit['dispatcher']>

/** The `Agent` of an undici. */
export type AgentClass<Agent> = new (options: { readonly connect: ReturnType<typeof undiciConnector> }) => Agent

// Where the undici inside Node keeps what `fetch` goes by; versions 8 of the package, too.
const DISPATCHER = Symbol.for('undici.globalDispatcher.2')
const MAX_PROBLEM_OCTETS = 65_536

/**
 * Makes the `dispatcher` of `fetch(url, { dispatcher })`: each connection goes through the gate, is kept, and its
 * sessions are resumed.
 * @param Agent Of the package `undici`, where requests are made by it. Default: Node's own, for Node's own `fetch`.
 */
export function dispatcherFor(identity: ClientIdentity): Dispatcher
export function dispatcherFor<Agent>(identity: ClientIdentity, Agent: AgentClass<Agent>): Agent
export function dispatcherFor(identity: ClientIdentity, Agent: AgentClass<unknown> = ownAgent()): unknown {
  const { trust } = identity
  return new Agent({ connect: undiciConnector({ identity, trust, resumption: createResumptionStore() }) })
}

/**
 * Makes a `fetch` that comes as `identity`. It rejects where a callee does not prove itself: the error's `cause` is a
 * {@link MeetingRefusedError}; and where a door refuses us: the error is a {@link DoorRefusedError}, with the next step and
 * the reference.
 */
export function createFetch(identity: ClientIdentity): typeof fetch {
  const dispatcher = dispatcherFor(identity)
  return async (input, init) => {
    const response = await fetch(input, { ...init, dispatcher })
    const refusal = await refusalIn(response)
    if (refusal) throw refusal
    return response
  }
}

/** What is no refusal of a door stays whole, and unread. */
async function refusalIn(response: Response) {
  const { status, headers } = response
  const isProblem = status >= 400 && headers.get('content-type') === 'application/problem+json'
  // A refusal says how long it is; what does not is the application's.
  const octets = Number(headers.get('content-length') ?? Number.NaN)
  // And it is never compressed: the length would be of other octets than those that are read.
  if (!isProblem || headers.has('content-encoding') || !(octets <= MAX_PROBLEM_OCTETS)) return undefined
  return doorRefusal(status, await response.clone().text())
}

function ownAgent(): AgentClass<Dispatcher> {
  // Node makes it when something of `fetch` is first asked for.
  void globalThis.Response
  const dispatcher: unknown = Reflect.get(globalThis, DISPATCHER)
  const Agent: unknown = dispatcher instanceof Object ? dispatcher.constructor : undefined
  if (typeof Agent !== 'function' || Agent.name !== 'Agent')
    throw new TypeError('another global dispatcher was set: hand in the Agent of its undici')
  // The class of what is there, which is no type that Node exports.
  return Agent as AgentClass<Dispatcher>
}
