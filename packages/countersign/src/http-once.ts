// One HTTP/1.1 exchange, over a connection that is there already or a socket in the file system.
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

const MAX_ANSWER_OCTETS = 16 << 20
const TIMEOUT_MS = 30_000

/** One request. */
export interface Exchange {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly host: string
  /** Sent as JSON. */
  readonly body?: unknown
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
  way,
  timeoutMs = TIMEOUT_MS,
}: Exchange): Promise<Answer> {
  const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request({
    method,
    path,
    headers: {
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
