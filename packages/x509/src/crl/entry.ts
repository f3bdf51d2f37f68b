// An entry of a CRL, RFC 5280 §5.1.2.6 and §5.3. A CRL may have a million of them, so this is written for speed.
import { type DerCursor, enter, leave } from '../der/cursor.ts'
import { readInteger, readUnsigned } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { readGeneralizedTime, readTime } from '../der/time.ts'
import { writeGeneralizedTime, writeInteger, writeSequence, writeTime } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { type ReadExtensionValue, readExtensionsAt } from '../extension/read.ts'
import { writeExtensions } from '../extension/write.ts'
import type { CRLReason, CrlEntryExtensions, Extension, Mutable, Oid, RevokedCertificate } from '../model.ts'
import { readGeneralNamesAt, writeGeneralNames } from '../name/general-name.ts'
import { OID } from '../oid.ts'

/** CRLReason by its number; 7 is not used. */
const REASONS: readonly (CRLReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

/** A revoked certificate that broke the rules of §4.1.2.2 must not make its CRL unreadable; this is where it ends. */
const MAX_SERIAL_OCTETS = 64

/** The extensions of a CRL entry that are read by name; RFC 6960 §4.4.5 has them in OCSP responses too. */
export const ENTRY_READERS: ReadonlyMap<Oid, ReadExtensionValue<CrlEntryExtensions>> = new Map(
  Object.entries({
    [OID.reasonCode]: (c, to) => {
      to.reasonCode = readReason(c)
    },
    [OID.invalidityDate]: (c, to) => {
      to.invalidityDate = readGeneralizedTime(c)
    },
    [OID.certificateIssuer]: (c, to) => {
      to.certificateIssuer = readGeneralNamesAt(c)
    },
  } satisfies Record<Oid, ReadExtensionValue<CrlEntryExtensions>>),
)

/** Reads one entry at the cursor. @throws {X509Error} when it has extensions in a CRL of version 1. */
export function readRevokedCertificateAt(c: DerCursor, version: 1 | 2): RevokedCertificate {
  const outer = enter(c, TAG.sequence)
  const entry: Mutable<RevokedCertificate> = {
    userCertificate: readInteger(c, MAX_SERIAL_OCTETS),
    revocationDate: readTime(c),
    extensions: NONE,
  }
  if (c.at < c.end) {
    if (version === 1) throw new X509Error('ERR_X509_CRL_VERSION_EXTENSIONS', c.at)
    entry.extensions = readExtensionsAt<CrlEntryExtensions>(c, ENTRY_READERS, entry)
  }
  leave(c, outer)
  return entry
}

const NONE: readonly Extension[] = []

/** Reads a CRLReason at the cursor. @see RFC 5280 §5.3.1 */
export function readReason(c: DerCursor): CRLReason {
  const at = c.at
  const reason = REASONS[readUnsigned(c, TAG.enumerated)]
  if (reason === undefined) throw new X509Error('ERR_X509_REASON_CODE', at)
  return reason
}

/** Writes one entry. */
export function writeRevokedCertificate(entry: RevokedCertificate): Uint8Array {
  const serial = writeInteger(entry.userCertificate)
  const date = writeTime(entry.revocationDate)
  return entry.extensions.length === 0
    ? writeSequence(serial, date)
    : writeSequence(serial, date, writeExtensions(entry.extensions))
}

/** Makes an entry from its values, with the extensions that say them: certificateIssuer is critical, the others are not. @see RFC 5280 §5.3 */
export function revokedCertificate(values: Omit<RevokedCertificate, 'extensions'>): RevokedCertificate {
  const extensions: Extension[] = []
  const { reasonCode, invalidityDate, certificateIssuer } = values
  if (reasonCode !== undefined) extensions.push(reasonCodeExtension(reasonCode))
  if (invalidityDate !== undefined) extensions.push(invalidityDateExtension(invalidityDate))
  if (certificateIssuer !== undefined) extensions.push(certificateIssuerExtension(certificateIssuer))
  return { ...values, extensions }
}

/** Writes a CRLReason. @see RFC 5280 §5.3.1 */
export function writeReason(reason: CRLReason): Uint8Array {
  return writeInteger(REASONS.indexOf(reason), TAG.enumerated)
}

/** Writes reasonCode, not critical. @see RFC 5280 §5.3.1 */
export function reasonCodeExtension(reason: CRLReason): Extension {
  return { extnID: OID.reasonCode, critical: false, extnValue: writeReason(reason) }
}

/** Writes invalidityDate, not critical. @see RFC 5280 §5.3.2 */
export function invalidityDateExtension(date: Temporal.Instant): Extension {
  return { extnID: OID.invalidityDate, critical: false, extnValue: writeGeneralizedTime(date) }
}

/** Writes certificateIssuer, critical. @see RFC 5280 §5.3.3 */
export function certificateIssuerExtension(names: NonNullable<CrlEntryExtensions['certificateIssuer']>): Extension {
  return { extnID: OID.certificateIssuer, critical: true, extnValue: writeGeneralNames(names) }
}
