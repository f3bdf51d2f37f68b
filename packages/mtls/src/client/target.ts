// Where a client goes, what it calls it, and what the callee must prove.
import { isIP, type LookupFunction } from 'node:net'
import type { ReferenceIdentity } from '@countersign/verify'
import { domainToALabels } from '@countersign/x509'

/** A host and port as the system is asked for them. */
export interface Target {
  /** Without the brackets of an IPv6 literal and without a final dot. */
  readonly host: string
  readonly port: number
  /** Present where the system must not be asked. */
  readonly lookup?: LookupFunction
}

/** Reads `host:port`, IPv6 in brackets. Undefined where it is none. @see RFC 3986 §3.2 */
export function parseAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):([0-9]{1,5})$/.exec(address)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  return host === undefined || port > 65_535 || port === 0 ? undefined : { host, port }
}

/** Resolves nothing yet; says how it shall be done. */
export function targetOf(host: string, port: number): Target {
  const plain = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : inALabels(host.replace(/\.$/, ''))
  return isLocalhost(plain) ? { host: plain, port, lookup: lookupLoopback } : { host: plain, port }
}

/** A name in any script as certificates, SNI and DNS write it; what is no domain name stays, and resolves to nobody. */
function inALabels(host: string): string {
  return /\P{ASCII}/u.test(host) ? (domainToALabels(host) ?? host) : host
}

/** What a callee must prove when nobody says otherwise: the address that was asked for. @see RFC 9525 §6.1 */
export function referenceIdentityOf({ host }: Target): ReferenceIdentity {
  return { kind: isIP(host) === 0 ? 'dNSName' : 'iPAddress', value: host }
}

/** The name for SNI; an address is none. @see RFC 6066 §3 */
export function serverNameOf({ host }: Target, name: ReferenceIdentity | undefined): string | undefined {
  if (name?.kind === 'dNSName') return name.value
  return isIP(host) === 0 ? host : undefined
}

// RFC 6761 §6.3: "Name resolution APIs and libraries SHOULD recognize localhost names as special". Debian's does not.
function isLocalhost(host: string): boolean {
  return /(?:^|\.)localhost$/i.test(host)
}

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

const lookupLoopback: LookupFunction = (_host, { all }, callback) => {
  const [first] = LOOPBACK
  if (all) process.nextTick(callback, null, LOOPBACK)
  else process.nextTick(callback, null, first?.address, first?.family)
}
