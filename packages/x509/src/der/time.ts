// RFC 5280 §4.1.2.5: the two time types, in the one form of each that certificates and CRLs may have.
import { type DerCursor, octetAt, peekTag, readHeader } from './cursor.ts'
import { DerError } from './error.ts'
import { TAG } from './tag.ts'

/**
 * Reads a Time, from 1950 on, of either type: issuers "MUST always encode" what is before 2050 as UTCTime, and readers
 * "MUST be able to process" both, so that a CRL does not fall silent for the form of its date.
 * @see RFC 5280 §4.1.2.5, §5.1.2.4
 */
export function readTime(c: DerCursor): Temporal.Instant {
  if (peekTag(c) !== TAG.generalizedTime) return readUtcTime(c)
  const at = c.at
  const time = readGeneralizedTime(c)
  if (time.epochMilliseconds < START_OF_1950) throw new DerError('ERR_DER_TIME_TYPE', at)
  return time
}

const START_OF_1950 = -631_152_000_000

/** Reads a UTCTime; two digits of a year mean 1950 to 2049. @see RFC 5280 §4.1.2.5.1 */
export function readUtcTime(c: DerCursor): Temporal.Instant {
  const end = readHeader(c, TAG.utcTime)
  if (end - c.at !== 13) throw new DerError('ERR_DER_TIME', c.at)
  const year = twoDigits(c, c.at)
  return readRest(c, year < 50 ? 2000 + year : 1900 + year, c.at + 2)
}

/** Reads a GeneralizedTime of any year. @see RFC 5280 §4.1.2.5.2 */
export function readGeneralizedTime(c: DerCursor, tag: number = TAG.generalizedTime): Temporal.Instant {
  const end = readHeader(c, tag)
  if (end - c.at !== 15) throw new DerError('ERR_DER_TIME', c.at)
  return readRest(c, 100 * twoDigits(c, c.at) + twoDigits(c, c.at + 2), c.at + 4)
}

/** Reads MMDDHHMMSSZ at `at`. */
function readRest(c: DerCursor, year: number, at: number): Temporal.Instant {
  const month = twoDigits(c, at)
  const day = twoDigits(c, at + 2)
  const hour = twoDigits(c, at + 4)
  const minute = twoDigits(c, at + 6)
  const second = twoDigits(c, at + 8)
  const real = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  // A leap second (60) has no instant of its own, and no issuer may need one.
  if (!real || hour > 23 || minute > 59 || second > 59 || octetAt(c, at + 10) !== 0x5a)
    throw new DerError('ERR_DER_TIME', c.at)
  c.at = at + 11
  const seconds = (daysSinceEpoch(year, month, day) * 24 + hour) * 3600 + minute * 60 + second
  return Temporal.Instant.fromEpochMilliseconds(seconds * 1000)
}

function twoDigits(c: DerCursor, at: number): number {
  const tens = octetAt(c, at) - 0x30
  const ones = octetAt(c, at + 1) - 0x30
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new DerError('ERR_DER_TIME', at)
  return 10 * tens + ones
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days from 1970-01-01 in the Gregorian calendar; the year is counted from March, so that the leap day is its last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}
