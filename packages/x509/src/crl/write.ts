// Writing CRLs, RFC 5280 §5.1: what is to be signed, and the whole.
import { writeAlgorithmIdentifier } from '../algorithm.ts'
import { TAG } from '../der/tag.ts'
import {
  writeElements,
  writeExplicit,
  writeInteger,
  writeOctetBitString,
  writeSequence,
  writeTime,
} from '../der/write.ts'
import { writeExtensions } from '../extension/write.ts'
import type { AlgorithmIdentifier, TbsCertList } from '../model.ts'
import { writeName } from '../name/write.ts'
import { writeRevokedCertificate } from './entry.ts'

/** Writes what the CRL's issuer signs, from the values, in time linear in its entries. @see RFC 5280 §5.1.2 */
export function writeTbsCertList(tbs: TbsCertList): Uint8Array {
  const parts = [writeAlgorithmIdentifier(tbs.signature), writeName(tbs.issuer.rdnSequence), writeTime(tbs.thisUpdate)]
  if (tbs.version === 2) parts.unshift(writeInteger(1))
  if (tbs.nextUpdate !== undefined) parts.push(writeTime(tbs.nextUpdate))
  if (tbs.revokedCertificates.length > 0)
    parts.push(writeElements(TAG.sequence, tbs.revokedCertificates.map(writeRevokedCertificate)))
  if (tbs.crlExtensions.length > 0) parts.push(writeExplicit(0, writeExtensions(tbs.crlExtensions)))
  return writeSequence(...parts)
}

/** Writes a CRL around the exact octets that were signed. @see RFC 5280 §5.1.1 */
export function writeCertificateList(
  tbsDer: Uint8Array,
  signatureAlgorithm: AlgorithmIdentifier,
  signatureValue: Uint8Array,
): Uint8Array {
  return writeSequence(tbsDer, writeAlgorithmIdentifier(signatureAlgorithm), writeOctetBitString(signatureValue))
}
