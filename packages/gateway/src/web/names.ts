// The names of a door: what each asks of its callers, and what a connection made for one of them may be used for.
import { isIPv6 } from 'node:net'
import type { Callers } from '@countersign/mtls'

/** One word for all names, or one for each that differs from what is asked otherwise. */
export type CallersConfig = Callers | Readonly<Record<string, Callers>>

/** The names of one door. */
export interface Names {
  /** For a request that names none. */
  readonly first: string
  /** What is asked of a caller that asks for `serverName`: for none, and for one that is not ours, as for the first. */
  callersOf(serverName: string | undefined): Callers
  /**
   * Whether a connection that was made for `serverName` may carry a request for `host`: only for a name of this door
   * that asks the same of its callers, or what one name demands would be got round by another.
   * @param host As the request says it, with a port or without; absent in HTTP/1.0.
   * @see RFC 9110 §7.4, §15.5.20
   */
  mayCarry(serverName: string | undefined, host: string | undefined): boolean
}

/**
 * @param otherwise What is asked where `callers` says nothing.
 * @throws {TypeError} where `callers` speaks of a name that the door does not have.
 */
export function createNames(
  hosts: readonly [string, ...string[]],
  callers?: CallersConfig,
  otherwise: Callers = 'require',
): Names {
  const [first] = hosts
  const ownOf = (host: string): Callers => (typeof callers === 'string' ? callers : (callers?.[host] ?? otherwise))
  if (typeof callers === 'object')
    for (const name of Object.keys(callers))
      if (!hosts.includes(name))
        throw new TypeError(`callers speaks of ${name}, which is none of the hosts of this door`)
  const table = new Map(hosts.map((host) => [plainHost(host), ownOf(host)]))
  const callersOf = (serverName: string | undefined): Callers =>
    table.get(plainHost(serverName ?? first)) ?? ownOf(first)
  return {
    first,
    callersOf,
    mayCarry: (serverName, host) => host === undefined || table.get(plainHost(host)) === callersOf(serverName),
  }
}

/** Without port, brackets and trailing dot, in lower case: RFC 3986 §6.2.2.1, RFC 1034 §3.1. */
export function plainHost(host: string): string {
  const bracketed = host.startsWith('[') ? /^\[(.*)\](?::\d*)?$/.exec(host)?.[1] : undefined
  const plain =
    bracketed ??
    (host.indexOf(':') !== host.lastIndexOf(':') && isIPv6(host) ? host : host.replace(/:\d*$/, '').replace(/\.$/, ''))
  return plain.toLowerCase()
}
