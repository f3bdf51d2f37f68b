// Values as the vector files write them.
import { formatName, type Name } from '@countersign/x509'

const nothing = new Uint8Array()

/** Octets in hexadecimal, serial numbers in decimal, sets as lists, names as RFC 4514 text. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toHex()
  if (typeof value === 'bigint' || value instanceof Temporal.Instant) return value.toString()
  if (value instanceof Set) return [...value]
  if (typeof value !== 'object' || value === null) return value
  // `plain` is only given what our readers gave: a value with this field is a Name.
  if ('rdnSequence' in value) return formatName(value as Name)
  if (Array.isArray(value)) {
    // A relative distinguished name stands as the text of a name of it alone.
    const isRdn = value.some((each) => typeof each === 'object' && 'type' in each)
    return isRdn ? formatName({ der: nothing, rdnSequence: [value] }) : value.map(plain)
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
