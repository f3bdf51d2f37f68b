// How often one address may begin a sign-in, and how often ask before it has signed in.
import { isIPv6 } from 'node:net'
import { PersonRefusal } from './refusal.ts'

const MINUTE_MS = 60_000
/** Sign-ins of one address: so many at once, and one a second after that. */
const SIGN_INS_PER_MINUTE = 60
/**
 * Calls without a session: each proof is a row, kept so that it counts once. An office behind one address signs in by some
 * eight calls each, and a page that waits asks twenty times a minute.
 */
const CALLS_PER_MINUTE = 1_200
/** Addresses that are remembered; of more, those that were quiet longest are forgotten. About a megabyte. */
const MAX_ADDRESSES = 10_000

/** Whether an address may do so once more. In memory: each process counts its own. */
export interface AddressAllowance {
  /** @throws {PersonRefusal} `ERR_PERSON_TOO_OFTEN` */
  spend(address: string): void
}

const steady = () => performance.now()

/** Of sign-ins. @param milliseconds A clock that never goes back. */
export function createAddressAllowance(milliseconds: () => number = steady): AddressAllowance {
  return createAllowance(SIGN_INS_PER_MINUTE, milliseconds)
}

/** Of calls by whoever has no session. @param milliseconds A clock that never goes back. */
export function createCallAllowance(milliseconds: () => number = steady): AddressAllowance {
  return createAllowance(CALLS_PER_MINUTE, milliseconds)
}

function createAllowance(perMinute: number, milliseconds: () => number): AddressAllowance {
  const seen = new Map<string, { left: number; at: number }>()
  return {
    spend(address) {
      const network = networkOf(address)
      const now = milliseconds()
      const before = seen.get(network) ?? { left: perMinute, at: now }
      const left = Math.min(perMinute, before.left + ((now - before.at) / MINUTE_MS) * perMinute)
      if (left < 1) throw new PersonRefusal('ERR_PERSON_TOO_OFTEN', { retryAfterSeconds: 1 })
      // At the end of the order: the first of a Map is who was quiet longest.
      seen.delete(network)
      seen.set(network, { left: left - 1, at: now })
      const [oldest] = seen.keys()
      if (seen.size > MAX_ADDRESSES && oldest !== undefined) seen.delete(oldest)
    },
  }
}

/** Of IPv6 the first 64 bits: whoever has one address has all of them. @see RFC 6177 §2 */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address.replace(/^::ffff:/i, '')
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - groups.length - last.length }, () => '0')
  return [...groups, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
