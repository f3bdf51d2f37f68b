// Trust anchors, RFC 5280 §6.1.1 (d).
import type { Certificate } from '@countersign/x509'
import type { TrustAnchor } from './model.ts'

/** The anchor that a certificate is; what it says of itself binds (RFC 5937). */
export function anchorOf(certificate: Certificate): TrustAnchor {
  const { subject: name, subjectPublicKeyInfo } = certificate
  return { name, subjectPublicKeyInfo, certificate }
}
