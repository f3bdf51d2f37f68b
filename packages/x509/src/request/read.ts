// CertificationRequest (PKCS#10), RFC 2986 §4, and its extension request, RFC 2985 §5.4.2.
import { readAlgorithmIdentifierAt } from '../algorithm.ts'
import { closeDer, type DerCursor, enter, leave, openDer, reopen, since } from '../der/cursor.ts'
import { readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { X509Error } from '../error.ts'
import { readAttributesAt } from '../extension/attribute.ts'
import { CERTIFICATE_EXTENSION_READERS, readExtensionsAt } from '../extension/read.ts'
import { readSubjectPublicKeyInfoAt } from '../key/spki.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { Attribute, CertificateExtensions, CertificationRequest, Extension, Mutable } from '../model.ts'
import { readNameAt } from '../name/read.ts'
import { OID } from '../oid.ts'

/**
 * Reads a certification request whole, with the extensions that it asks for. Octets in it are views of `der`.
 * @throws {DerError} when it is not DER, or over the limits of a request.
 * @throws {X509Error} when it is DER, but not a request of RFC 2986.
 * @see RFC 2986 §4
 */
export function readCertificationRequest(der: Uint8Array): CertificationRequest {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const outer = enter(c, TAG.sequence)
  const start = c.at
  const info = readInfoAt(c)
  const certificationRequestInfoDer = since(c, start)
  const signatureAlgorithm = readAlgorithmIdentifierAt(c)
  const signatureValue = readOctetBitString(c)
  leave(c, outer)
  closeDer(c)
  return { der: c.octets, certificationRequestInfoDer, ...info, signatureAlgorithm, signatureValue }
}

function readInfoAt(c: DerCursor) {
  const outer = enter(c, TAG.sequence)
  const versionAt = c.at
  if (readUnsigned(c) !== 0) throw new X509Error('ERR_X509_REQUEST_VERSION', versionAt)
  const subject = readNameAt(c)
  const subjectPublicKeyInfo = readSubjectPublicKeyInfoAt(c)
  const attributesAt = c.at
  const attributes = readAttributesAt(c, constructedContextTag(0))
  leave(c, outer)
  return { subject, subjectPublicKeyInfo, attributes, ...readExtensionRequest(c, attributes, attributesAt) }
}

function readExtensionRequest(
  c: DerCursor,
  attributes: readonly Attribute[],
  at: number,
): { extensionRequest: readonly Extension[]; requested: CertificateExtensions } {
  const requests = attributes.filter(({ type }) => type === OID.extensionRequest)
  const [value, ...others] = requests.flatMap(({ values }) => values)
  if (value === undefined) return { extensionRequest: [], requested: {} }
  if (others.length > 0) throw new X509Error('ERR_X509_EXTENSION_REQUEST', at)
  const requested: Mutable<CertificateExtensions> = {}
  return { extensionRequest: readExtensionsAt(reopen(c, value), CERTIFICATE_EXTENSION_READERS, requested), requested }
}
