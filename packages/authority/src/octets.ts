// Small things about octets that several duties need.
import { createHash, timingSafeEqual } from 'node:crypto'

export function sha256(octets: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(octets).digest())
}

export function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}

/** As {@link sameOctets}, in a time that says nothing of which differ; the length is no secret. */
export function sameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** A serial number as lists and people write it: hexadecimal, two digits for each octet. */
export function serialHex(serialNumber: bigint): string {
  const hex = serialNumber.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

/** The whole second before or at `instant`: certificates and lists know no smaller unit. */
export function wholeSecond(instant: Temporal.Instant): Temporal.Instant {
  return instant.round({ smallestUnit: 'second', roundingMode: 'floor' })
}
