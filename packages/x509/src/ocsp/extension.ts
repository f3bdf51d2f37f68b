// The extensions of OCSP messages, RFC 6960 §4.4 and RFC 9654 §2.1: none of ours is critical, as §4.1.2 asks.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { ENTRY_READERS } from '../crl/entry.ts'
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readInteger, readNull } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { readIa5String } from '../der/text.ts'
import { readGeneralizedTime } from '../der/time.ts'
import {
  writeExplicit,
  writeGeneralizedTime,
  writeIa5String,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../der/write.ts'
import { X509Error } from '../error.ts'
import { readAccessDescriptions, writeAccessDescriptions } from '../extension/points.ts'
import { type ReadExtensionValue, readExtensionsAt } from '../extension/read.ts'
import type { Extension, Mutable, Oid } from '../model.ts'
import { readNameAt } from '../name/read.ts'
import { writeName } from '../name/write.ts'
import { OID } from '../oid.ts'
import type {
  CrlID,
  OcspRequestExtensions,
  OcspResponseExtensions,
  OcspSingleRequestExtensions,
  OcspSingleResponseExtensions,
  PreferredSignatureAlgorithm,
  ServiceLocator,
} from './model.ts'

type Readers<Fields> = ReadonlyMap<Oid, ReadExtensionValue<Fields>>

/** Those of a request, in the place of requestExtensions. */
export const REQUEST_READERS: Readers<OcspRequestExtensions> = new Map(
  Object.entries({
    [OID.nonce]: (c, to) => {
      to.nonce = readNonce(c)
    },
    [OID.acceptableResponses]: (c, to) => {
      to.acceptableResponses = readSequenceOf(c, readOid)
    },
    [OID.preferredSignatureAlgorithms]: (c, to) => {
      to.preferredSignatureAlgorithms = readSequenceOf(c, readPreferredAlgorithm)
    },
  } satisfies Record<Oid, ReadExtensionValue<OcspRequestExtensions>>),
)

/** Those of one question, in the place of singleRequestExtensions. */
export const SINGLE_REQUEST_READERS: Readers<OcspSingleRequestExtensions> = new Map(
  Object.entries({
    [OID.serviceLocator]: (c, to) => {
      to.serviceLocator = readServiceLocator(c)
    },
  } satisfies Record<Oid, ReadExtensionValue<OcspSingleRequestExtensions>>),
)

/** Those of a response, in the place of responseExtensions. */
export const RESPONSE_READERS: Readers<OcspResponseExtensions> = new Map(
  Object.entries({
    [OID.nonce]: (c, to) => {
      to.nonce = readNonce(c)
    },
    [OID.extendedRevoke]: (c, to) => {
      readNull(c)
      to.extendedRevoke = true
    },
  } satisfies Record<Oid, ReadExtensionValue<OcspResponseExtensions>>),
)

/** Those of one answer, in the place of singleExtensions; with those of a CRL entry, RFC 6960 §4.4.5. */
export const SINGLE_RESPONSE_READERS: Readers<OcspSingleResponseExtensions> = new Map<
  Oid,
  ReadExtensionValue<OcspSingleResponseExtensions>
>([
  ...ENTRY_READERS,
  ...Object.entries({
    [OID.crlID]: (c, to) => {
      to.crlID = readCrlID(c)
    },
    [OID.archiveCutoff]: (c, to) => {
      to.archiveCutoff = readGeneralizedTime(c)
    },
    [OID.ocspSignedCertificateTimestamps]: (c, to) => {
      to.ocspSignedCertificateTimestamps = readContents(c, TAG.octetString)
    },
  } satisfies Record<Oid, ReadExtensionValue<OcspSingleResponseExtensions>>),
])

/** Reads Extensions under the EXPLICIT context tag [`number`] where they stand; none otherwise. */
export function readOcspExtensions<Fields>(
  c: DerCursor,
  number: number,
  readers: Readers<Fields>,
  fields: Mutable<Fields>,
): readonly Extension[] {
  return readField(c, number, (inner) => readExtensionsAt(inner, readers, fields)) ?? NONE
}

const NONE: readonly Extension[] = []

/** Reads what stands under the EXPLICIT context tag [`number`], or `undefined` where nothing does. */
export function readField<T>(c: DerCursor, number: number, read: (c: DerCursor) => T): T | undefined {
  const tag = constructedContextTag(number)
  if (peekTag(c) !== tag) return undefined
  const outer = enter(c, tag)
  const value = read(c)
  leave(c, outer)
  return value
}

function readSequenceOf<T>(c: DerCursor, read: (c: DerCursor) => T): T[] {
  const values: T[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) values.push(read(c))
  leave(c, outer)
  return values
}

function readNonce(c: DerCursor): Uint8Array {
  const at = c.at
  const nonce = readContents(c, TAG.octetString)
  if (nonce.length === 0 || nonce.length > 128) throw new X509Error('ERR_X509_OCSP_NONCE', at)
  return nonce
}

/** SMIMECapability, RFC 8551 §2.5.2, has the form of an AlgorithmIdentifier. */
function readPreferredAlgorithm(c: DerCursor): PreferredSignatureAlgorithm {
  const outer = enter(c, TAG.sequence)
  const sigIdentifier = readAlgorithmIdentifierAt(c)
  const value = c.at < c.end ? { sigIdentifier, pubKeyAlgIdentifier: readAlgorithmIdentifierAt(c) } : { sigIdentifier }
  leave(c, outer)
  return value
}

function readServiceLocator(c: DerCursor): ServiceLocator {
  const outer = enter(c, TAG.sequence)
  const issuer = readNameAt(c)
  const value = c.at < c.end ? { issuer, locator: readAccessDescriptions(c) } : { issuer }
  leave(c, outer)
  return value
}

function readCrlID(c: DerCursor): CrlID {
  const id: Mutable<CrlID> = {}
  const outer = enter(c, TAG.sequence)
  const crlUrl = readField(c, 0, (inner) => readIa5String(inner))
  const crlNum = readField(c, 1, (inner) => readInteger(inner, MAX_NUMBER_OCTETS))
  const crlTime = readField(c, 2, (inner) => readGeneralizedTime(inner))
  if (crlUrl !== undefined) id.crlUrl = crlUrl
  if (crlNum !== undefined) id.crlNum = crlNum
  if (crlTime !== undefined) id.crlTime = crlTime
  leave(c, outer)
  return id
}

/** RFC 5280 §5.2.3: a CRL number has at most 20 octets. */
const MAX_NUMBER_OCTETS = 20

/**
 * Writes nonce.
 * @param nonce from a cryptographic generator; a client sends 32 octets at least.
 * @throws {RangeError} when it has not 1 to 128 octets.
 * @see RFC 9654 §2.1
 */
export function nonceExtension(nonce: Uint8Array): Extension {
  if (nonce.length === 0 || nonce.length > 128) throw new RangeError('a nonce has 1 to 128 octets')
  return extension(OID.nonce, writeOctetString(nonce))
}

/** Writes acceptableResponses. @see RFC 6960 §4.4.3 */
export function acceptableResponsesExtension(types: readonly Oid[]): Extension {
  return extension(OID.acceptableResponses, writeSequence(...types.map((type) => writeOid(type))))
}

/** Writes preferredSignatureAlgorithms, the most preferred first. @see RFC 6960 §4.4.7.1 */
export function preferredSignatureAlgorithmsExtension(algorithms: readonly PreferredSignatureAlgorithm[]): Extension {
  const each = algorithms.map(({ sigIdentifier, pubKeyAlgIdentifier }) =>
    pubKeyAlgIdentifier === undefined
      ? writeSequence(writeAlgorithmIdentifier(sigIdentifier))
      : writeSequence(writeAlgorithmIdentifier(sigIdentifier), writeAlgorithmIdentifier(pubKeyAlgIdentifier)),
  )
  return extension(OID.preferredSignatureAlgorithms, writeSequence(...each))
}

/** Writes serviceLocator. @see RFC 6960 §4.4.6 */
export function serviceLocatorExtension({ issuer, locator }: ServiceLocator): Extension {
  const name = writeName(issuer.rdnSequence)
  const value = locator === undefined ? writeSequence(name) : writeSequence(name, writeAccessDescriptions(locator))
  return extension(OID.serviceLocator, value)
}

/** Writes crlID. @see RFC 6960 §4.4.2 */
export function crlIDExtension({ crlUrl, crlNum, crlTime }: CrlID): Extension {
  const parts: Uint8Array[] = []
  if (crlUrl !== undefined) parts.push(writeExplicit(0, writeIa5String(crlUrl)))
  if (crlNum !== undefined) parts.push(writeExplicit(1, writeInteger(crlNum)))
  if (crlTime !== undefined) parts.push(writeExplicit(2, writeGeneralizedTime(crlTime)))
  return extension(OID.crlID, writeSequence(...parts))
}

/** Writes archiveCutoff. @see RFC 6960 §4.4.4 */
export function archiveCutoffExtension(time: Temporal.Instant): Extension {
  return extension(OID.archiveCutoff, writeGeneralizedTime(time))
}

/** Writes extendedRevoke. @see RFC 6960 §4.4.8 */
export function extendedRevokeExtension(): Extension {
  return extension(OID.extendedRevoke, writeNull())
}

/** Writes the SCT list of an OCSP response around its TLS encoding. @see RFC 6962 §3.3 */
export function ocspSignedCertificateTimestampsExtension(list: Uint8Array): Extension {
  return extension(OID.ocspSignedCertificateTimestamps, writeOctetString(list))
}

function extension(extnID: Oid, extnValue: Uint8Array): Extension {
  return { extnID, critical: false, extnValue }
}
