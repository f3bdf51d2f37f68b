// OCSPResponse and BasicOCSPResponse, RFC 6960 §4.2.
import {
  closeDer,
  type DerCursor,
  enter,
  leave,
  openDer,
  peekTag,
  readContents,
  readHeader,
  since,
} from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { readGeneralizedTime } from '../der/time.ts'
import {
  writeElements,
  writeExplicit,
  writeGeneralizedTime,
  writeInteger,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../der/write.ts'
import { X509Error } from '../error.ts'
import { writeExtensions } from '../extension/write.ts'
import { OCSP_LIMITS } from '../limits.ts'
import type { Mutable } from '../model.ts'
import { readNameAt } from '../name/read.ts'
import { writeName } from '../name/write.ts'
import { OID } from '../oid.ts'
import { RESPONSE_READERS, readField, readOcspExtensions } from './extension.ts'
import type {
  BasicOCSPResponse,
  OCSPResponse,
  OcspErrorStatus,
  OcspResponseExtensions,
  OcspSignature,
  ResponderID,
  ResponseData,
  SingleResponse,
} from './model.ts'
import { readOcspSignatureAt, readOcspVersion, writeOcspSignature } from './signature.ts'
import { readSingleResponseAt, writeSingleResponse } from './single-response.ts'

/** OCSPResponseStatus by its number; 4 is not used. */
const STATUSES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const

/**
 * Reads an OCSP response whole. Octets in it are views of `der`. Nothing in it is true before its signature is checked.
 * @throws {DerError} when it is not DER, or over the limits of OCSP.
 * @throws {X509Error} when it is DER, but not a response of RFC 6960, or not a basic one.
 * @see RFC 6960 §4.2.1
 */
export function readOCSPResponse(der: Uint8Array): OCSPResponse {
  const c = openDer(der, OCSP_LIMITS)
  const outer = enter(c, TAG.sequence)
  const statusAt = c.at
  const responseStatus = STATUSES[readUnsigned(c, TAG.enumerated)]
  if (responseStatus === undefined) throw new X509Error('ERR_X509_OCSP_STATUS', statusAt)
  const bytesAt = c.at
  const basic = readField(c, 0, readResponseBytes)
  leave(c, outer)
  closeDer(c)
  if (responseStatus === 'successful' && basic !== undefined) return { responseStatus, basic }
  if (responseStatus === 'successful' || basic !== undefined)
    throw new X509Error('ERR_X509_OCSP_RESPONSE_BYTES', bytesAt)
  return { responseStatus }
}

function readResponseBytes(c: DerCursor): BasicOCSPResponse {
  const outer = enter(c, TAG.sequence)
  const typeAt = c.at
  if (readOid(c) !== OID['id-pkix-ocsp-basic']) throw new X509Error('ERR_X509_OCSP_RESPONSE_TYPE', typeAt)
  // DER within an OCTET STRING: read in place, so that offsets stay those of the whole input.
  const end = readHeader(c, TAG.octetString)
  const outerString = c.end
  c.end = end
  const basic = readBasicResponseAt(c)
  if (c.at !== end) throw new DerError('ERR_DER_TRAILING', c.at)
  c.end = outerString
  leave(c, outer)
  return basic
}

function readBasicResponseAt(c: DerCursor): BasicOCSPResponse {
  const named: Mutable<OcspResponseExtensions> = {}
  const outer = enter(c, TAG.sequence)
  const start = c.at
  const responseData = readResponseDataAt(c, named)
  const tbsDer = since(c, start)
  const signature = readOcspSignatureAt(c)
  leave(c, outer)
  return { tbsDer, ...responseData, ...named, ...signature }
}

function readResponseDataAt(c: DerCursor, named: Mutable<OcspResponseExtensions>): ResponseData {
  const outer = enter(c, TAG.sequence)
  readOcspVersion(c)
  const responderID = readResponderID(c)
  const producedAt = readGeneralizedTime(c)
  const responses = readResponses(c)
  const responseExtensions = readOcspExtensions(c, 1, RESPONSE_READERS, named)
  leave(c, outer)
  return { responderID, producedAt, responses, responseExtensions }
}

function readResponderID(c: DerCursor): ResponderID {
  const at = c.at
  const tag = peekTag(c)
  if (tag !== constructedContextTag(1) && tag !== constructedContextTag(2))
    throw tag === -1 ? new DerError('ERR_DER_MISSING', at) : new X509Error('ERR_X509_OCSP_RESPONDER_ID', at)
  const outer = enter(c, tag)
  const id: ResponderID =
    tag === constructedContextTag(1)
      ? { kind: 'byName', name: readNameAt(c) }
      : { kind: 'byKey', keyHash: readKeyHash(c) }
  leave(c, outer)
  return id
}

function readKeyHash(c: DerCursor): Uint8Array {
  const at = c.at
  const keyHash = readContents(c, TAG.octetString)
  if (keyHash.length !== 20) throw new X509Error('ERR_X509_OCSP_KEY_HASH', at)
  return keyHash
}

function readResponses(c: DerCursor): SingleResponse[] {
  const at = c.at
  const responses: SingleResponse[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) responses.push(readSingleResponseAt(c))
  leave(c, outer)
  if (responses.length === 0) throw new X509Error('ERR_X509_OCSP_RESPONSES_EMPTY', at)
  return responses
}

/** Writes what the responder signs, from the values. @see RFC 6960 §4.2.1 */
export function writeResponseData(values: ResponseData): Uint8Array {
  const { responderID, producedAt, responses, responseExtensions } = values
  const parts = [
    responderID.kind === 'byName'
      ? writeExplicit(1, writeName(responderID.name.rdnSequence))
      : writeExplicit(2, writeOctetString(responderID.keyHash)),
    writeGeneralizedTime(producedAt),
    writeElements(TAG.sequence, responses.map(writeSingleResponse)),
  ]
  if (responseExtensions.length > 0) parts.push(writeExplicit(1, writeExtensions(responseExtensions)))
  return writeSequence(...parts)
}

/** Writes a successful response around the exact octets that were signed. @see RFC 6960 §4.2.1 */
export function writeOCSPResponse(tbsDer: Uint8Array, signature: OcspSignature): Uint8Array {
  const basic = writeSequence(tbsDer, ...writeOcspSignature(signature))
  const bytes = writeSequence(writeOid(OID['id-pkix-ocsp-basic']), writeOctetString(basic))
  return writeSequence(writeInteger(0, TAG.enumerated), writeExplicit(0, bytes))
}

/** Writes a response that is an error. @see RFC 6960 §4.2.1 */
export function writeOCSPErrorResponse(responseStatus: OcspErrorStatus): Uint8Array {
  return writeSequence(writeInteger(STATUSES.indexOf(responseStatus), TAG.enumerated))
}
