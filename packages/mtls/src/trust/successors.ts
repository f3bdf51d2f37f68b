// Roots that follow a root: believed because one that is believed has signed their key and name. RFC 4210 §4.4.
import type { CheckSignature } from '@countersign/verify'
import type { Certificate, CertificateList } from '@countersign/x509'
import { isSameName } from './list-issuer.ts'

/**
 * The roots among `certificates` that none of `anchors` is, and that one of them vouches for: by a certificate, among these
 * too, of the same name and key, under which there may be other authorities, and which is on no list of its issuer's. That an
 * authority tells them is not enough: whoever has its key could make itself the root of all that enrolled.
 */
export function successorsOf(
  { certificates, crls }: { readonly certificates: readonly Certificate[]; readonly crls: readonly CertificateList[] },
  anchors: readonly Certificate[],
  now: Temporal.Instant,
  checkSignature: CheckSignature,
): readonly Certificate[] {
  const isSigned = (certificate: Certificate, by: Certificate) =>
    isSameName(certificate.issuer, by.subject) &&
    checkSignature(
      certificate.signatureAlgorithm,
      by.subjectPublicKeyInfo,
      certificate.tbsDer,
      certificate.signatureValue,
    ) === true
  const isRevoked = ({ issuer, serialNumber }: Certificate) =>
    crls.some(
      (crl) =>
        isSameName(crl.issuer, issuer) &&
        crl.revokedCertificates.some(({ userCertificate }) => userCertificate === serialNumber),
    )
  const isVouchedFor = (root: Certificate) =>
    certificates.some(
      (cross) =>
        isSameName(cross.subject, root.subject) &&
        sameOctets(cross.subjectPublicKeyInfo.der, root.subjectPublicKeyInfo.der) &&
        isUnlimited(cross) &&
        isCurrent(cross, now) &&
        !isRevoked(cross) &&
        anchors.some((anchor) => !sameOctets(anchor.der, root.der) && isSigned(cross, anchor)),
    )
  return certificates.filter(
    (root, index) =>
      isSameName(root.issuer, root.subject) &&
      isUnlimited(root) &&
      isCurrent(root, now) &&
      isSigned(root, root) &&
      !anchors.some((anchor) => sameOctets(anchor.der, root.der)) &&
      certificates.findIndex((one) => sameOctets(one.der, root.der)) === index &&
      isVouchedFor(root),
  )
}

/** An anchor limits nothing: what was signed with limits is no reason for one. */
function isUnlimited({ basicConstraints, nameConstraints, keyUsage }: Certificate): boolean {
  return (
    basicConstraints?.cA === true &&
    basicConstraints.pathLenConstraint === undefined &&
    nameConstraints === undefined &&
    keyUsage?.has('keyCertSign') === true
  )
}

function isCurrent({ validity: { notBefore, notAfter } }: Certificate, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(notBefore, now) <= 0 && Temporal.Instant.compare(now, notAfter) < 0
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
