// Receipts and what they are made of, between our own parts; what comes in is untrusted until it has been read here.
import type { Cut, Receipt, RevokedSerial } from './feed.ts'
import { type Field, fieldOf, type Json, ShapeError, writeJson } from './json.ts'

/** RFC 5280 §5.3.1, as reasons are written. */
export const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const

/** Writes a receipt. Serial numbers are hexadecimal, two digits for each octet, as lists and people write them. */
export function writeReceipt(receipt: Receipt): Readonly<Record<string, Json>> {
  const { sequence, at, revoked, accounts, cuts, confirmed, unconfirmed } = receipt
  return {
    sequence: sequence.toString(),
    at: at.toString(),
    revoked: revoked.map(({ issuerSpkiSha256, serialNumber, party, at: revokedAt, reason }) => ({
      issuerSpkiSha256,
      serialNumber: hexOf(serialNumber),
      party,
      at: revokedAt.toString(),
      reason,
    })),
    ...(accounts && { accounts }),
    cuts: writeJson(cuts),
    confirmed,
    unconfirmed,
  }
}

/** Reads a receipt as {@link writeReceipt} writes it, from untrusted JSON. @throws {ShapeError} */
export function readReceipt(value: unknown): Receipt {
  const field = fieldOf(value)
  const accounts = field.get('accounts').optional(namesField)
  return {
    sequence: field.get('sequence').integer(),
    at: field.get('at').instant(),
    revoked: field.get('revoked').list(100_000).map(revokedField),
    ...(accounts && { accounts }),
    cuts: field.get('cuts').list(1_000_000).map(cutField),
    confirmed: namesField(field.get('confirmed')),
    unconfirmed: namesField(field.get('unconfirmed')),
  }
}

function namesField(field: Field): readonly string[] {
  return field.list(10_000).map((name) => name.text(256))
}

/** Reads one revoked certificate. @throws {ShapeError} */
export function revokedField(field: Field): RevokedSerial {
  return {
    issuerSpkiSha256: field.get('issuerSpkiSha256').text(64),
    serialNumber: serialField(field.get('serialNumber')),
    party: field.get('party').text(256),
    at: field.get('at').instant(),
    reason: field.get('reason').oneOf(REASONS),
  }
}

/** A serial number as lists and people write it: two digits for each octet. */
export function hexOf(serialNumber: bigint): string {
  const hex = serialNumber.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

/** RFC 5280 §4.1.2.2: at most 20 octets. */
function serialField(field: Field): bigint {
  const hex = field.text(40)
  if (!/^(?:[0-9a-f]{2})+$/.test(hex)) throw new ShapeError(field.path, 'a serial number in hexadecimal')
  return BigInt(`0x${hex}`)
}

/** Reads one cut. @throws {ShapeError} */
export function cutField(field: Field): Cut {
  const party = field.get('party').optional((f) => f.text(256))
  return {
    door: field.get('door').text(256),
    session: field.get('session').text(256),
    reference: field.get('reference').text(32),
    ...(party === undefined ? {} : { party }),
    lastOctetAt: field.get('lastOctetAt').instant(),
  }
}
