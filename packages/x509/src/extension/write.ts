// Writing extensions: each with the criticality that RFC 5280 asks of a conforming authority.
import { TAG } from '../der/tag.ts'
import {
  writeBoolean,
  writeElements,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../der/write.ts'
import type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  DistributionPoint,
  Extension,
  GeneralName,
  IssuingDistributionPoint,
  KeyUsageBit,
  NameConstraints,
  Oid,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
} from '../model.ts'
import { writeGeneralNames } from '../name/general-name.ts'
import { OID } from '../oid.ts'
import { writeBasicConstraints, writeNameConstraints, writePolicyConstraints } from './constraints.ts'
import {
  writeAuthorityKeyIdentifier,
  writeExtendedKeyUsage,
  writeKeyUsage,
  writeSubjectKeyIdentifier,
  writeTlsFeature,
} from './key.ts'
import { writeAccessDescriptions, writeDistributionPoints, writeIssuingDistributionPoint } from './points.ts'
import { writeCertificatePolicies, writePolicyMappings } from './policies.ts'

/** Writes authorityKeyIdentifier, not critical. @see RFC 5280 §4.2.1.1 */
export function authorityKeyIdentifierExtension(identifier: AuthorityKeyIdentifier): Extension {
  return extension(OID.authorityKeyIdentifier, false, writeAuthorityKeyIdentifier(identifier))
}

/** Writes subjectKeyIdentifier, not critical. @see RFC 5280 §4.2.1.2 */
export function subjectKeyIdentifierExtension(keyIdentifier: Uint8Array): Extension {
  return extension(OID.subjectKeyIdentifier, false, writeSubjectKeyIdentifier(keyIdentifier))
}

/** Writes keyUsage, critical. @see RFC 5280 §4.2.1.3 */
export function keyUsageExtension(usage: readonly KeyUsageBit[]): Extension {
  return extension(OID.keyUsage, true, writeKeyUsage(new Set(usage)))
}

/** Writes certificatePolicies, not critical. @see RFC 5280 §4.2.1.4 */
export function certificatePoliciesExtension(policies: readonly PolicyInformation[]): Extension {
  return extension(OID.certificatePolicies, false, writeCertificatePolicies(policies))
}

/** Writes policyMappings, critical. @see RFC 5280 §4.2.1.5 */
export function policyMappingsExtension(mappings: readonly PolicyMapping[]): Extension {
  return extension(OID.policyMappings, true, writePolicyMappings(mappings))
}

/**
 * Writes subjectAltName.
 * @param options `critical` where the subject is empty: then the names here are the only ones.
 * @see RFC 5280 §4.2.1.6
 */
export function subjectAltNameExtension(
  names: readonly GeneralName[],
  options: { readonly critical: boolean },
): Extension {
  return extension(OID.subjectAltName, options.critical, writeGeneralNames(names))
}

/** Writes issuerAltName, not critical. @see RFC 5280 §4.2.1.7 */
export function issuerAltNameExtension(names: readonly GeneralName[]): Extension {
  return extension(OID.issuerAltName, false, writeGeneralNames(names))
}

/** Writes subjectDirectoryAttributes, not critical. @see RFC 5280 §4.2.1.8 */
export function subjectDirectoryAttributesExtension(attributes: Uint8Array): Extension {
  return extension(OID.subjectDirectoryAttributes, false, attributes)
}

/** Writes basicConstraints, critical. @see RFC 5280 §4.2.1.9 */
export function basicConstraintsExtension(constraints: BasicConstraints): Extension {
  return extension(OID.basicConstraints, true, writeBasicConstraints(constraints))
}

/** Writes nameConstraints, critical. @see RFC 5280 §4.2.1.10 */
export function nameConstraintsExtension(constraints: NameConstraints): Extension {
  return extension(OID.nameConstraints, true, writeNameConstraints(constraints))
}

/** Writes policyConstraints, critical. @see RFC 5280 §4.2.1.11 */
export function policyConstraintsExtension(constraints: PolicyConstraints): Extension {
  return extension(OID.policyConstraints, true, writePolicyConstraints(constraints))
}

/** Writes extendedKeyUsage, not critical but where a purpose asks for it (RFC 3161 §2.3). @see RFC 5280 §4.2.1.12 */
export function extendedKeyUsageExtension(purposes: readonly Oid[], options = { critical: false }): Extension {
  return extension(OID.extendedKeyUsage, options.critical, writeExtendedKeyUsage(purposes))
}

/** Writes cRLDistributionPoints, not critical. @see RFC 5280 §4.2.1.13 */
export function cRLDistributionPointsExtension(points: readonly DistributionPoint[]): Extension {
  return extension(OID.cRLDistributionPoints, false, writeDistributionPoints(points))
}

/** Writes inhibitAnyPolicy, critical. @see RFC 5280 §4.2.1.14 */
export function inhibitAnyPolicyExtension(skipCerts: number): Extension {
  return extension(OID.inhibitAnyPolicy, true, writeInteger(skipCerts))
}

/** Writes freshestCRL, not critical. @see RFC 5280 §4.2.1.15, §5.2.6 */
export function freshestCRLExtension(points: readonly DistributionPoint[]): Extension {
  return extension(OID.freshestCRL, false, writeDistributionPoints(points))
}

/** Writes authorityInfoAccess, not critical. @see RFC 5280 §4.2.2.1 */
export function authorityInfoAccessExtension(descriptions: readonly AccessDescription[]): Extension {
  return extension(OID.authorityInfoAccess, false, writeAccessDescriptions(descriptions))
}

/** Writes subjectInfoAccess, not critical. @see RFC 5280 §4.2.2.2 */
export function subjectInfoAccessExtension(descriptions: readonly AccessDescription[]): Extension {
  return extension(OID.subjectInfoAccess, false, writeAccessDescriptions(descriptions))
}

/** Writes noRevAvail, not critical. @see RFC 9608 §2 */
export function noRevAvailExtension(): Extension {
  return extension(OID.noRevAvail, false, writeNull())
}

/** Writes ocspNoCheck, not critical: for the certificate of an OCSP responder. @see RFC 6960 §4.2.2.2.1 */
export function ocspNoCheckExtension(): Extension {
  return extension(OID.ocspNoCheck, false, writeNull())
}

/** Writes tlsFeature, not critical, as §4 SHOULD have it. @see RFC 7633 §4 */
export function tlsFeatureExtension(features: readonly number[]): Extension {
  return extension(OID.tlsFeature, false, writeTlsFeature(features))
}

/** Writes the list of signed certificate timestamps around its TLS encoding, not critical. @see RFC 6962 §3.3 */
export function signedCertificateTimestampsExtension(list: Uint8Array): Extension {
  return extension(OID.signedCertificateTimestamps, false, writeOctetString(list))
}

/** Writes cRLNumber, not critical. @see RFC 5280 §5.2.3 */
export function cRLNumberExtension(number: bigint): Extension {
  return extension(OID.cRLNumber, false, writeInteger(number))
}

/** Writes deltaCRLIndicator, critical. @see RFC 5280 §5.2.4 */
export function deltaCRLIndicatorExtension(baseCRLNumber: bigint): Extension {
  return extension(OID.deltaCRLIndicator, true, writeInteger(baseCRLNumber))
}

/** Writes issuingDistributionPoint, critical. @see RFC 5280 §5.2.5 */
export function issuingDistributionPointExtension(point: IssuingDistributionPoint): Extension {
  return extension(OID.issuingDistributionPoint, true, writeIssuingDistributionPoint(point))
}

function extension(extnID: Oid, critical: boolean, extnValue: Uint8Array): Extension {
  return { extnID, critical, extnValue }
}

/** Writes Extensions, in the order given. @see RFC 5280 §4.1.2.9 */
export function writeExtensions(extensions: readonly Extension[]): Uint8Array {
  return writeElements(TAG.sequence, extensions.map(writeExtension))
}

function writeExtension({ extnID, critical, extnValue }: Extension): Uint8Array {
  const value = writeOctetString(extnValue)
  return critical ? writeSequence(writeOid(extnID), writeBoolean(true), value) : writeSequence(writeOid(extnID), value)
}
