// The one HTTP application of the authority: the same routes over TLS and over the socket in the data directory.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { AuthorityError, InvariantError } from '../error.ts'
import { isPostgresqlFault, isStorageFault, postgresqlError, storeError } from '../store/fault.ts'
import { administrationRoutes } from './administration.ts'
import { enrollmentRoutes } from './enrollment.ts'
import { asksForFeed, openFeed } from './feed.ts'
import { keyDirectoryRoutes } from './key-directory.ts'
import { mailKeyRoutes } from './mail-keys.ts'
import type { Api } from './model.ts'
import { RivalError } from './once.ts'
import { operationOf } from './operations.ts'
import { ownMeetingRoutes } from './own-meetings.ts'
import { problemAnswer } from './problem.ts'
import { publicRoutes } from './public.ts'
import { referenceOf, sendRefusal } from './reply.ts'
import { timeStampRoutes } from './time-stamps.ts'

/** A certification request with an RSA key of 8,192 bits and a hundred names has 8 kB. */
const BODY_LIMIT = 64 * 1024
const MAX_CONNECTION_IDLE_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

export interface Application {
  /** Serves a connection that the gate has accepted, or that came through the socket in the data directory. */
  serve(socket: Socket): void
  /** Ends idle connections now, the others after their request. */
  drain(): void
  /** Whether an answer is still under way. */
  busy(): boolean
  close(): Promise<void>
}

export async function createApplication(api: Api): Promise<Application> {
  const server = createServer({
    shouldUpgradeCallback: asksForFeed,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: MAX_CONNECTION_IDLE_MS,
    connectionsCheckingInterval: 5_000,
  })
  const app = fastify({
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: false,
    clientErrorHandler: answerUnreadable,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => sendFailure(api, error, request, reply),
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => sendFailure(api, error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no such path' }),
  )
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (operationOf(one, url) === undefined) throw new InvariantError(`${one} ${url} is not among the operations`)
  })
  app.addHook('onResponse', async (request, reply) => {
    api.figures.answered(request.routeOptions.url ?? '', request.method, reply.statusCode)
  })
  publicRoutes(app, api)
  enrollmentRoutes(app, api)
  ownMeetingRoutes(app, api)
  mailKeyRoutes(app, api)
  timeStampRoutes(app, api)
  keyDirectoryRoutes(app, api)
  // A scope of its own: its check of the caller must not stand before the other routes.
  app.register((scope, _options, done) => {
    administrationRoutes(scope, api)
    done()
  })
  server.on('upgrade', (request: IncomingMessage, _socket, head) => openFeed(api, request, head))
  await app.ready()
  return applicationOn(server, app)
}

function applicationOn(server: Server, app: FastifyInstance): Application {
  let draining = false
  let underWay = 0
  server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
      // The connection counts as idle from the next turn on.
      if (draining) setImmediate(() => server.closeIdleConnections())
    })
  })
  // Node tracks connections, and so times them out and closes them, only on a server that says it listens.
  server.emit('listening')
  return {
    serve(socket) {
      if (draining) socket.destroy()
      else server.emit('connection', socket)
    },
    drain() {
      draining = true
      server.closeIdleConnections()
    },
    busy: () => underWay > 0,
    async close() {
      draining = true
      server.closeAllConnections()
      // Stops the timer that looks after the connections; that the server never listened is no fault.
      server.close(() => undefined)
      await app.close()
    },
  }
}

/** What the framework or a route threw: what the caller did wrong is told, what we did wrong goes to the log. */
function sendFailure(
  api: Api,
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (status !== undefined && status >= 400 && status < 500)
    return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: error.message.toLowerCase() }, status)
  if (error instanceof RivalError)
    return sendRefusal(request, reply.header('retry-after', 1), { code: 'ERR_ADMIN_KEY_RUNNING' })
  if (error instanceof AuthorityError && error.code.startsWith('ERR_AUTHORITY_KEY_')) {
    api.log('key.failed', {
      url: request.url,
      code: error.code,
      key: error.path,
      error: error.message,
      next: error.next,
    })
    return sendRefusal(request, reply, { code: 'ERR_AUTHORITY_KEY' })
  }
  if (error instanceof AuthorityError || isStorageFault(error) || isPostgresqlFault(error)) {
    const { code, message } = isPostgresqlFault(error) ? postgresqlError('store', error) : storeError('store.db', error)
    api.log('store.failed', { url: request.url, code, error: message, cause: String(error.cause ?? error) })
    return sendRefusal(request, reply, {
      code: code === 'ERR_AUTHORITY_STORE_FULL' ? code : 'ERR_AUTHORITY_STORE',
    })
  }
  api.log('api.failed', { url: request.url, error: String(error), stack: error.stack, cause: String(error.cause) })
  return sendRefusal(request, reply, { code: 'ERR_AUTHORITY_FAULT' })
}

/** What is no HTTP request: answered once where something can still be written, then closed. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = late ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const note = late ? 'the request did not arrive in time' : 'this is not an HTTP/1.1 request'
  socket.end(problemAnswer({ code: 'ERR_ADMIN_REQUEST', note }, referenceOf(socket), status))
}
