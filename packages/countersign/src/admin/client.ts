// Asks the authority's administration API: over its socket, or over mutual TLS.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import { type Answer, type EventStream, exchangeJson, openEventStream } from '../http-once.ts'
import type { Admin, RemoteAuthority } from './model.ts'
import { problemFailure } from './problem.ts'

/** Every data directory of an authority has it, from its first start on. */
const ROOT_FILE = 'root.pem'

/** The data directory that the arguments name, absolute. */
export function dataDirectory(given: Arguments, around: Around): string {
  return resolve(around.cwd, given.text('data') ?? 'countersign-data')
}

/** The authority that the arguments name. @throws {Failure} where they contradict each other or nobody answers. */
export async function openAdmin(given: Arguments, around: Around): Promise<Admin> {
  const url = given.text('authority')
  const identity = given.text('identity')
  if (url === undefined && identity === undefined) return localAdmin(dataDirectory(given, around))
  if (url === undefined || identity === undefined || given.text('data') !== undefined)
    throw new Failure(EXIT.usage, 'an authority elsewhere needs --authority and --identity, and no --data', {
      code: 'ERR_CLI_USAGE',
    })
  const { connectAdmin } = await import('./remote.ts')
  return remoteAdmin(await connectAdmin(url, resolve(around.cwd, identity), around))
}

/** The authority of a data directory on this machine, for what concerns this machine. */
export function openLocalAdmin(given: Arguments, around: Around): Admin {
  return localAdmin(dataDirectory(given, around))
}

/** The API over the socket in a data directory; each request has a connection of its own. */
function localAdmin(data: string): Admin {
  const socketPath = join(data, 'admin.sock')
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    try {
      return answerOf(await exchangeJson({ method, path, host: 'localhost', body, way: { socketPath } }))
    } catch (error) {
      throw socketFailure(error, data, socketPath) ?? error
    }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    async stream(path) {
      try {
        return streamOf(await openEventStream({ path, host: 'localhost', way: { socketPath } }))
      } catch (error) {
        throw socketFailure(error, data, socketPath) ?? error
      }
    },
  }
}

function remoteAdmin({ host, connect }: RemoteAuthority): Admin {
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const socket = await connect()
    try {
      return answerOf(await exchangeJson({ method, path, host, body, way: { createConnection: () => socket } }))
    } catch (error) {
      throw unanswered(error, host) ?? error
    }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    async stream(path) {
      const socket = await connect()
      try {
        return streamOf(await openEventStream({ path, host, way: { createConnection: () => socket } }))
      } catch (error) {
        throw unanswered(error, host) ?? error
      }
    },
  }
}

/** What is no stream is why there is none. */
function streamOf(answer: EventStream | Answer): EventStream {
  if ('parts' in answer) return answer
  answerOf(answer)
  throw NO_ANSWER()
}

const NO_ANSWER = () =>
  new Failure(EXIT.unreachable, 'the answer is not JSON', {
    code: 'ERR_CLI_ANSWER',
    next: 'check that an authority of the same version is at that address',
  })

function answerOf({ status, json }: Answer): unknown {
  if (json === undefined) throw NO_ANSWER()
  if (status < 300) return json
  throw problemFailure(json, status)
}

/** It had the request, and ended before its answer was whole. */
function unanswered(error: unknown, where: string): Failure | undefined {
  const code = codeOf(error)
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return undefined
  return new Failure(EXIT.unreachable, `${where} ended the connection before it had answered`, {
    code: 'ERR_CLI_NO_ANSWER',
    next: 'it may have been done or not: see that the authority runs, and look with countersign list',
    cause: error,
  })
}

function socketFailure(error: unknown, data: string, socketPath: string): Failure | undefined {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new Failure(EXIT.unreachable, `no authority runs with the data directory ${data}`, {
      code: 'ERR_CLI_AUTHORITY_DOWN',
      next: isOfJoinedHouse(data)
        ? 'the house here joins an authority elsewhere: ask that one, with --authority URL --identity DIR'
        : `start it with countersign up --data ${data}, or name its data directory with --data`,
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM')
    return new Failure(EXIT.input, `${socketPath} may be used by the owner of the data directory alone`, {
      code: 'ERR_CLI_SOCKET_MODE',
      next: "run this as that user, or use --authority with an administrator's identity",
      cause: error,
    })
  return unanswered(error, socketPath)
}

function isOfJoinedHouse(data: string): boolean {
  return existsSync(data) && !existsSync(join(data, ROOT_FILE))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
