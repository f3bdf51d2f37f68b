/** A house with one web door on loopback, for tests of that door: who may come in is alice. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  type OpenDoor,
  type OpenPeople,
  openWebDoor,
  type UpstreamConfig,
  type WebDoorConfig,
} from '@countersign/gateway'
import {
  type Access,
  allowList,
  createSessionIndex,
  createTrust,
  type House,
  type SessionIndex,
  type Trust,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import { chainOf, createIssuer, type Holder, issueLeaf, pemOf } from './pki.ts'

export const root: Holder = createIssuer('Acme Root')
export const issuing: Holder = createIssuer('Acme Issuing 1', root)
const stranger: Holder = createIssuer('Elsewhere Root')

function person(name: string, hours: { from?: number; to?: number } = {}, issuer: Holder = issuing): Holder {
  const names = [{ kind: 'uniformResourceIdentifier', value: `spiffe://acme.example/${name}` }] as const
  return issueLeaf(issuer, name, { names, purpose: 'clientAuth', ...hours })
}

/** Who calls in tests. */
export const CALLERS = {
  alice: person('alice'),
  /** Proved, and not on the list. */
  bob: person('bob'),
  /** Before the door. */
  proxy: person('proxy'),
  late: person('late', { from: -48, to: -24 }),
  foreign: person('alice', {}, stranger),
} as const satisfies Record<string, Holder>

/** The root certificate in PEM, for clients. */
export const ROOT_PEM: string = writePem('CERTIFICATE', root.certificate.der)

const server = issueLeaf(issuing, 'hello.localhost', {
  names: [{ kind: 'dNSName', value: 'hello.localhost' }],
  purpose: 'both',
})

export interface TestDoor extends AsyncDisposable {
  readonly door: OpenDoor<WebDoorConfig>
  readonly house: House
  readonly port: number
  readonly trust: Trust
  readonly sessions: SessionIndex
  readonly records: readonly Meeting[]
  /** Recorded meetings with what went wrong since. */
  readonly amended: readonly Meeting[]
  readonly logs: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
  /** What the access log is told of each request. */
  readonly done: readonly Readonly<Record<string, unknown>>[]
}

interface TestDoorOptions {
  readonly port?: number
  readonly hosts?: readonly string[]
  readonly callers?: WebDoorConfig['callers']
  readonly allow?: readonly string[]
  readonly routes?: WebDoorConfig['routes']
  readonly from?: string
  /** In place of `allow`. */
  readonly access?: Access
  /** People sign in, and the service is told of them as `bank`. */
  readonly people?: OpenPeople
  readonly certificate?: WebDoorConfig['certificate']
}

/** Under which tests call the door beside its own name. */
const OTHER_NAMES = ['127.0.0.1', 'localhost', 'h', 'a', 'real.example']

/** Opens the door before `upstream`, on any free port unless one is asked for. */
export async function openTestDoor(
  upstream: UpstreamConfig | undefined,
  {
    port = 0,
    hosts = [],
    callers,
    allow = ['alice'],
    routes,
    from,
    access = allowList(allow),
    people,
    certificate,
  }: TestDoorOptions = {},
): Promise<TestDoor> {
  const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() })
  const sessions = createSessionIndex('hello')
  const records: Meeting[] = []
  const amended: Meeting[] = []
  const done: Readonly<Record<string, unknown>>[] = []
  const logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const house: House = {
    identity: {
      current: () => ({ certificates: chainOf(server), privateKey: server.privateKey }),
      onChange: () => () => undefined,
    },
    trust,
    access,
    sessions,
    clock: () => Temporal.Now.instant(),
    record: (meeting) => records.push(meeting),
    amend: (meeting) => amended.push(meeting),
    log: (event, fields = {}) => (event === 'request.done' ? done.push(fields) : logs.push({ event, fields })),
  }
  const door = await openWebDoor(
    {
      name: 'hello',
      host: ['hello.localhost', ...OTHER_NAMES, ...hosts],
      ...(callers && { callers }),
      ...(certificate && { certificate }),
      listen: { host: '127.0.0.1', port },
      ...(upstream && { upstream: onlyConfig(upstream) }),
      ...(routes && { routes }),
      ...(from !== undefined && { from }),
      ...(people && { people: {}, assertion: 'bank' }),
    },
    { ...house, ...(people && { people }) },
  )
  return {
    door,
    house,
    port: Number(new URL(door.url).port),
    trust,
    sessions,
    records,
    amended,
    logs,
    done,
    [Symbol.asyncDispose]: () => door.close(),
  }
}

/** Test upstreams have more. */
function onlyConfig(upstream: UpstreamConfig): UpstreamConfig {
  const { url, name, connectSeconds, timeoutSeconds, idleSeconds, maxRequests, maxBodyOctets, health } = upstream
  return {
    url,
    ...(name !== undefined && { name }),
    ...(connectSeconds !== undefined && { connectSeconds }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(idleSeconds !== undefined && { idleSeconds }),
    ...(maxRequests !== undefined && { maxRequests }),
    ...(maxBodyOctets !== undefined && { maxBodyOctets }),
    ...(health && { health }),
  }
}

/** How a client presents itself; nobody where `caller` is absent. */
export function clientOptions(caller?: Holder): ConnectionOptions {
  return { servername: 'hello.localhost', ca: ROOT_PEM, ...(caller && pemOf(caller)) }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: NodeJS.Dict<string>
}

/** One request by Node's own client, on a connection of its own unless `agent` is given. */
export function ask(
  { port }: TestDoor,
  caller: Holder | undefined,
  path: string,
  { body, ...options }: RequestOptions & { readonly body?: string | Buffer; readonly agent?: Agent } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    ...clientOptions(caller),
    ...options,
    headers: { Host: 'hello.localhost', ...options.headers },
  })
  request.on('error', reject)
  request.on('response', (response) => {
    readAll(response).then(
      (text) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          trailers: response.trailers,
        }),
      reject,
    )
  })
  request.end(body)
  return promise
}

/** The whole body as text. */
export async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('latin1')) text += chunk
  return text
}

/** A connection whose octets the test writes itself; `said` is all that came back, after its end. */
export async function dial(
  { port }: TestDoor,
  caller?: Holder,
): Promise<{ readonly socket: TLSSocket; readonly said: Promise<string>; soFar(): string }> {
  const socket = connect({ host: '127.0.0.1', port, ...clientOptions(caller) })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  // How a connection ends is seen in what was said and in `destroyed`.
  socket.on('error', () => socket.destroy())
  const said = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  await Promise.race([said, new Promise((resolve) => socket.once('secureConnect', resolve))])
  return { socket, said, soFar: () => text }
}

/** Sends `octets` (latin1) on a connection of its own and answers all that came back until it closed. */
export async function say(door: TestDoor, caller: Holder | undefined, octets: string): Promise<string> {
  const { socket, said } = await dial(door, caller)
  socket.write(octets, 'latin1')
  return said
}

/** Waits until `fits` holds, for at most two seconds. */
export async function until(fits: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 2_000
  while (!fits()) {
    if (performance.now() > deadline) throw new Error(`not within 2 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
