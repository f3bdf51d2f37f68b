/** Serial numbers that are revoked, both ends included; 1 to 2^64 - 1. */
export interface SerialRange {
  readonly first: bigint
  readonly last: bigint
}

/** What is revoked of one authority's certificates. */
export interface RevokedSshCertificates {
  /** The authority's public key as octets, which may be of a type or a size that we do not read; absent where all are meant. */
  readonly authority?: Uint8Array
  readonly serials: readonly SerialRange[]
  /** Identifiers: each certificate with one of them. */
  readonly keyIds: readonly string[]
}

/** What a new key revocation list says, in any order. @see PROTOCOL.krl §1 */
export interface NewKeyRevocationList {
  /** Increases with each list. */
  readonly version: bigint
  readonly generatedAt: Temporal.Instant
  readonly comment?: string
  readonly certificates?: readonly RevokedSshCertificates[]
  /** Public keys as octets; a certificate for one of them is revoked, and each that it signed. */
  readonly keys?: readonly Uint8Array[]
  /** Hashes of such keys. */
  readonly sha256?: readonly Uint8Array[]
  readonly sha1?: readonly Uint8Array[]
}

/** Only a reader puts this into a list: whoever looks something up relies on the order. */
export const IN_ORDER: unique symbol = Symbol('in order')

/** A key revocation list that was read; each of its parts is in ascending order, so that it can be searched. */
export interface KeyRevocationList extends Required<NewKeyRevocationList> {
  readonly [IN_ORDER]: true
}

/** What a list may cost its reader. */
export interface KrlLimits {
  readonly maxOctets: number
  /** Keys, hashes, identifiers, and ranges of serial numbers, whatever form they have. */
  readonly maxElements: number
}

/** Room for a million serial numbers without neighbours, which is what random ones are. */
export const KRL_LIMITS: KrlLimits = { maxOctets: 16_777_216, maxElements: 1_000_000 }

/** Types of sections. @see PROTOCOL.krl §1, §2 */
export const SECTION = {
  certificates: 1,
  explicitKey: 2,
  sha1: 3,
  signature: 4,
  sha256: 5,
  extension: 255,
  serialList: 0x20,
  serialRange: 0x21,
  serialBitmap: 0x22,
  keyId: 0x23,
  certificateExtension: 0x39,
} as const

/** "SSHKRL\n\0". */
export const KRL_MAGIC = 0x5353484b524c0a00n

/** OpenSSH reads no larger bitmap (SSHBUF_MAX_BIGNUM). */
export const MAX_BITMAP_BITS = 16_384

/** Serial numbers are of 64 bits. */
export const MAX_SERIAL = 0xffff_ffff_ffff_ffffn

/** Less than 0 where `left` stands before `right`, as numbers of the same length or as octets. */
export function compareOctets(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Each of `values` once, in ascending order. */
export function distinct(values: readonly Uint8Array[]): readonly Uint8Array[] {
  return values
    .toSorted(compareOctets)
    .filter((value, i, all) => i === 0 || compareOctets(all[i - 1] as Uint8Array, value) !== 0)
}
