// OCSPRequest, RFC 6960 §4.1.
import { closeDer, type DerCursor, enter, leave, openDer, since } from '../der/cursor.ts'
import { TAG } from '../der/tag.ts'
import { writeElements, writeExplicit, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { writeExtensions } from '../extension/write.ts'
import { OCSP_LIMITS } from '../limits.ts'
import type { Mutable } from '../model.ts'
import { readGeneralNameAt, writeGeneralName } from '../name/general-name.ts'
import { readCertIDAt, writeCertID } from './cert-id.ts'
import { REQUEST_READERS, readField, readOcspExtensions, SINGLE_REQUEST_READERS } from './extension.ts'
import type {
  OCSPRequest,
  OcspRequestExtensions,
  OcspSignature,
  OcspSingleRequest,
  OcspSingleRequestExtensions,
  TbsRequest,
} from './model.ts'
import { readOcspSignatureAt, readOcspVersion, writeOcspSignature } from './signature.ts'

/**
 * Reads an OCSP request whole, signed or not. Octets in it are views of `der`.
 * @throws {DerError} when it is not DER, or over the limits of OCSP.
 * @throws {X509Error} when it is DER, but not a request of RFC 6960.
 * @see RFC 6960 §4.1
 */
export function readOCSPRequest(der: Uint8Array): OCSPRequest {
  const c = openDer(der, OCSP_LIMITS)
  const outer = enter(c, TAG.sequence)
  const start = c.at
  const named: Mutable<OcspRequestExtensions> = {}
  const tbs = readTbsRequestAt(c, named)
  const tbsDer = since(c, start)
  const optionalSignature = readField(c, 0, readSignature)
  leave(c, outer)
  closeDer(c)
  // §4.1.2: "If the request is signed, the requestor SHALL specify its name".
  if (optionalSignature !== undefined && tbs.requestorName === undefined)
    throw new X509Error('ERR_X509_OCSP_REQUESTOR_ABSENT', start)
  return { der: c.octets, tbsDer, ...tbs, ...named, ...(optionalSignature && { optionalSignature }) }
}

function readTbsRequestAt(c: DerCursor, named: Mutable<OcspRequestExtensions>): TbsRequest {
  const outer = enter(c, TAG.sequence)
  readOcspVersion(c)
  const requestorName = readField(c, 1, (inner) => readGeneralNameAt(inner))
  const requestList = readRequestList(c)
  const requestExtensions = readOcspExtensions(c, 2, REQUEST_READERS, named)
  leave(c, outer)
  return { ...(requestorName && { requestorName }), requestList, requestExtensions }
}

function readRequestList(c: DerCursor): OcspSingleRequest[] {
  const at = c.at
  const requests: OcspSingleRequest[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) requests.push(readSingleRequest(c))
  leave(c, outer)
  if (requests.length === 0) throw new X509Error('ERR_X509_OCSP_REQUESTS_EMPTY', at)
  return requests
}

function readSingleRequest(c: DerCursor): OcspSingleRequest {
  const named: Mutable<OcspSingleRequestExtensions> = {}
  const outer = enter(c, TAG.sequence)
  const reqCert = readCertIDAt(c)
  const singleRequestExtensions = readOcspExtensions(c, 0, SINGLE_REQUEST_READERS, named)
  leave(c, outer)
  return { reqCert, singleRequestExtensions, ...named }
}

function readSignature(c: DerCursor): OcspSignature {
  const outer = enter(c, TAG.sequence)
  const signature = readOcspSignatureAt(c)
  leave(c, outer)
  return signature
}

/** Writes what the requestor may sign, from the values. @see RFC 6960 §4.1.1 */
export function writeTbsRequest({ requestorName, requestList, requestExtensions }: TbsRequest): Uint8Array {
  const parts: Uint8Array[] = []
  if (requestorName !== undefined) parts.push(writeExplicit(1, writeGeneralName(requestorName)))
  parts.push(writeElements(TAG.sequence, requestList.map(writeSingleRequest)))
  if (requestExtensions.length > 0) parts.push(writeExplicit(2, writeExtensions(requestExtensions)))
  return writeSequence(...parts)
}

function writeSingleRequest({ reqCert, singleRequestExtensions }: OcspSingleRequest): Uint8Array {
  const id = writeCertID(reqCert)
  if (singleRequestExtensions.length === 0) return writeSequence(id)
  return writeSequence(id, writeExplicit(0, writeExtensions(singleRequestExtensions)))
}

/** Writes a request around what may have been signed. @see RFC 6960 §4.1.1 */
export function writeOCSPRequest(tbsDer: Uint8Array, optionalSignature?: OcspSignature): Uint8Array {
  if (optionalSignature === undefined) return writeSequence(tbsDer)
  return writeSequence(tbsDer, writeExplicit(0, writeSequence(...writeOcspSignature(optionalSignature))))
}
