// Time-Stamp Protocol, RFC 3161 with RFC 5816: somebody else's word for when octets were there already.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import type { HashName } from '../crypto-step.ts'
import { readAny } from '../der/any.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, readContents, since } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readBooleanDefaultFalse, readInteger, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { readText } from '../der/text.ts'
import {
  writeBoolean,
  writeGeneralizedTime,
  writeInteger,
  writeNamedBits,
  writeOctetString,
  writeOid,
  writeSequence,
  writeUtf8String,
} from '../der/write.ts'
import { CMS_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, Oid } from '../model.ts'
import { digestAlgorithmOf, HASH_OCTETS, hashOf } from '../parameters.ts'
import { CmsError } from './error.ts'

/** Of what the time is said: a hash, and no more. @see RFC 3161 §2.4.1 */
export interface MessageImprint {
  readonly hashAlgorithm: AlgorithmIdentifier
  readonly hashedMessage: Uint8Array
}

/** What is asked of a time-stamping authority. @see RFC 3161 §2.4.1 */
export interface TimeStampReq {
  readonly messageImprint: MessageImprint
  readonly reqPolicy?: Oid
  readonly nonce?: bigint
  readonly certReq: boolean
  /** Whether extensions were asked for, of which we know none. */
  readonly hasExtensions: boolean
}

/** What a time-stamping authority signs. @see RFC 3161 §2.4.2 */
export interface TSTInfo {
  readonly policy: Oid
  readonly messageImprint: MessageImprint
  readonly serialNumber: bigint
  /** With whatever fraction of a second it was written, to a nanosecond. */
  readonly genTime: Temporal.Instant
  /** By how much the clock may differ. Absent: it says nothing. */
  readonly accuracy?: Temporal.Duration
  readonly nonce?: bigint
}

/** "Time-Stamping users MUST be ready to accommodate integers up to 160 bits"; a nonce has no bound, and here this one. */
const MAX_INTEGER_OCTETS = 32
/** A year: a clock that differs by more says nothing. */
const MAX_ACCURACY_SECONDS = 31_536_000
const REQ_EXTENSIONS = constructedContextTag(0)
const MILLIS = contextTag(0)
const MICROS = contextTag(1)

/** The imprint of a digest. */
export function imprintOf(hash: Exclude<HashName, 'SHA-1'>, digest: Uint8Array): MessageImprint {
  return { hashAlgorithm: digestAlgorithmOf(hash), hashedMessage: digest }
}

/** The hash of an imprint: undefined where it is none that counts, or the digest is not as long as its digests are. */
export function hashOfImprint({
  hashAlgorithm,
  hashedMessage,
}: MessageImprint): Exclude<HashName, 'SHA-1'> | undefined {
  const hash = hashOf(hashAlgorithm)
  if (hash === undefined || hash === 'SHA-1' || hashedMessage.length !== HASH_OCTETS[hash]) return undefined
  return hash
}

/** Reads a request. @throws {DerError | CmsError} when it is none. @see RFC 3161 §2.4.1 */
export function readTimeStampReq(der: Uint8Array): TimeStampReq {
  const c = openDer(der, CMS_LIMITS)
  const outer = enter(c, TAG.sequence)
  readVersion(c)
  const messageImprint = readImprintAt(c)
  const reqPolicy = peekTag(c) === TAG.oid ? readOid(c) : undefined
  const nonce = peekTag(c) === TAG.integer ? readInteger(c, MAX_INTEGER_OCTETS) : undefined
  const certReq = readBooleanDefaultFalse(c)
  const hasExtensions = peekTag(c) === REQ_EXTENSIONS
  if (hasExtensions) readAny(c)
  leave(c, outer)
  closeDer(c)
  return {
    messageImprint,
    ...(reqPolicy !== undefined && { reqPolicy }),
    ...(nonce !== undefined && { nonce }),
    certReq,
    hasExtensions,
  }
}

/** Writes a request without extensions, which asks for the certificate too. @see RFC 3161 §2.4.1 */
export function writeTimeStampReq({
  messageImprint,
  nonce,
}: Pick<TimeStampReq, 'messageImprint' | 'nonce'>): Uint8Array {
  return writeSequence(
    writeInteger(1),
    writeImprint(messageImprint),
    ...(nonce === undefined ? [] : [writeInteger(nonce)]),
    writeBoolean(true),
  )
}

/** Reads the content that a token is about. @throws {DerError | CmsError} when it is none. @see RFC 3161 §2.4.2 */
export function readTSTInfo(der: Uint8Array): TSTInfo {
  const c = openDer(der, CMS_LIMITS)
  const outer = enter(c, TAG.sequence)
  readVersion(c)
  const policy = readOid(c)
  const messageImprint = readImprintAt(c)
  const serialNumber = readInteger(c, MAX_INTEGER_OCTETS)
  const genTime = readGenTime(c)
  const accuracy = peekTag(c) === TAG.sequence ? readAccuracy(c) : undefined
  // Ordering, of which nothing follows here.
  readBooleanDefaultFalse(c)
  const nonce = peekTag(c) === TAG.integer ? readInteger(c, MAX_INTEGER_OCTETS) : undefined
  // "a hint"; the signer is known by its certificate. Extensions say nothing that a client is "mandated to understand".
  if (peekTag(c) === constructedContextTag(0)) readAny(c)
  if (peekTag(c) === constructedContextTag(1)) readAny(c)
  leave(c, outer)
  closeDer(c)
  return {
    policy,
    messageImprint,
    serialNumber,
    genTime,
    ...(accuracy && { accuracy }),
    ...(nonce !== undefined && { nonce }),
  }
}

/** Writes what a token is about: the time in whole seconds, which had begun, and therefore an accuracy of one. @see RFC 3161 §2.4.2 */
export function writeTSTInfo(info: Omit<TSTInfo, 'accuracy'>): Uint8Array {
  return writeSequence(
    writeInteger(1),
    writeOid(info.policy),
    writeImprint(info.messageImprint),
    writeInteger(info.serialNumber),
    writeGeneralizedTime(info.genTime),
    writeSequence(writeInteger(1)),
    ...(info.nonce === undefined ? [] : [writeInteger(info.nonce)]),
  )
}

/** The latest time at which a token can have been made. Without an accuracy, and in whole seconds, that one second. */
export function latestOf({ genTime, accuracy }: TSTInfo): Temporal.Instant {
  return genTime.add(accuracy ?? { seconds: 1 })
}

/** Why a request got no token: bits of PKIFailureInfo. @see RFC 3161 §2.4.2 */
export const TIME_STAMP_FAILURES = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  addInfoNotAvailable: 17,
  systemFailure: 25,
} as const
/** One of {@link TIME_STAMP_FAILURES}. */
export type TimeStampFailure = keyof typeof TIME_STAMP_FAILURES

/** What a time-stamping authority answers. @see RFC 3161 §2.4.2 */
export type TimeStampResp =
  /** `token`: a ContentInfo of signed data, whole. */
  { readonly token: Uint8Array } | { readonly failure: TimeStampFailure; readonly text: string }

/** Writes an answer. */
export function writeTimeStampResp(resp: TimeStampResp): Uint8Array {
  if ('token' in resp) return writeSequence(writeSequence(writeInteger(GRANTED)), resp.token)
  const bit = TIME_STAMP_FAILURES[resp.failure]
  return writeSequence(
    writeSequence(writeInteger(REJECTION), writeSequence(writeUtf8String(resp.text)), writeNamedBits(2 ** bit)),
  )
}

const GRANTED = 0
const GRANTED_WITH_MODS = 1
const REJECTION = 2

/**
 * Reads an answer; undefined where it has no token, whatever the reason.
 * @throws {DerError | CmsError} when it is no answer.
 * @see RFC 3161 §2.4.2
 */
export function readTimeStampResp(der: Uint8Array): { readonly token?: Uint8Array; readonly text?: string } {
  const c = openDer(der, CMS_LIMITS)
  const outer = enter(c, TAG.sequence)
  const outerStatus = enter(c, TAG.sequence)
  const status = readUnsigned(c)
  const text = peekTag(c) === TAG.sequence ? readFreeText(c) : undefined
  while (c.at < c.end) readAny(c)
  leave(c, outerStatus)
  const start = c.at
  const isThere = c.at < c.end
  if (isThere) readAny(c)
  const token = isThere ? since(c, start) : undefined
  leave(c, outer)
  closeDer(c)
  // "When the status contains the value zero or one, a TimeStampToken MUST be present", and else "MUST NOT be present".
  if ((status === GRANTED || status === GRANTED_WITH_MODS) !== isThere) throw new CmsError('ERR_CMS_TIME_STAMP')
  return { ...(token && { token }), ...(text !== undefined && { text }) }
}

function readFreeText(c: DerCursor): string {
  const outer = enter(c, TAG.sequence)
  const texts: string[] = []
  while (c.at < c.end) texts.push(readText(c))
  leave(c, outer)
  return texts.join(' ')
}

function readVersion(c: DerCursor): void {
  const at = c.at
  if (readUnsigned(c) !== 1) throw new CmsError('ERR_CMS_TIME_STAMP', at)
}

function readImprintAt(c: DerCursor): MessageImprint {
  const outer = enter(c, TAG.sequence)
  const hashAlgorithm = readAlgorithmIdentifierAt(c)
  const hashedMessage = readContents(c, TAG.octetString)
  leave(c, outer)
  return { hashAlgorithm, hashedMessage }
}

function writeImprint({ hashAlgorithm, hashedMessage }: MessageImprint): Uint8Array {
  return writeSequence(writeAlgorithmIdentifier(hashAlgorithm), writeOctetString(hashedMessage))
}

/** "YYYYMMDDhhmmss[.s...]Z"; fractions "MUST omit all trailing 0's". */
function readGenTime(c: DerCursor): Temporal.Instant {
  const at = c.at
  const text = new TextDecoder('latin1').decode(readContents(c, TAG.generalizedTime))
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)([0-5]\d)(\.\d{0,8}[1-9])?Z$/.exec(text)
  if (parts === null) throw new CmsError('ERR_CMS_TIME_STAMP', at)
  const [, year, month, day, hour, minute, second, fraction = ''] = parts
  try {
    return Temporal.Instant.from(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`)
  } catch (cause) {
    if (cause instanceof RangeError) throw new CmsError('ERR_CMS_TIME_STAMP', at)
    throw cause
  }
}

/** `seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL, micros [1] INTEGER (1..999) OPTIONAL`. */
function readAccuracy(c: DerCursor): Temporal.Duration {
  const outer = enter(c, TAG.sequence)
  const at = c.at
  const seconds = peekTag(c) === TAG.integer ? readUnsigned(c) : 0
  const milliseconds = peekTag(c) === MILLIS ? readUnsigned(c, MILLIS) : 0
  const microseconds = peekTag(c) === MICROS ? readUnsigned(c, MICROS) : 0
  leave(c, outer)
  if (seconds > MAX_ACCURACY_SECONDS || milliseconds > 999 || microseconds > 999)
    throw new CmsError('ERR_CMS_TIME_STAMP', at)
  return Temporal.Duration.from({ seconds, milliseconds, microseconds })
}
