// Writing certification requests, RFC 2986 §4.
import { writeAlgorithmIdentifier } from '../algorithm.ts'
import { constructedContextTag } from '../der/tag.ts'
import { compareOctets, writeElements, writeInteger, writeOctetBitString, writeSequence } from '../der/write.ts'
import { writeAttribute } from '../extension/attribute.ts'
import { writeExtensions } from '../extension/write.ts'
import { writeSubjectPublicKeyInfo } from '../key/spki.ts'
import type { AlgorithmIdentifier, Attribute, Extension, Name, SubjectPublicKeyInfo } from '../model.ts'
import { writeName } from '../name/write.ts'
import { OID } from '../oid.ts'

/** What a request says. */
export interface CertificationRequestInfo {
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  /** The extensions that are asked for; no attribute stands for none. */
  readonly extensionRequest: readonly Extension[]
  /** Further attributes. An extension request here is left out: the field above is its only source. */
  readonly attributes?: readonly Attribute[]
}

/** Writes what the requester signs. @see RFC 2986 §4.1 */
export function writeCertificationRequestInfo(info: CertificationRequestInfo): Uint8Array {
  const attributes = (info.attributes ?? []).filter(({ type }) => type !== OID.extensionRequest)
  if (info.extensionRequest.length > 0)
    attributes.push({ type: OID.extensionRequest, values: [writeExtensions(info.extensionRequest)] })
  return writeSequence(
    writeInteger(0),
    writeName(info.subject.rdnSequence),
    writeSubjectPublicKeyInfo(info.subjectPublicKeyInfo),
    writeElements(constructedContextTag(0), attributes.map(writeAttribute).sort(compareOctets)),
  )
}

/** Writes a request around the exact octets that were signed. @see RFC 2986 §4.2 */
export function writeCertificationRequest(
  infoDer: Uint8Array,
  signatureAlgorithm: AlgorithmIdentifier,
  signatureValue: Uint8Array,
): Uint8Array {
  return writeSequence(infoDer, writeAlgorithmIdentifier(signatureAlgorithm), writeOctetBitString(signatureValue))
}
