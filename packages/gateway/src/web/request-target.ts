// What a request asks for, and of which host: read strictly, because the upstream reads it again.
import type { IncomingMessage } from 'node:http'

/** What is asked for, and of whom. */
export interface RequestTarget {
  /** Path and query. */
  readonly path: string
  /** Absent where a caller of HTTP/1.0 named none. */
  readonly host?: string
}

// RFC 9110 §7.2, RFC 3986 §3.2.2: an IP literal in brackets or a registered name, and a port.
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?$/
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)$/i

/**
 * Reads the target of a request in origin-form or absolute-form. Undefined where it has another form (the tunnels and
 * server-wide questions of a proxy), or where its host or its framing is missing, doubled or not one: then two readers
 * could differ.
 * @see RFC 9112 §3.2
 */
export function readTarget(request: IncomingMessage): RequestTarget | undefined {
  const { url = '', method, rawHeaders, headers, httpVersion } = request
  // RFC 9112 §2.3: Node's parser takes 0.9 and 2.0 as well, of which neither has a message of this form.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return undefined
  const coding = headers['transfer-encoding']
  // RFC 9112 §6.1: in HTTP/1.0 the framing is faulty; other codings than chunked would have to be decoded here, as the
  // upstream is told nothing of them.
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) return undefined
  // RFC 9110 §10.1.1: there is one expectation that anybody has defined, and others cannot be met.
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') return undefined
  // RFC 9110 §9.3.8: a TRACE would echo what this door adds for the upstream alone.
  if (method === 'CONNECT' || method === 'TRACE') return undefined
  const hosts = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'host')
  const [named] = hosts
  if (hosts.length > 1 || (named === undefined && httpVersion !== '1.0')) return undefined

  const absolute = ABSOLUTE.exec(url)
  if (absolute === null && (!url.startsWith('/') || url.includes('#'))) return undefined
  // RFC 9112 §3.2.2: "the origin server MUST ignore the received Host header field (if any) and instead use the host information of the request-target".
  const host = absolute ? absolute[1] : named
  if (host === undefined) return { path: url }
  if (!HOST.test(host) || (absolute !== null && host === '')) return undefined
  if (absolute === null) return { path: url, host }
  const rest = absolute[2] ?? ''
  return { path: rest.startsWith('/') ? rest : `/${rest}`, host }
}
