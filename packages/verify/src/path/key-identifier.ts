// RFC 5280 §4.2.1.1 and §4.2.1.2: which key of an issuer signed.
import { type Certificate, namesEqual } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import { selfIssued } from './issuer.ts'

/**
 * Compares what `certificate` says of its issuer's key with what `issuer` says of its own.
 * `other` says that it is not this key; `unsaid` that one of the two says nothing.
 */
export function compareKeyIdentifiers(certificate: Certificate, issuer: Certificate): 'same' | 'other' | 'unsaid' {
  const { authorityKeyIdentifier } = certificate
  if (authorityKeyIdentifier !== undefined && !fitsIssuerAndSerial(authorityKeyIdentifier, issuer)) return 'other'
  const wanted = authorityKeyIdentifier?.keyIdentifier ?? ownKeyIdentifier(certificate)
  if (wanted === undefined || issuer.subjectKeyIdentifier === undefined) return 'unsaid'
  return sameOctets(wanted, issuer.subjectKeyIdentifier) ? 'same' : 'other'
}

/** §4.2.1.1: a certificate that its own key signed may say so by its subjectKeyIdentifier alone. */
function ownKeyIdentifier(certificate: Certificate): Uint8Array | undefined {
  return selfIssued(certificate) ? certificate.subjectKeyIdentifier : undefined
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
