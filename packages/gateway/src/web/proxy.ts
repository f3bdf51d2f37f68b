// One request of a caller that has been met, carried to the upstream and back.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { forwardableHeaders, responseHeaders, responseTrailers } from './headers.ts'
import type { RequestTarget } from './request-target.ts'
import type { Upstream } from './upstream.ts'

/** Why no answer of the upstream can be given. */
export type UpstreamFault = 'ERR_DOOR_UPSTREAM' | 'ERR_DOOR_UPSTREAM_TIMEOUT' | 'ERR_DOOR_REQUEST'

/** One request on its way through the door. */
export interface Passage {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
  readonly upstream: Upstream
  /** Header fields that speak of the proved caller; they replace whatever the caller wrote. */
  readonly identity: readonly string[]
  /** Called instead of an answer, once, where the upstream fails before its own has begun. */
  readonly refuse: (fault: UpstreamFault, cause: Error) => void
}

/** Carries a request to the upstream and its answer back, each at the pace of the slower side. */
export function forward(passage: Passage): void {
  const { request, upstream, refuse } = passage
  const body = hasBody(request)
  const options = {
    ...optionsOf(passage),
    // undici sends any iterable; its type lists fewer.
    body: body ? (bodyOf(request) as unknown as Readable) : null,
  }
  const attempt = (failed: Passage['refuse']) => upstream.dispatcher.dispatch(options, answerTo(passage, failed))
  attempt((fault, cause) => {
    // An upstream may close a kept connection just when it is used again. RFC 9110 §9.2.2: what is safe may be repeated.
    if (!body && SAFE.has(request.method ?? '') && CONNECTION_LOST.has(codeOf(cause))) attempt(refuse)
    else refuse(fault, cause)
  })
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const CONNECTION_LOST: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** What goes to the upstream, but for the body. */
export function optionsOf({ request, target, upstream, identity }: Passage): Omit<Dispatcher.DispatchOptions, 'body'> {
  const headers = forwardableHeaders(request.rawHeaders)
  if (target.host !== undefined) headers.push('Host', target.host)
  // RFC 9110 §7.6.3: a gateway "MUST send an appropriate Via header field in each inbound request message".
  headers.push('Via', `${request.httpVersion} countersign`, ...identity)
  return {
    path: target.path,
    // Node's parser knows the methods; its type does not say so.
    method: request.method ?? 'GET',
    headers,
    headersTimeout: upstream.timeoutMs,
    // A body may pause as long as both sides stay: TCP's own probes find a dead host, and the session can be cut.
    bodyTimeout: 0,
  }
}

/** Interim answers that wait for the caller to read. */
const MAX_INTERIM_OCTETS = 256 * 1024

/** Writes the upstream's answer straight to the caller. `failed` is called instead, once, where none has begun. */
export function answerTo(
  { request, response, upstream }: Passage,
  failed: Passage['refuse'],
): Dispatcher.DispatchHandler {
  let running: Dispatcher.DispatchController | undefined
  // A caller that left, or was cut, takes its request along.
  const onClose = () => {
    if (!response.writableFinished) running?.abort(new Error('the caller left'))
  }
  response.once('close', onClose)
  return {
    onRequestStart(controller) {
      running = controller
      if (response.destroyed || response.closed) controller.abort(new Error('the caller left'))
    },
    onResponseStart(controller, status) {
      const raw = responseHeaders(latin1Of(controller.rawHeaders), status)
      if (upstream.secure && endsByClose(request, status, controller.rawHeaders))
        throw new Error('the upstream ends its answer by closing, which does not prove over TLS that it is whole')
      // undici cannot be paused here, and begins its timeout anew at each.
      if (status < 200 && (response.socket?.writableLength ?? 0) > MAX_INTERIM_OCTETS)
        throw new Error('the upstream sent more interim answers than the caller reads')
      // RFC 9110 §15.2: interim answers go before the final one; a caller of HTTP/1.0 knows none.
      if (status >= 200) response.writeHead(status, raw)
      else if (request.httpVersion !== '1.0') response.writeInformation(status, raw)
      if (status >= 200) response.flushHeaders()
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd(controller) {
      const pairs = responseTrailers(latin1Of(controller.rawTrailers))
      if (pairs.length > 0) response.addTrailers(pairs)
      response.end()
    },
    onResponseError(_controller, error) {
      response.off('close', onClose)
      if (response.destroyed || response.closed) return
      // Half an answer cannot be taken back: the caller must see that it is not whole.
      if (response.headersSent) response.destroy(error)
      else failed(faultOf(error), error)
    },
  }
}

/**
 * Does the end of the connection alone end the body? RFC 9112 §8 then asks for TLS's own end, as anybody on the way can cut
 * TCP; Node does not tell one from the other.
 */
function endsByClose(
  request: IncomingMessage,
  status: number,
  raw: Dispatcher.DispatchController['rawHeaders'],
): boolean {
  if (request.method === 'HEAD' || status < 200 || status === 204 || status === 304) return false
  return !latin1Of(raw).some((name, i) => i % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name))
}

function faultOf(error: Error): UpstreamFault {
  const code = codeOf(error)
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'ERR_DOOR_UPSTREAM_TIMEOUT'
  // What undici will not send, the caller wrote.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return 'ERR_DOOR_REQUEST'
  return 'ERR_DOOR_UPSTREAM'
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}

/** RFC 9112 §6: a request has a body where it announces one. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * The body. Where the upstream wants no more of it, the rest is read and forgotten: the caller's connection stays, and
 * the caller reads the answer.
 */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false })
  } finally {
    request.resume()
  }
}

/** undici gives header octets; Node's own parser takes them for latin1, and so does the caller's. */
export function latin1Of(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : []
}
