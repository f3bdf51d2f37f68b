// Asks the authority's administration API: over its socket, or over mutual TLS.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import { type Answer, type EventStream, type Exchange, exchangeJson, openEventStream } from '../http-once.ts'
import type { Admin, RemoteAuthority } from './model.ts'
import { problemFailure } from './problem.ts'

/** Every data directory of an authority has it, from its first start on. */
const ROOT_FILE = 'root.pem'

const NO_WHOLE_ANSWER = 'ERR_CLI_NO_ANSWER'
/** How soon one asks again where the connection broke. */
const SOON_MS = 200
/** The same where the act is still being done, and how often. */
const AGAIN_MS = 1_000
const MOST_TIMES = 30

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

/** The authority that runs with this data directory, an absolute path. */
export function openAdminOf(data: string): Admin {
  return localAdmin(data)
}

/** The API over the socket in a data directory; each request has a connection of its own. */
function localAdmin(data: string): Admin {
  const socketPath = join(data, 'admin.sock')
  const way = { socketPath }
  return adminBy(async (use) => {
    try {
      return await use({ host: 'localhost', way })
    } catch (error) {
      throw socketFailure(error, data, socketPath) ?? error
    }
  })
}

function remoteAdmin({ host, connect }: RemoteAuthority): Admin {
  return adminBy(async (use) => {
    const socket = await connect()
    try {
      return await use({ host, way: { createConnection: () => socket } })
    } catch (error) {
      throw unanswered(error, host) ?? error
    }
  })
}

/** Does something over a connection of its own. */
type Over = <T>(use: (way: Pick<Exchange, 'host' | 'way'>) => Promise<T>) => Promise<T>

function adminBy(over: Over): Admin {
  const ask = (method: NonNullable<Exchange['method']>, path: string, more: Pick<Exchange, 'body' | 'headers'> = {}) =>
    over((way) => exchangeJson({ method, path, ...more, ...way }))
  const act = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => {
    // Drawn for this act: whoever knows it could read the answer.
    const headers = { 'idempotency-key': `"${randomUUID()}"` }
    const again = () => ask(method, path, { body, headers })
    let answer = await again().catch(async (error: unknown) => {
      if (!(error instanceof Failure && error.code === NO_WHOLE_ANSWER)) throw error
      await delay(SOON_MS)
      return again().catch((second: unknown) => {
        // It is not there any more: what is to be told is that it had the request.
        throw second instanceof Failure && second.exit === EXIT.unreachable ? error : second
      })
    })
    for (let left = MOST_TIMES; left > 0 && isRunning(answer); left--) {
      await delay(AGAIN_MS)
      answer = await again()
    }
    return answerOf(answer)
  }
  return {
    get: async (path) => answerOf(await ask('GET', path)),
    post: (path, body) => act('POST', path, body),
    patch: (path, body) => act('PATCH', path, body),
    delete: (path) => act('DELETE', path),
    stream: async (path) => streamOf(await over((way) => openEventStream({ path, ...way }))),
  }
}

/** What was asked first is still being done. */
function isRunning({ json }: Answer): boolean {
  return typeof json === 'object' && json !== null && Reflect.get(json, 'code') === 'ERR_ADMIN_KEY_RUNNING'
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
    code: NO_WHOLE_ANSWER,
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
        ? 'the house here joins an authority elsewhere: ask that one, with --authority URL --identity DIR; its own configuration it reads again at SIGHUP'
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
