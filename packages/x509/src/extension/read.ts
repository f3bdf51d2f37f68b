// Extensions, RFC 5280 §4.1.2.9 and §4.2: each as it stands, and those that we know by their name.
import { type DerCursor, enter, leave, readContents, readHeader } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { readBooleanDefaultFalse, readNull, readUnsigned } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { X509Error } from '../error.ts'
import type { CertificateExtensions, Extension, Mutable, Oid } from '../model.ts'
import { readGeneralNamesAt } from '../name/general-name.ts'
import { OID } from '../oid.ts'
import { readBasicConstraints, readNameConstraints, readPolicyConstraints } from './constraints.ts'
import {
  readAuthorityKeyIdentifier,
  readExtendedKeyUsage,
  readKeyUsage,
  readSubjectKeyIdentifier,
  readTlsFeature,
} from './key.ts'
import { readAccessDescriptions, readDistributionPoints } from './points.ts'
import { readCertificatePolicies, readPolicyMappings, readSubjectDirectoryAttributes } from './policies.ts'

/** Reads the value of an extension into the field of its name. The cursor stands in the contents of extnValue. */
export type ReadExtensionValue<Fields> = (c: DerCursor, fields: Mutable<Fields>) => void

/** The certificate extensions that are read by name; all others stay octets. */
export const CERTIFICATE_EXTENSION_READERS: ReadonlyMap<Oid, ReadExtensionValue<CertificateExtensions>> = new Map(
  Object.entries({
    [OID.authorityKeyIdentifier]: (c, to) => {
      to.authorityKeyIdentifier = readAuthorityKeyIdentifier(c)
    },
    [OID.subjectKeyIdentifier]: (c, to) => {
      to.subjectKeyIdentifier = readSubjectKeyIdentifier(c)
    },
    [OID.keyUsage]: (c, to) => {
      to.keyUsage = readKeyUsage(c)
    },
    [OID.certificatePolicies]: (c, to) => {
      to.certificatePolicies = readCertificatePolicies(c)
    },
    [OID.policyMappings]: (c, to) => {
      to.policyMappings = readPolicyMappings(c)
    },
    [OID.subjectAltName]: (c, to) => {
      to.subjectAltName = readGeneralNamesAt(c)
    },
    [OID.issuerAltName]: (c, to) => {
      to.issuerAltName = readGeneralNamesAt(c)
    },
    [OID.subjectDirectoryAttributes]: (c, to) => {
      to.subjectDirectoryAttributes = readSubjectDirectoryAttributes(c)
    },
    [OID.basicConstraints]: (c, to) => {
      to.basicConstraints = readBasicConstraints(c)
    },
    [OID.nameConstraints]: (c, to) => {
      to.nameConstraints = readNameConstraints(c)
    },
    [OID.policyConstraints]: (c, to) => {
      to.policyConstraints = readPolicyConstraints(c)
    },
    [OID.extendedKeyUsage]: (c, to) => {
      to.extendedKeyUsage = readExtendedKeyUsage(c)
    },
    [OID.cRLDistributionPoints]: (c, to) => {
      to.cRLDistributionPoints = readDistributionPoints(c)
    },
    [OID.inhibitAnyPolicy]: (c, to) => {
      to.inhibitAnyPolicy = readUnsigned(c)
    },
    [OID.freshestCRL]: (c, to) => {
      to.freshestCRL = readDistributionPoints(c)
    },
    [OID.authorityInfoAccess]: (c, to) => {
      to.authorityInfoAccess = readAccessDescriptions(c)
    },
    [OID.subjectInfoAccess]: (c, to) => {
      to.subjectInfoAccess = readAccessDescriptions(c)
    },
    [OID.noRevAvail]: (c, to) => {
      readNull(c)
      to.noRevAvail = true
    },
    [OID.ocspNoCheck]: (c, to) => {
      readNull(c)
      to.ocspNoCheck = true
    },
    [OID.tlsFeature]: (c, to) => {
      to.tlsFeature = readTlsFeature(c)
    },
    [OID.signedCertificateTimestamps]: (c, to) => {
      to.signedCertificateTimestamps = readContents(c, TAG.octetString)
    },
  } satisfies Record<Oid, ReadExtensionValue<CertificateExtensions>>),
)

/**
 * Reads Extensions at the cursor, and by name those that `readers` has.
 * @param fields where the named ones go.
 * @throws {X509Error} when there is none, or the same one twice.
 */
export function readExtensionsAt<Fields>(
  c: DerCursor,
  readers: ReadonlyMap<Oid, ReadExtensionValue<Fields>>,
  fields: Mutable<Fields>,
): Extension[] {
  const at = c.at
  const extensions: Extension[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    extensions.push(readExtension(c, readers, fields, extensions))
  }
  leave(c, outer)
  if (extensions.length === 0) throw new X509Error('ERR_X509_EXTENSIONS_EMPTY', at)
  return extensions
}

/** Certificates in use have at most some 20. */
const MAX_EXTENSIONS = 256

function readExtension<Fields>(
  c: DerCursor,
  readers: ReadonlyMap<Oid, ReadExtensionValue<Fields>>,
  fields: Mutable<Fields>,
  before: readonly Extension[],
): Extension {
  const at = c.at
  const outer = enter(c, TAG.sequence)
  const extnID = readOid(c)
  if (before.length === MAX_EXTENSIONS) throw new X509Error('ERR_X509_EXTENSION_COUNT', at)
  for (const other of before) if (other.extnID === extnID) throw new X509Error('ERR_X509_EXTENSION_DUPLICATE', at)
  const critical = readBooleanDefaultFalse(c)
  const end = readHeader(c, TAG.octetString)
  const extnValue = c.octets.subarray(c.at, end)
  const read = readers.get(extnID)
  if (read === undefined) c.at = end
  else {
    // The value is DER within the OCTET STRING: read in place, so that offsets stay those of the whole input.
    const outerValue = c.end
    c.end = end
    read(c, fields)
    if (c.at !== end) throw new DerError('ERR_DER_TRAILING', c.at)
    c.end = outerValue
  }
  leave(c, outer)
  return { extnID, critical, extnValue }
}
