// RFC 5280 §4.2.1.1 and §4.2.1.2: which key of an issuer signed.
import { type Certificate, namesEqual } from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/**
 * Compares what `certificate` says of its issuer's key with what `issuer` says of its own.
 * `other` says that it is not this key; `unsaid` that one of the two says nothing.
 */
export function compareKeyIdentifiers(certificate: Certificate, issuer: Certificate): 'same' | 'other' | 'unsaid' {
  const wanted = certificate.authorityKeyIdentifier
  if (wanted === undefined) return 'unsaid'
  if (!fitsIssuerAndSerial(wanted, issuer)) return 'other'
  if (wanted.keyIdentifier === undefined || issuer.subjectKeyIdentifier === undefined) return 'unsaid'
  return sameOctets(wanted.keyIdentifier, issuer.subjectKeyIdentifier) ? 'same' : 'other'
}

/** §4.2.1.1: where issuer and serial number stand, they are those of the issuer's certificate. */
function fitsIssuerAndSerial(
  { authorityCertIssuer, authorityCertSerialNumber }: NonNullable<Certificate['authorityKeyIdentifier']>,
  issuer: Certificate,
): boolean {
  if (authorityCertSerialNumber !== undefined && authorityCertSerialNumber !== issuer.serialNumber) return false
  const names = authorityCertIssuer?.flatMap((name) => (name.kind === 'directoryName' ? [name.value] : [])) ?? []
  return names.length === 0 || names.some((name) => namesEqual(name, issuer.issuer))
}
