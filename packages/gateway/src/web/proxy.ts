// One request of a caller that has been met, carried to the upstream and back.
import type { Readable } from 'node:stream'
import { REFERENCE_FIELD } from '@countersign/mtls'
import type { Dispatcher } from 'undici'
import type { Way } from './balance.ts'
import type { Exchange, RequestHead } from './exchange.ts'
import { forwardableHeaders, octetsOf, responseHeaders, responseTrailers } from './headers.ts'
import type { Crossing } from './person-fields.ts'
import type { RequestTarget } from './request-target.ts'
import type { Upstream } from './upstream.ts'

/** Why no answer of the upstream can be given. */
export type UpstreamFault =
  | 'ERR_DOOR_UPSTREAM'
  | 'ERR_DOOR_UPSTREAM_TIMEOUT'
  | 'ERR_DOOR_REQUEST'
  | 'ERR_DOOR_BODY_LIMIT'

/** One request on its way through the door. */
export interface Passage {
  readonly exchange: Exchange
  readonly target: RequestTarget
  readonly upstream: Upstream
  /** Header fields that speak of the proved caller; they replace whatever the caller wrote. */
  readonly identity: readonly string[]
  /** What goes on of the fields, where it is less than elsewhere. */
  readonly crossing?: Crossing | undefined
  /** Called instead of an answer, once, where the upstream fails before its own has begun. */
  readonly refuse: (fault: UpstreamFault, cause: Error) => void
  /** Called where it fails after that. */
  readonly broke: (fault: UpstreamFault, cause: Error) => void
  /** To be called where the end of the exchange does not show by its stream. */
  readonly over: () => void
}

/** Carries a request to the upstream and its answer back, each at the pace of the slower side. */
export function forward(passage: Passage): void {
  const { exchange, upstream } = passage
  const { hasBody, method } = exchange.head
  const options = {
    ...optionsOf(passage),
    // undici sends any iterable; its type lists fewer.
    body: hasBody ? (bodyOf(exchange, upstream.maxBodyOctets) as unknown as Readable) : null,
  }
  // RFC 9110 §9.2.2: what is safe may be repeated.
  attempt(passage, !hasBody && SAFE.has(method), (way, failed) => {
    way.dispatcher.dispatch(options, answerTo(passage, way, failed))
  })
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const CONNECTION_LOST: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** @param begun Something of the request may have reached the upstream. */
type Failed = (fault: UpstreamFault, cause: Error, begun: boolean) => void

/**
 * Sends a request to one address of the upstream after another, until something of it has been sent.
 * @param mayRepeat It may be sent once more: an upstream may close a kept connection just when it is used again.
 */
export function attempt(
  { upstream, refuse }: Passage,
  mayRepeat: boolean,
  send: (way: Way, failed: Failed) => void,
): void {
  let tried: ReadonlySet<Way> = NONE
  let repeats = mayRepeat ? 1 : 0
  const next = (otherwise: () => void) => {
    const way = upstream.take(tried)
    if (way === undefined) return otherwise()
    send(onceOnly(way), (fault, cause, begun) => {
      const give = () => refuse(fault, cause)
      if (!begun) {
        tried = new Set([...tried, way])
        return next(give)
      }
      if (repeats-- > 0 && CONNECTION_LOST.has(codeOf(cause))) return next(give)
      give()
    })
  }
  next(() => refuse('ERR_DOOR_UPSTREAM', new Error('the upstream has no address')))
}

const NONE: ReadonlySet<Way> = new Set()

/** However many of its ends a request tells of. */
function onceOnly({ dispatcher, release }: Way): Way {
  let isReleased = false
  return {
    dispatcher,
    release(how) {
      if (isReleased) return
      isReleased = true
      release(how)
    },
  }
}

/** What goes to the upstream, but for the body. */
export function optionsOf({
  exchange,
  target,
  upstream,
  identity,
  crossing,
}: Passage): Omit<Dispatcher.DispatchOptions, 'body'> {
  const { fields, version, method } = exchange.head
  const kept = forwardableHeaders(fields)
  const headers = crossing?.request(kept) ?? kept
  if (target.host !== undefined) headers.push('Host', target.host)
  // RFC 9110 §7.6.3: a gateway "MUST send an appropriate Via header field in each inbound request message".
  headers.push('Via', `${version} countersign`, ...identity)
  return {
    path: target.path,
    method,
    headers,
    headersTimeout: upstream.timeoutMs,
    // Where nothing is said, a body may pause as long as both sides stay: TCP's own probes find a dead host, and the session
    // can be cut. A caller that does not read makes no upstream silent.
    bodyTimeout: upstream.idleMs,
  }
}

const REFUSED_AS = REFERENCE_FIELD.toLowerCase()

/** The upstream has met this door, and does not let it in. */
export class UpstreamRefusedError extends Error {
  override readonly name = 'UpstreamRefusedError'
  /** Of the meeting, as the upstream knows it too. */
  readonly reference: string
  constructor(message: string, reference: string) {
    super(message)
    this.reference = reference
  }
}

/** Of the heads of all interim answers to one request: the caller need not read them. */
const MAX_INTERIM_OCTETS = 256 * 1024

/** Writes the upstream's answer straight to the caller, and releases `way`. `failed` is called instead, once, where none has begun. */
export function answerTo(
  { exchange, upstream, broke, crossing }: Passage,
  way: Way,
  failed: Failed,
): Dispatcher.DispatchHandler {
  const { out, head } = exchange
  let running: Dispatcher.DispatchController | undefined
  let interimOctets = 0
  // A caller that left, or was cut, takes its request along. Whether `out` finished does not tell: HTTP/2 finishes what it resets.
  const onClose = () => running?.abort(new Error('the caller left'))
  out.once('close', onClose)
  return {
    onRequestStart(controller) {
      running = controller
      if (isOver(exchange)) controller.abort(new Error('the caller left'))
    },
    onResponseStart(controller, status, { [REFUSED_AS]: refusedAs }) {
      // A gate behind this one: what it says is said to this door, and none of the caller's business.
      if (typeof refusedAs === 'string' && upstream.metAs(refusedAs))
        throw new UpstreamRefusedError(`the upstream refused this door by ${status}`, refusedAs)
      const kept = responseHeaders(latin1Of(controller.rawHeaders), status)
      const raw = crossing?.response(kept) ?? kept
      if (upstream.secure && endsByClose(head, status, controller.rawHeaders))
        throw new Error('the upstream ends its answer by closing, which does not prove over TLS that it is whole')
      // undici cannot be paused here, and begins its timeout anew at each.
      if (status < 200) interimOctets += octetsOf(raw)
      if (interimOctets > MAX_INTERIM_OCTETS) throw new Error('the upstream sends interim answers without end')
      // RFC 9110 §15.2: interim answers go before the final one.
      if (status >= 200) exchange.begin(status, raw)
      else exchange.inform(status, raw)
    },
    onRequestUpgrade() {
      out.off('close', onClose)
    },
    onResponseData(controller, chunk) {
      exchange.tally.octetsOut += chunk.length
      if (out.write(chunk)) return
      controller.pause()
      out.once('drain', () => controller.resume())
    },
    onResponseEnd(controller) {
      out.off('close', onClose)
      way.release('reached')
      exchange.end(responseTrailers(latin1Of(controller.rawTrailers)))
    },
    onResponseError(_controller, error) {
      out.off('close', onClose)
      const fault = faultOf(error)
      const begun = running !== undefined || fault === 'ERR_DOOR_REQUEST'
      if (running) way.release('reached')
      else way.release(begun ? 'not asked' : error)
      if (isOver(exchange)) return
      // Half an answer cannot be taken back: the caller must see that it is not whole.
      if (exchange.begun) {
        broke(fault, error)
        out.destroy(error)
      } else failed(fault, error, begun)
    },
  }
}

/** The caller left, or has had its answer. */
export function isOver({ out }: Exchange): boolean {
  return out.destroyed || out.closed
}

/**
 * Does the end of the connection alone end the body? RFC 9112 §8 then asks for TLS's own end, as anybody on the way can cut
 * TCP; Node does not tell one from the other.
 */
function endsByClose(
  { method }: RequestHead,
  status: number,
  raw: Dispatcher.DispatchController['rawHeaders'],
): boolean {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return false
  return !latin1Of(raw).some((name, i) => i % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name))
}

/** The caller sends more than is carried. */
class BodyLimitError extends Error {
  override readonly name = 'BodyLimitError'
}

const UPSTREAM_TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  // The handshake of a meeting with it.
  'ERR_GATE_TIMEOUT',
])

function faultOf(error: Error): UpstreamFault {
  if (error instanceof BodyLimitError) return 'ERR_DOOR_BODY_LIMIT'
  const code = codeOf(error)
  if (UPSTREAM_TIMEOUTS.has(code)) return 'ERR_DOOR_UPSTREAM_TIMEOUT'
  // What undici will not send, the caller wrote.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return 'ERR_DOOR_REQUEST'
  return 'ERR_DOOR_UPSTREAM'
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}

/**
 * The body. Where the upstream wants no more of it, the rest is read and forgotten: the caller's connection stays, and
 * the caller reads the answer.
 */
async function* bodyOf(exchange: Exchange, maxOctets: number): AsyncGenerator<Buffer> {
  const { body, tally } = exchange
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      tally.octetsIn += chunk.length
      if (tally.octetsIn > maxOctets) throw new BodyLimitError(`the body is longer than ${maxOctets} octets`)
      yield chunk
    }
    // A stream of HTTP/2 that the caller resets without an error ends like one that is whole: the upstream must not take it so.
    if (!exchange.isWhole) throw new Error('the body of the request is not whole')
  } finally {
    body.resume()
  }
}

/** undici gives header octets; Node's own parser takes them for latin1, and so does the caller's. */
export function latin1Of(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : []
}
