// What a request asks for, and of which host: read strictly, because the upstream reads it again.
import { METHODS } from 'node:http'
import type { RequestHead } from './exchange.ts'

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
// RFC 3986 §3.3, §3.4: visible ASCII; a fragment is no part of what is asked for.
const PATH = /^\/[!-"$-~]*$/

// One list for both versions, so that neither reaches what the other could not.
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)

/**
 * Reads the target of a request. Undefined where it has another form than path and query (the tunnels and server-wide
 * questions of a proxy), or where its host or its framing is missing, doubled or not one: then two readers could differ.
 * @see RFC 9112 §3.2, RFC 9113 §8.3.1
 */
export function readTarget(head: RequestHead): RequestTarget | undefined {
  const { method, headers } = head
  // RFC 9110 §10.1.1: there is one expectation that anybody has defined, and others cannot be met.
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') return undefined
  // RFC 9110 §9.3.8: a TRACE would echo what this door adds for the upstream alone.
  if (method === 'TRACE' || !KNOWN_METHODS.has(method)) return undefined
  // RFC 8441 §4: with a protocol, it names a target as any other request does.
  if (method === 'CONNECT' ? head.protocol !== 'websocket' : head.protocol !== undefined) return undefined
  const read = head.version === '2.0' ? readPseudoFields(head) : readRequestLine(head)
  return read && PATH.test(read.path) && (read.host === undefined || HOST.test(read.host)) ? read : undefined
}

function readRequestLine(head: RequestHead): RequestTarget | undefined {
  const { version, target, headers } = head
  // RFC 9112 §2.3: Node's parser takes 0.9 and 2.0 as well, of which neither has a message of this form.
  if (version !== '1.1' && version !== '1.0') return undefined
  const coding = headers['transfer-encoding']
  // RFC 9112 §6.1: in HTTP/1.0 the framing is faulty; other codings than chunked would have to be decoded here, as the
  // upstream is told nothing of them.
  if (coding !== undefined && (version === '1.0' || coding.toLowerCase() !== 'chunked')) return undefined
  const [named, other] = hostsOf(head)
  if (other !== undefined || (named === undefined && version !== '1.0')) return undefined

  const absolute = ABSOLUTE.exec(target)
  if (absolute === null) return { path: target, ...(named !== undefined && { host: named }) }
  // RFC 9112 §3.2.2: "the origin server MUST ignore the received Host header field (if any) and instead use the host information of the request-target".
  const [, host = '', rest = ''] = absolute
  return host === '' ? undefined : { path: rest.startsWith('/') ? rest : `/${rest}`, host }
}

function readPseudoFields(head: RequestHead): RequestTarget | undefined {
  const { scheme, authority, target, headers } = head
  // RFC 9113 §8.2.2: neither has a meaning in HTTP/2; to the upstream they would have one.
  if (headers['transfer-encoding'] !== undefined || headers.connection !== undefined) return undefined
  if (scheme !== 'https') return undefined
  const [named, other] = hostsOf(head)
  const host = authority ?? named
  if (other !== undefined || host === undefined || host === '') return undefined
  // §8.3.1: "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an entity
  // that differs from the entity in the ":authority"".
  if (named !== undefined && normalHost(named) !== normalHost(host)) return undefined
  return { path: target, host }
}

function hostsOf({ fields }: RequestHead): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'host')
}

/** RFC 3986 §6.2.2.1, §6.2.3: case means nothing in a host, and so does the port that `https` has anyway. */
function normalHost(host: string): string {
  return host.toLowerCase().replace(/:(?:443)?$/, '')
}
