// HTTPS to servers of strangers, as the look-up of keys needs it: no party is met there, and none of our anchors could judge them.
// Believed by the roots that this Node has, never at an address in one's own network, nothing followed, nothing kept.
import { type LookupAddress, type LookupOptions, lookup as lookupName } from 'node:dns'
import { type RequestOptions, request } from 'node:https'
import { BlockList, isIP } from 'node:net'
import { Readable } from 'node:stream'

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and what is reserved: nothing of it is a stranger's server. */
const NOT_PUBLIC = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  NOT_PUBLIC.addSubnet(net, prefix)
// Ways around that end at an IPv4 address, and documentation.
for (const [net, prefix] of [
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const)
  NOT_PUBLIC.addSubnet(net, prefix, 'ipv6')
/** RFC 4291 §2.4: what is global unicast now. */
const GLOBAL = new BlockList()
GLOBAL.addSubnet('2000::', 3, 'ipv6')

/** Asks once. Its promise rejects where nobody is there, or nobody whom the roots know. */
export type WebFetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>

/** Where a directory is asked, whatever its name resolves to: that of one's own network, or behind a port that is not 443. */
export interface DirectoryAt {
  readonly host: string
  readonly port: number
}

/** Whether an IP address may be a stranger's server. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !NOT_PUBLIC.check(address)
  return family === 6 && GLOBAL.check(address, 'ipv6') && !NOT_PUBLIC.check(address, 'ipv6')
}

/** Makes the question, as the look-up of keys takes it. */
export function webFetch(at?: DirectoryAt): WebFetch {
  return async (address, { signal }) => {
    const url = new URL(address)
    // An address in digits is looked up by nobody, so that nobody would have judged it.
    if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) throw new TypeError('a mail domain has a name')
    const where: RequestOptions = at
      ? { host: at.host, port: at.port, servername: url.hostname }
      : { host: url.hostname, lookup: lookupPublic }
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const asked = request({
      ...where,
      signal,
      agent: false,
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, accept: 'application/octet-stream' },
    })
    asked.on('error', reject).on('response', (answer) => {
      const { statusCode: status = 500, headers } = answer
      const { location } = headers
      // Of these `Response` takes no body.
      const isEmpty = status < 200 || [204, 205, 304].includes(status)
      if (isEmpty) answer.resume()
      const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>)
      resolve(new Response(body, { status: status < 200 ? 500 : status, headers: location ? { location } : {} }))
    })
    asked.end()
    return promise
  }
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Judges what a name resolves to, and connects to that and nothing else: no second question could be answered otherwise. */
function lookupPublic(name: string, options: LookupOptions, found: Found): void {
  lookupName(name, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, [])
    const fitting = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = fitting
    if (first === undefined) return found(new Error(`${name} is an address of a network that is not public`), [])
    return options.all === true ? found(null, fitting) : found(null, first.address, first.family)
  })
}
