// How often one address may begin a sign-in, how often ask before it has signed in, and how often one account may ask after that.
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
/** Of IPv6 the first 48 bits are one site (RFC 6177 §2), which has as many networks of 64 as it likes: all of them together, by this. */
const NETWORKS_OF_A_SITE = 16
/** Addresses that are remembered; of more, those that were quiet longest are forgotten. About a megabyte. */
const MAX_ADDRESSES = 10_000

/** Whether an address may do so once more. In memory: each process counts its own. */
export interface AddressAllowance {
  /** @throws {PersonRefusal} `ERR_PERSON_TOO_OFTEN` */
  spend(address: string): void
}

/** The same of an account. */
export interface AccountAllowance {
  /** @throws {PersonRefusal} `ERR_PERSON_TOO_OFTEN` */
  spend(account: string): void
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

/** Of proofs by whoever has a session, whatever they are for: by account. @param milliseconds A clock that never goes back. */
export function createAccountAllowance(milliseconds: () => number = steady): AccountAllowance {
  const take = createBuckets(milliseconds)
  return { spend: (account) => take([{ key: account, perMinute: CALLS_PER_MINUTE }]) }
}

function createAllowance(perMinute: number, milliseconds: () => number): AddressAllowance {
  const take = createBuckets(milliseconds)
  return {
    spend(address) {
      const network = networkOf(address)
      const groups = network.split(':')
      const site = { key: `${groups.slice(0, 3).join(':')}::/48`, perMinute: perMinute * NETWORKS_OF_A_SITE }
      take([{ key: network, perMinute }, ...(groups.length === 4 ? [site] : [])])
    },
  }
}

interface Bucket {
  readonly key: string
  readonly perMinute: number
}

/** Takes one out of each, or out of none. */
function createBuckets(milliseconds: () => number): (buckets: readonly Bucket[]) => void {
  const seen = new Map<string, { readonly left: number; readonly at: number }>()
  return (buckets) => {
    const now = milliseconds()
    const filled = buckets.map(({ key, perMinute }) => {
      const { left, at } = seen.get(key) ?? { left: perMinute, at: now }
      return { key, left: Math.min(perMinute, left + ((now - at) / MINUTE_MS) * perMinute) }
    })
    if (filled.some(({ left }) => left < 1)) throw new PersonRefusal('ERR_PERSON_TOO_OFTEN', { retryAfterSeconds: 1 })
    for (const { key, left } of filled) {
      // At the end of the order: the first of a Map is who was quiet longest.
      seen.delete(key)
      seen.set(key, { left: left - 1, at: now })
      const [oldest] = seen.keys()
      if (seen.size > MAX_ADDRESSES && oldest !== undefined) seen.delete(oldest)
    }
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
