// A whole authority with its sockets, and callers that meet it: node's own TLS and HTTP, nothing of ours in between.
import { createHmac } from 'node:crypto'
import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import { connect as connectSocket } from 'node:net'
import type { TestContext } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type Authority, type AuthorityOptions, openAuthority } from '@countersign/authority'
import { enrollmentMacInput, parseToken } from '@countersign/protocol'
import { type Certificate, readCertificate, writePem } from '@countersign/x509'
import { tokenId, tokenMacKey } from '../../src/enrollment/token/invite.ts'
import type { FailpointName } from '../../src/failpoints.ts'
import { sha256 } from '../../src/octets.ts'
import { DOMAIN, endAfter, NAME, type TestClock, temporaryDirectory, testClock } from './core.ts'
import { accountsOf, GUESTS, type GuestTables } from './guests.ts'
import { type Key, newKey, requestFor } from './keys.ts'
import { keepingKeys } from './openpgp.ts'

export interface HouseOptions {
  readonly directory?: string
  readonly clock?: TestClock
  readonly port?: number
  readonly store?: string
  readonly rules?: AuthorityOptions['rules']
  readonly reload?: AuthorityOptions['reload']
  readonly custody?: Pick<AuthorityOptions, 'passphrase' | 'issuingKey' | 'algorithm'>
  /** Doors at which people sign in. */
  readonly people?: readonly string[]
  /** Whether OpenPGP keys are kept. */
  readonly openPgp?: true
  readonly keyDirectory?: readonly string[]
  readonly failpoint?: (name: FailpointName) => void
}

export interface House {
  readonly authority: Authority
  readonly directory: string
  readonly clock: TestClock
  readonly events: [string, Readonly<Record<string, unknown>> | undefined][]
}

/** Opens an authority on a free port of loopback; it is closed after the test. Its time is the real one, which TLS peers share. */
export async function openHouse(t: TestContext, options: HouseOptions = {}): Promise<House> {
  const {
    directory = temporaryDirectory(t),
    clock = testClock(Temporal.Now.instant()),
    port = 0,
    store,
    rules,
    reload,
    custody,
    people,
    openPgp,
    keyDirectory,
    failpoint,
  } = options
  const events: House['events'] = []
  const authority: Authority = await openAuthority({
    directory,
    name: NAME,
    domain: DOMAIN,
    organization: 'Acme',
    listen: { host: '127.0.0.1', port },
    clock,
    ...custody,
    ...(store !== undefined && { store }),
    ...(rules && { rules }),
    ...(reload && { reload }),
    ...(people && { parts: [GUESTS], accounts: accountsOf(people, () => authority.part<GuestTables>('guest'), clock) }),
    ...(openPgp && { openPgp: keepingKeys(clock) }),
    ...(keyDirectory && { keyDirectory }),
    log: (event, fields) => void events.push([event, fields]),
    ...(failpoint && { failpoint }),
  })
  endAfter(t, () => authority.close())
  return { authority, directory, clock, events }
}

export interface Answer {
  readonly status: number
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  readonly body: any
  readonly octets: Uint8Array
}

export interface Caller {
  readonly socket: TLSSocket
  readonly exporter: Uint8Array
  ask(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>
}

/** What a party has after its enrollment. */
export interface Held {
  readonly key: Key
  readonly certificates: readonly Certificate[]
}

/** Where an authority is, for callers of this and of other processes. */
export interface Place {
  readonly address: string
  /** PEM of the root. */
  readonly root: string
}

export function placeOf({ address, root }: Authority): Place {
  return { address, root: writePem('CERTIFICATE', root.der) }
}

/** Connects with TLS 1.3, with the certificate in hand where there is one. Rejects when the connection ends before it stands. */
export async function meet(t: TestContext, place: Place, held?: Held): Promise<Caller> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const [host = '', port = ''] = place.address.split(':')
  const socket = connectTls({
    host,
    port: Number(port),
    servername: NAME,
    ca: place.root,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
    ...(held && {
      key: held.key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: held.certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''),
    }),
  })
  t.after(() => socket.destroy())
  socket.once('secureConnect', resolve)
  socket.on('error', reject)
  socket.once('close', () => reject(new Error('closed before it stood')))
  await promise
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  Object.assign(agent, { createConnection: () => socket })
  return {
    socket,
    exporter: Uint8Array.from(socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))),
    ask: (method, path, body, headers) => ask({ agent, host: NAME, method, path, ...(headers && { headers }) }, body),
  }
}

/** Asks through the socket in the data directory. */
export function askLocally(
  directory: string,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask({ socketPath: `${directory}/admin.sock`, agent: false, method, path, headers }, body)
}

async function ask(options: RequestOptions, body?: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const payload = isRaw ? body : JSON.stringify(body)
  const headers = {
    ...(payload !== undefined && { 'content-type': 'application/json' }),
    ...(options.headers as Record<string, string>),
  }
  const outgoing = httpRequest({ ...options, headers }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const octets = Buffer.concat(chunks)
      const type = response.headers['content-type'] ?? ''
      const body: unknown = type.includes('json') ? JSON.parse(octets.toString()) : octets.toString()
      resolve({ status: response.statusCode ?? 0, type, body, octets })
    })
  })
  outgoing.on('error', reject)
  outgoing.end(payload)
  return promise
}

/** The body of an enrollment over `exporter`'s channel. */
export function enrollmentBody(token: string, request: Uint8Array, exporter: Uint8Array): Record<string, string> {
  const { secret } = parseToken(token)
  const mac = createHmac('sha256', tokenMacKey(secret))
    .update(enrollmentMacInput(exporter, sha256(request)))
    .digest()
  return {
    token: tokenId(secret).toBase64({ alphabet: 'base64url', omitPadding: true }),
    request: request.toBase64(),
    mac: Uint8Array.from(mac).toBase64({ alphabet: 'base64url', omitPadding: true }),
  }
}

export function heldOf(key: Key, answer: Answer): Held {
  const certificates: string[] = answer.body.certificates
  return { key, certificates: certificates.map((der) => readCertificate(Uint8Array.fromBase64(der))) }
}

/** Invites `party` and enrolls it, all over the wire. */
export async function enrollParty(
  t: TestContext,
  { authority }: Pick<House, 'authority'>,
  party: string,
  options: { profile?: 'client' | 'server' | 'service' | 'admin' | 'person'; san?: readonly string[] } = {},
): Promise<Held> {
  const invited = await authority.invite({ party, ...options })
  if (!invited.ok) throw new Error(invited.refusal.code)
  const caller = await meet(t, placeOf(authority))
  const key = newKey()
  const answer = await caller.ask('POST', '/enroll', enrollmentBody(invited.token, requestFor(key), caller.exporter))
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  caller.socket.destroy()
  return heldOf(key, answer)
}

/** Sends octets as they are, and answers what came back until the end. */
export async function sendRaw(
  target: { host: string; port: number } | { path: string },
  octets: Uint8Array,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connectSocket(target)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A reset is an end too: what matters is what the authority does next.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  socket.end(octets)
  return promise
}
