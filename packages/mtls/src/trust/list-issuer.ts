// Who signed a revocation list.
import type { CheckSignature } from '@countersign/verify'
import type { Certificate, CertificateList, Name } from '@countersign/x509'

/** Whether an authority is the one that a list names, by name alone. Octet by octet: an authority writes its own name in one way. */
export function isNamedBy(
  { issuer }: Pick<CertificateList, 'issuer'>,
  { subject }: Pick<Certificate, 'subject'>,
): boolean {
  return isSameName(issuer, subject)
}

/** Whether an authority signed a list, and may. @see RFC 5280 §6.3.3 (f), (g) */
export function isSignedBy(crl: CertificateList, issuer: Certificate, checkSignature: CheckSignature): boolean {
  return (
    isNamedBy(crl, issuer) &&
    issuer.keyUsage?.has('cRLSign') !== false &&
    checkSignature(crl.signatureAlgorithm, issuer.subjectPublicKeyInfo, crl.tbsDer, crl.signatureValue) === true
  )
}

/** Octet by octet. */
export function isSameName(one: Name, other: Name): boolean {
  return one.der.toHex() === other.der.toHex()
}
