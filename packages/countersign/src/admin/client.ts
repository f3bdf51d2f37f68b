// Asks the authority's administration API: over its socket, or over mutual TLS.
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import { problemFailure } from './problem.ts'
import { isRecord } from './read.ts'

const MAX_ANSWER_OCTETS = 16 << 20
const TIMEOUT_MS = 30_000

/** One conversation with an authority. */
export interface Admin {
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
}

/** Where connections come from: a socket in the file system, or a way to make one. */
export type Way = { readonly socketPath: string } | { readonly connect: () => Promise<Socket>; readonly name: string }

/** The data directory that the arguments name, absolute. */
export function dataDirectory(given: Arguments, around: Around): string {
  return resolve(around.cwd, given.text('data') ?? 'countersign-data')
}

/** The authority that the arguments name. @throws {Failure} where they contradict each other or nobody answers. */
export async function openAdmin(given: Arguments, around: Around): Promise<Admin> {
  return adminOver({ socketPath: join(dataDirectory(given, around), 'admin.sock') })
}

/** The API over one way; each request has a connection of its own. */
export function adminOver(way: Way): Admin {
  return {
    get: (path) => ask(way, 'GET', path),
    post: (path, body) => ask(way, 'POST', path, body),
  }
}

async function ask(way: Way, method: string, path: string, body?: unknown): Promise<unknown> {
  const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const connection = 'connect' in way ? await way.connect() : undefined
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request({
    method,
    path,
    headers: {
      accept: 'application/json',
      host: 'name' in way ? way.name : 'localhost',
      ...(octets && { 'content-type': 'application/json', 'content-length': octets.length }),
    },
    timeout: TIMEOUT_MS,
    agent: false,
    ...('socketPath' in way ? { socketPath: way.socketPath } : { createConnection: () => connection }),
  })
  outgoing.on('response', answered)
  outgoing.on('error', reject)
  outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
  outgoing.end(octets)
  try {
    const response = await promise
    const answer = await readJson(response)
    if ((response.statusCode ?? 0) < 300) return answer
    throw problemFailure(answer, response.statusCode ?? 0)
  } catch (error) {
    throw 'socketPath' in way ? (socketFailure(error, way.socketPath) ?? error) : error
  } finally {
    outgoing.destroy()
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    octets += chunk.length
    if (octets > MAX_ANSWER_OCTETS) throw notAnAnswer('the answer is larger than 16 MiB')
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) throw notAnAnswer('the answer is not JSON', cause)
    throw cause
  }
}

function notAnAnswer(message: string, cause?: unknown): Failure {
  return new Failure(EXIT.unreachable, message, {
    code: 'ERR_CLI_ANSWER',
    next: 'check that an authority of the same version is at that address',
    cause,
  })
}

function socketFailure(error: unknown, socketPath: string): Failure | undefined {
  const code: unknown = isRecord(error) ? error['code'] : undefined
  const data = join(socketPath, '..')
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new Failure(EXIT.unreachable, `no authority runs with the data directory ${data}`, {
      code: 'ERR_CLI_AUTHORITY_DOWN',
      next: `start it with countersign up --data ${data}, or name its data directory with --data`,
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM')
    return new Failure(EXIT.input, `${socketPath} may be used by the owner of the data directory alone`, {
      code: 'ERR_CLI_SOCKET_MODE',
      next: "run this as that user, or use --authority with an administrator's identity",
      cause: error,
    })
  return undefined
}
