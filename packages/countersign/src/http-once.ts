// One HTTP/1.1 exchange, over a connection that is there already or a socket in the file system.
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

const MAX_ANSWER_OCTETS = 16 << 20
const TIMEOUT_MS = 30_000

/** One request. */
export interface Exchange {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly host: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Default 30,000. */
  readonly timeoutMs?: number
  readonly way: { readonly socketPath: string } | { readonly createConnection: () => Socket }
}

/** The whole answer to it. */
export interface Answer {
  readonly status: number
  /** Undefined where the answer was no JSON. */
  readonly json: unknown
}

/**
 * Asks once, and closes the connection.
 * @throws the connection's error; ETIMEDOUT and EMSGSIZE where the answer takes too long or is too large.
 */
export async function exchangeJson({
  method = 'GET',
  path,
  host,
  body,
  headers = {},
  way,
  timeoutMs = TIMEOUT_MS,
}: Exchange): Promise<Answer> {
  const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request({
    method,
    path,
    headers: {
      ...headers,
      accept: 'application/json',
      host,
      connection: 'close',
      ...(octets && { 'content-type': 'application/json', 'content-length': octets.length }),
    },
    // With any agent, `createConnection` would not be asked.
    ...('createConnection' in way ? {} : { agent: false }),
    ...way,
  })
  outgoing.on('response', resolve)
  outgoing.on('error', reject)
  // As an option it would be for the connection to make, which is there already.
  outgoing.setTimeout(timeoutMs, () => outgoing.destroy(systemError('ETIMEDOUT', 'no answer in time')))
  outgoing.end(octets)
  try {
    const response = await promise
    return { status: response.statusCode ?? 0, json: readJson(await readAll(response)) }
  } finally {
    outgoing.destroy()
  }
}

/** One event: its number, and what it says; the number alone says from where on. */
export interface EventPart {
  readonly id?: string
  readonly data?: string
}

/** A stream of server-sent events that was opened. */
export interface EventStream {
  /** Each as it comes, whole; ends with the connection. @throws the connection's error. */
  readonly parts: AsyncIterable<EventPart>
  close(): void
}

/**
 * Asks for a stream of events. Answers the whole answer where it is none.
 * @see HTML Living Standard §9.2.6
 */
export async function openEventStream({
  path,
  host,
  way,
}: Pick<Exchange, 'path' | 'host' | 'way'>): Promise<EventStream | Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = { accept: 'text/event-stream', host, connection: 'close' }
  const outgoing = request({ path, headers, ...('createConnection' in way ? {} : { agent: false }), ...way })
  outgoing.on('response', resolve)
  outgoing.on('error', reject)
  // The authority says something every 15 seconds.
  outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(systemError('ETIMEDOUT', 'nothing came in time')))
  outgoing.end()
  const response = await promise
  if (response.headers['content-type'] === 'text/event-stream')
    return { parts: partsOf(response), close: () => outgoing.destroy() }
  try {
    return { status: response.statusCode ?? 0, json: readJson(await readAll(response)) }
  } finally {
    outgoing.destroy()
  }
}

/** An entry of the ledger has 64 KiB at most, and as JSON no more than six times that. */
const MAX_LINE_CHARACTERS = 1 << 19

async function* partsOf(response: IncomingMessage): AsyncGenerator<EventPart> {
  let rest = ''
  let part: { id?: string; data?: string } = {}
  for await (const chunk of response.setEncoding('utf8')) {
    rest += chunk
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) throw systemError('EMSGSIZE', 'a line of the answer is too long')
    for (const line of lines) {
      // "If the line is empty: dispatch the event"; what is cut off before that never was.
      if (line === '') {
        yield part
        part = {}
      } else if (line.startsWith('id: ')) part.id = line.slice('id: '.length)
      else if (line.startsWith('data: ')) part.data = line.slice('data: '.length)
    }
  }
}

async function readAll(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    octets += chunk.length
    if (octets > MAX_ANSWER_OCTETS) throw systemError('EMSGSIZE', 'the answer is larger than 16 MiB')
  }
  return Buffer.concat(chunks)
}

function readJson(octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
