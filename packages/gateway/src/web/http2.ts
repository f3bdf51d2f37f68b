// HTTP/2 for callers that have been met: each stream is an exchange for the door to serve, each connection within its budgets.
import { type ServerHttp2Session, serveHttp2 } from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'
import { type Allowed, createAllowance } from './allowance.ts'
import { sendAnswer } from './answer.ts'
import { octetsOf } from './headers.ts'
import { exchangeOf } from './http2-exchange.ts'
import type { HttpService, VersionServer } from './service.ts'

// RFC 9113 §7
const NO_ERROR = 0
const ENHANCE_YOUR_CALM = 11
const NGHTTP2_ERR_FLOODED = -904

// RFC 9113 §6.5.2: "It is recommended that this value be no smaller than 100".
const MAX_STREAMS = 100
// Twice what is taken: what is a little too large is answered with the reason, and not by a reset alone.
const HEAD_FACTOR = 2
// A field each for a browser's cookies (RFC 9113 §8.2.3), and what every request has.
const MAX_FIELDS = 256
// What one stream may send before the upstream takes it: four times the standard, so that distance does not slow uploads.
const WINDOW_OCTETS = 256 * 1024
const CONNECTION_WINDOW_OCTETS = 1024 * 1024

/** Who goes on faster than this is not using the door but trying it. RFC 9113 §10.5 */
const ALLOWED = {
  /** Each makes us answer. gRPC measures the path by pings, some of them in a burst. */
  PING: { burst: 1_000, perSecond: 100 },
  /** Each makes us answer. Clients send one or two. */
  SETTINGS: { burst: 50, perSecond: 1 },
  /**
   * Streams that end without their answer, whoever reset them; a browser that leaves a page resets what it had open.
   * CVE-2023-44487, CVE-2025-8671.
   */
  'unfinished streams': { burst: 300, perSecond: 30 },
} as const satisfies Record<string, Allowed>

const SESSION_OPTIONS = {
  maxHeaderListPairs: MAX_FIELDS,
  // Copies of a field in an answer are the upstream's, as in HTTP/1.
  strictSingleValueFields: false,
} as const

/** Makes the server of HTTP/2; it listens nowhere itself. */
export function createHttp2Server({ serve, refusal, maxHeadOctets, idleTimeoutMs }: HttpService): VersionServer {
  const sessions = new Set<ServerHttp2Session>()
  const settings = {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: HEAD_FACTOR * maxHeadOctets,
    initialWindowSize: WINDOW_OCTETS,
    // RFC 8441 §3: WebSocket need not open a connection of its own.
    enableConnectProtocol: true,
  }
  return {
    adopt(socket, caller) {
      const session = serveHttp2(socket, { ...SESSION_OPTIONS, settings })
      session.setLocalWindowSize(CONNECTION_WINDOW_OCTETS)
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
      const idle = watchIdle(session, idleTimeoutMs)

      const limit = (what: keyof typeof ALLOWED) => {
        const spend = createAllowance(ALLOWED[what])
        return () => {
          if (spend() || session.destroyed) return
          const cause = new Error(`too many: ${what}`)
          refusal(caller, 'ERR_DOOR_FLOOD', cause)
          session.destroy(cause, ENHANCE_YOUR_CALM)
        }
      }
      const onUnfinished = limit('unfinished streams')
      session.on('ping', limit('PING')).on('remoteSettings', limit('SETTINGS'))
      session.on('error', (error) => {
        const code = codeOfSessionError(error)
        if (code) refusal(caller, code, error)
      })
      session.on('stream', (stream, headers, _flags, raw) => {
        idle.open()
        stream.once('close', () => {
          idle.done()
          if (stream.rstCode !== NO_ERROR) onUnfinished()
        })
        // How a stream ended is seen by its close.
        stream.on('error', () => undefined)
        // Reset in the same octets that opened it: the upstream need not hear of it.
        if (stream.closed) return
        const exchange = exchangeOf(stream, headers, raw)
        // With its pseudo-fields, which are the request line of HTTP/1.
        if (octetsOf(raw) > maxHeadOctets)
          return sendAnswer(exchange, refusal(caller, 'ERR_DOOR_LIMIT', undefined, headers.accept))
        if (headers.expect?.toLowerCase() === '100-continue') exchange.inform(100, [])
        serve(exchange, caller)
      })
    },
    endIdle() {
      // RFC 9113 §6.8: GOAWAY names the last stream that was taken; what was on its way behind it is for the caller to ask
      // again elsewhere. Node has no way to say so a round trip ahead.
      for (const session of sessions) session.close()
    },
    close() {
      for (const session of sessions) session.destroy()
    },
  }
}

/** Undefined where nothing is wrong with what the caller sent: it left, or was cut, or its flood has been told. */
function codeOfSessionError(
  error: Error & { readonly code?: unknown; readonly errno?: unknown },
): RefusalCode | undefined {
  const { code, errno } = error
  if (typeof code !== 'string' || !code.startsWith('ERR_HTTP2_')) return undefined
  // What nghttp2 counts itself, and what Node does.
  if (errno === NGHTTP2_ERR_FLOODED || code.startsWith('ERR_HTTP2_TOO_MANY_')) return 'ERR_DOOR_FLOOD'
  return 'ERR_DOOR_REQUEST'
}

/** Ends a connection that has had no stream for a while. Answers what to call when a stream opens, and when it closes. */
function watchIdle(session: ServerHttp2Session, idleTimeoutMs: number): { open(): void; done(): void } {
  const start = () => setTimeout(() => session.close(), idleTimeoutMs)
  let streams = 0
  let idle = start()
  session.once('close', () => clearTimeout(idle))
  return {
    open() {
      streams += 1
      clearTimeout(idle)
    },
    done() {
      streams -= 1
      if (streams === 0 && !session.destroyed) idle = start()
    },
  }
}
