// What several CMS structures have in them: names of certificates, bags, attributes. RFC 5652 §5.3, §6.1, §10.2.
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave, peekTag, readContents, readHeader, since } from '../der/cursor.ts'
import { readInteger } from '../der/primitive.ts'
import { readSetOfAt } from '../der/set-of.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { compareOctets, writeElements, writeInteger, writeOctetString, writeSequence } from '../der/write.ts'
import { readAttributesAt, writeAttribute } from '../extension/attribute.ts'
import type { Attribute } from '../model.ts'
import { readNameAt } from '../name/read.ts'
import { writeName } from '../name/write.ts'
import { CmsError } from './error.ts'
import type { CertificateBag, CertificateReference, IssuerAndSerialNumber } from './model.ts'

/** No issuer of ours has more than 20 octets; a message that names one of another's is read up to here. */
const MAX_SERIAL_OCTETS = 32
const KEY_IDENTIFIER = contextTag(0)

/** Reads an IssuerAndSerialNumber at the cursor. */
export function readIssuerAndSerialNumberAt(c: DerCursor): IssuerAndSerialNumber {
  const outer = enter(c, TAG.sequence)
  const issuer = readNameAt(c)
  const serialNumber = readInteger(c, MAX_SERIAL_OCTETS)
  leave(c, outer)
  return { kind: 'issuerAndSerialNumber', issuer, serialNumber }
}

/** Reads a SignerIdentifier or RecipientIdentifier at the cursor; they are one type. */
export function readReferenceAt(c: DerCursor): CertificateReference {
  if (peekTag(c) === TAG.sequence) return readIssuerAndSerialNumberAt(c)
  if (peekTag(c) !== KEY_IDENTIFIER) throw new CmsError('ERR_CMS_IDENTIFIER', c.at)
  return { kind: 'subjectKeyIdentifier', keyIdentifier: readContents(c, KEY_IDENTIFIER) }
}

/** Writes a SignerIdentifier or RecipientIdentifier. */
export function writeReference(reference: CertificateReference): Uint8Array {
  if (reference.kind === 'subjectKeyIdentifier') return writeOctetString(reference.keyIdentifier, KEY_IDENTIFIER)
  return writeSequence(writeName(reference.issuer.rdnSequence), writeInteger(reference.serialNumber))
}

const CERTIFICATES = constructedContextTag(0)
const CRLS = constructedContextTag(1)

/** Reads the certificates [0] and CRLs [1] of a SignedData or OriginatorInfo, at the cursor. */
export function readBagAt(c: DerCursor): CertificateBag {
  const certificates = peekTag(c) === CERTIFICATES ? readSetOfAt(c, readCertificateChoice, CERTIFICATES) : undefined
  const crls = peekTag(c) === CRLS ? readSetOfAt(c, readRevocationChoice, CRLS) : undefined
  return { ...(certificates && { certificates }), ...(crls && { crls }) }
}

/** RFC 5652 §10.2.2: a certificate, or [0] to [3] of which we use none. */
function readCertificateChoice(c: DerCursor): Uint8Array {
  const tag = peekTag(c)
  if (tag !== TAG.sequence && (tag < constructedContextTag(0) || tag > constructedContextTag(3)))
    throw new CmsError('ERR_CMS_CERTIFICATE_CHOICE', c.at)
  return skip(c, tag)
}

/** RFC 5652 §10.2.1: a CRL, or [1] of another kind, as an OCSP response. */
function readRevocationChoice(c: DerCursor): Uint8Array {
  const tag = peekTag(c)
  if (tag !== TAG.sequence && tag !== constructedContextTag(1)) throw new CmsError('ERR_CMS_REVOCATION_CHOICE', c.at)
  return skip(c, tag)
}

/** The element whole, not looked into: it has a reader, and limits, of its own. */
function skip(c: DerCursor, tag: number): Uint8Array {
  const start = c.at
  c.at = readHeader(c, tag)
  return since(c, start)
}

/** Writes the fields of a bag. */
export function writeBag({ certificates, crls }: CertificateBag): Uint8Array[] {
  return [
    ...(certificates ? [writeElements(CERTIFICATES, [...certificates].sort(compareOctets))] : []),
    ...(crls ? [writeElements(CRLS, [...crls].sort(compareOctets))] : []),
  ]
}

/** Reads attributes under the IMPLICIT `tag` where they stand; at least one. */
export function readOptionalAttributesAt(c: DerCursor, tag: number): Attribute[] | undefined {
  if (peekTag(c) !== tag) return undefined
  const at = c.at
  const attributes = readAttributesAt(c, tag)
  if (attributes.length === 0) throw new CmsError('ERR_CMS_ATTRIBUTES_EMPTY', at)
  return attributes
}

/** Attributes read, and the octets that are signed: under the tag of SET OF instead of their own. @see RFC 5652 §5.4 */
export function readSignedAttributesAt(
  c: DerCursor,
  tag: number,
): { attributes: Attribute[]; der: Uint8Array } | undefined {
  const start = c.at
  const attributes = readOptionalAttributesAt(c, tag)
  if (attributes === undefined) return undefined
  const der = since(c, start).slice()
  der[0] = TAG.set
  return { attributes, der }
}

/** Writes attributes under `tag`, in the order of a SET OF. */
export function writeAttributes(attributes: readonly Attribute[], tag: number = TAG.set): Uint8Array {
  return writeElements(tag, attributes.map(writeAttribute).sort(compareOctets))
}

/** As {@link writeAttributes}, for a field that may be absent. */
export function writeOptionalAttributes(attributes: readonly Attribute[] | undefined, tag: number): Uint8Array[] {
  return attributes === undefined ? [] : [writeAttributes(attributes, tag)]
}

/** The one value of the attribute `type`, or undefined where it does not stand. @throws {CmsError} when it stands twice. @see RFC 5652 §11 */
export function onlyValue(attributes: readonly Attribute[], type: string): Uint8Array | undefined {
  const [value, ...others] = attributes.flatMap((attribute) => (attribute.type === type ? attribute.values : []))
  if (others.length > 0) throw new CmsError('ERR_CMS_ATTRIBUTE')
  return value
}

/** Reads a field of any type that stands at the cursor, whole. */
export function readRest(c: DerCursor): Uint8Array | undefined {
  if (c.at === c.end) return undefined
  const start = c.at
  while (c.at < c.end) readAny(c)
  return since(c, start)
}
