// Extensions on the key and its use: RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.1.3, §4.2.1.12, RFC 7633 §4.
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { readInteger, readNamedBits, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { writeElements, writeInteger, writeNamedBits, writeOctetString, writeOid, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { AuthorityKeyIdentifier, KeyUsageBit, Mutable, Oid } from '../model.ts'
import { readGeneralNamesAt, writeGeneralNames } from '../name/general-name.ts'
import { bitsToNames, KEY_USAGE_BITS, namesToBits } from './bits.ts'

/** A serial number that only points at a certificate may break the rules of §4.1.2.2; this is where it ends. */
const MAX_SERIAL_OCTETS = 64

/** Reads an AuthorityKeyIdentifier at the cursor. @see RFC 5280 §4.2.1.1 */
export function readAuthorityKeyIdentifier(c: DerCursor): AuthorityKeyIdentifier {
  const at = c.at
  const identifier: Mutable<AuthorityKeyIdentifier> = {}
  const outer = enter(c, TAG.sequence)
  if (peekTag(c) === contextTag(0)) identifier.keyIdentifier = readContents(c, contextTag(0))
  if (peekTag(c) === constructedContextTag(1))
    identifier.authorityCertIssuer = readGeneralNamesAt(c, constructedContextTag(1))
  if (peekTag(c) === contextTag(2))
    identifier.authorityCertSerialNumber = readInteger(c, MAX_SERIAL_OCTETS, contextTag(2))
  leave(c, outer)
  // The comment in the ASN.1 module of Appendix A.2: both or neither.
  if ((identifier.authorityCertIssuer === undefined) !== (identifier.authorityCertSerialNumber === undefined))
    throw new X509Error('ERR_X509_KEY_IDENTIFIER_PAIR', at)
  return identifier
}

/** Writes an AuthorityKeyIdentifier. @see RFC 5280 §4.2.1.1 */
export function writeAuthorityKeyIdentifier(identifier: AuthorityKeyIdentifier): Uint8Array {
  const parts: Uint8Array[] = []
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } = identifier
  if (keyIdentifier !== undefined) parts.push(writeOctetString(keyIdentifier, contextTag(0)))
  if (authorityCertIssuer !== undefined) parts.push(writeGeneralNames(authorityCertIssuer, constructedContextTag(1)))
  if (authorityCertSerialNumber !== undefined) parts.push(writeInteger(authorityCertSerialNumber, contextTag(2)))
  return writeSequence(...parts)
}

/** Reads a SubjectKeyIdentifier at the cursor; a view. @see RFC 5280 §4.2.1.2 */
export function readSubjectKeyIdentifier(c: DerCursor): Uint8Array {
  return readContents(c, TAG.octetString)
}

/** Writes a SubjectKeyIdentifier. @see RFC 5280 §4.2.1.2 */
export function writeSubjectKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return writeOctetString(keyIdentifier)
}

/** Reads a KeyUsage at the cursor; at least one bit. @see RFC 5280 §4.2.1.3 */
export function readKeyUsage(c: DerCursor): ReadonlySet<KeyUsageBit> {
  const at = c.at
  const bits = readNamedBits(c)
  const usage = bitsToNames(bits, KEY_USAGE_BITS)
  if (usage === undefined) throw new X509Error(bits === 0 ? 'ERR_X509_KEY_USAGE_EMPTY' : 'ERR_X509_KEY_USAGE_BIT', at)
  return usage
}

/** Writes a KeyUsage. @see RFC 5280 §4.2.1.3 */
export function writeKeyUsage(usage: ReadonlySet<KeyUsageBit>): Uint8Array {
  return writeNamedBits(namesToBits(usage, KEY_USAGE_BITS))
}

/** Reads an ExtKeyUsageSyntax at the cursor; at least one purpose. @see RFC 5280 §4.2.1.12 */
export function readExtendedKeyUsage(c: DerCursor): Oid[] {
  const at = c.at
  const purposes: Oid[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) purposes.push(readOid(c))
  leave(c, outer)
  if (purposes.length === 0) throw new X509Error('ERR_X509_EXTENDED_KEY_USAGE_EMPTY', at)
  return purposes
}

/** Writes an ExtKeyUsageSyntax. @see RFC 5280 §4.2.1.12 */
export function writeExtendedKeyUsage(purposes: readonly Oid[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    purposes.map((purpose) => writeOid(purpose)),
  )
}

/** Reads the Features of TLS at the cursor; each is a number of 16 bits. @see RFC 7633 §4.1, RFC 8446 §4.2 */
export function readTlsFeature(c: DerCursor): number[] {
  const features: number[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    const at = c.at
    const feature = readUnsigned(c)
    if (feature > 0xffff) throw new DerError('ERR_DER_INTEGER_LIMIT', at)
    features.push(feature)
  }
  leave(c, outer)
  return features
}

/** Writes the Features of TLS. @see RFC 7633 §4.1 */
export function writeTlsFeature(features: readonly number[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    features.map((feature) => writeInteger(feature)),
  )
}
