import { isIPv6 } from 'node:net'
import type { DoorConfig } from './model.ts'

/** What a door proves to its callers; nothing where nobody calls it. */
export function hostsOf(door: DoorConfig): readonly string[] {
  return 'host' in door ? door.host : []
}

/** The first of them. */
export function hostOf(door: DoorConfig | undefined): string | undefined {
  return door && hostsOf(door)[0]
}

/** Which party a door is to its authority. */
export function doorParty(door: string): string {
  return `door/${door}`
}

/** The address of a door by the name that it proves: whoever calls it by its own finds another name. */
export function asProved(url: string, host: string | undefined): string {
  const { protocol, hostname, port } = new URL(url)
  if (host === undefined || !['127.0.0.1', '[::1]'].includes(hostname)) return url
  return `${protocol}//${isIPv6(host) ? `[${host}]` : host}:${port}`
}
