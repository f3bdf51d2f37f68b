// SingleResponse, RFC 6960 §4.2.1: the answer on one certificate.
import { readReason, writeReason } from '../crl/entry.ts'
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { readGeneralizedTime } from '../der/time.ts'
import { writeElement, writeExplicit, writeGeneralizedTime, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { writeExtensions } from '../extension/write.ts'
import type { Mutable } from '../model.ts'
import { readCertIDAt, writeCertID } from './cert-id.ts'
import { readField, readOcspExtensions, SINGLE_RESPONSE_READERS } from './extension.ts'
import type { CertStatus, OcspSingleResponseExtensions, SingleResponse } from './model.ts'

const GOOD = contextTag(0)
const REVOKED = constructedContextTag(1)
const UNKNOWN = contextTag(2)

/** Reads a SingleResponse at the cursor. */
export function readSingleResponseAt(c: DerCursor): SingleResponse {
  const named: Mutable<OcspSingleResponseExtensions> = {}
  const outer = enter(c, TAG.sequence)
  const certID = readCertIDAt(c)
  const certStatus = readCertStatus(c)
  const thisUpdate = readGeneralizedTime(c)
  const nextUpdate = readField(c, 0, (inner) => readGeneralizedTime(inner))
  const singleExtensions = readOcspExtensions(c, 1, SINGLE_RESPONSE_READERS, named)
  leave(c, outer)
  return { certID, certStatus, thisUpdate, ...(nextUpdate && { nextUpdate }), singleExtensions, ...named }
}

function readCertStatus(c: DerCursor): CertStatus {
  const at = c.at
  const tag = peekTag(c)
  switch (tag) {
    case GOOD:
    case UNKNOWN:
      // IMPLICIT NULL.
      if (readContents(c, tag).length > 0) throw new DerError('ERR_DER_NULL', at)
      return { kind: tag === GOOD ? 'good' : 'unknown' }
    case REVOKED: {
      const outer = enter(c, tag)
      const revocationTime = readGeneralizedTime(c)
      const revocationReason = readField(c, 0, readReason)
      leave(c, outer)
      return { kind: 'revoked', revocationTime, ...(revocationReason && { revocationReason }) }
    }
    default:
      throw tag === -1 ? new DerError('ERR_DER_MISSING', at) : new X509Error('ERR_X509_OCSP_CERT_STATUS', at)
  }
}

/** Writes a SingleResponse, from the values. */
export function writeSingleResponse(response: SingleResponse): Uint8Array {
  const { certID, certStatus, thisUpdate, nextUpdate, singleExtensions } = response
  const parts = [writeCertID(certID), writeCertStatus(certStatus), writeGeneralizedTime(thisUpdate)]
  if (nextUpdate !== undefined) parts.push(writeExplicit(0, writeGeneralizedTime(nextUpdate)))
  if (singleExtensions.length > 0) parts.push(writeExplicit(1, writeExtensions(singleExtensions)))
  return writeSequence(...parts)
}

function writeCertStatus(status: CertStatus): Uint8Array {
  if (status.kind !== 'revoked') return writeElement(status.kind === 'good' ? GOOD : UNKNOWN)
  const parts = [writeGeneralizedTime(status.revocationTime)]
  if (status.revocationReason !== undefined) parts.push(writeExplicit(0, writeReason(status.revocationReason)))
  return writeElement(REVOKED, ...parts)
}
