// The first contact: nothing is known of the authority but the fingerprint of its root.
import { hash } from 'node:crypto'
import type { CheckSignature } from '@countersign/verify'
import { type Certificate, DerError, readCertificate, X509Error } from '@countersign/x509'
import type { FirstContact, Trust } from '../model.ts'
import { createTrust } from '../trust/trust.ts'

/**
 * Finds the root that an invitation names in the list that a peer sent, and makes it the only anchor. The fingerprint
 * alone decides: what else the peer sent is only candidates for the path. No revocation is known yet, so status is
 * judged again once the lists have come.
 * @param certificates DER, as the peer sent them.
 * @returns Undefined where none of them is that root, or it did not sign itself.
 */
export function trustFirstContact(
  certificates: readonly Uint8Array[],
  { rootSha256 }: FirstContact,
  checkSignature: CheckSignature,
  now: Temporal.Instant,
): Trust | undefined {
  const der = certificates.find((one) => hash('sha256', one, 'hex') === rootSha256.toHex())
  const root = der && readRoot(der)
  if (root === undefined || !isSelfSigned(root, checkSignature)) return undefined
  return createTrust({ anchors: [root], revocation: 'prefer', asOf: now })
}

function readRoot(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

function isSelfSigned(root: Certificate, checkSignature: CheckSignature): boolean {
  const sameName = root.subject.der.toHex() === root.issuer.der.toHex()
  const { signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue } = root
  return sameName && checkSignature(signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue) === true
}
