// Who could have issued this certificate, likeliest first: RFC 4158 §3.5.
import { type Certificate, type Name, namesEqual } from '@countersign/x509'
import type { AnyPathContext, TrustAnchor } from '../model.ts'
import { sameOctets } from '../octets.ts'
import { selfIssued } from './issuer.ts'
import { compareKeyIdentifiers } from './key-identifier.ts'

/** A certificate of the bag, and its index in the caller's list. */
export interface Candidate {
  readonly certificate: Certificate
  readonly index: number
}

/** What was found for one certificate. */
export interface Issuers {
  readonly anchors: readonly TrustAnchor[]
  readonly candidates: readonly Candidate[]
  /** A certificate of that name was passed over, because its key is not the one that the certificate names. */
  readonly otherKey: boolean
  /** A certificate has the key that the certificate names, under another name. */
  readonly otherName: boolean
}

/** Finds the issuers of a certificate. Nothing here is trusted, and no signature is asked for. */
export type FindIssuers = (subject: Certificate) => Issuers

/** Prepares to find issuers among the anchors and the bag, which are looked through once for each certificate. */
export function findIssuersAmong(bag: readonly Candidate[], { anchors, now }: AnyPathContext): FindIssuers {
  const known = new Map<Certificate, Issuers>()
  return (subject) => {
    const issuers = known.get(subject) ?? findIssuers(subject, bag, anchors, now)
    known.set(subject, issuers)
    return issuers
  }
}

/** RFC 4158 §2.4.2: a path that meets the same name and key again is a loop. */
export function loops(path: readonly Candidate[], { certificate: next }: Candidate): boolean {
  return path.some(
    ({ certificate: earlier }) =>
      sameOctets(earlier.subjectPublicKeyInfo.der, next.subjectPublicKeyInfo.der) &&
      sameName(earlier.subject, next.subject),
  )
}

function findIssuers(
  subject: Certificate,
  bag: readonly Candidate[],
  anchors: readonly TrustAnchor[],
  now: Temporal.Instant,
): Issuers {
  let otherKey = false
  let otherName = false
  /** Notes why it is not the issuer where it nearly is. */
  const issued = (name: Name, certificate: Certificate | undefined): boolean => {
    if (!sameName(name, subject.issuer)) {
      otherName ||= certificate !== undefined && namesKeyOf(subject, certificate)
      return false
    }
    const fits = certificate === undefined || compareKeyIdentifiers(subject, certificate) !== 'other'
    otherKey ||= !fits
    return fits
  }
  const rank = ({ certificate }: Candidate) =>
    (selfIssued(certificate) ? 4 : 0) +
    (compareKeyIdentifiers(subject, certificate) === 'same' ? 0 : 2) +
    (isValidAt(certificate, now) ? 0 : 1)
  return {
    anchors: anchors.filter(({ name, certificate }) => issued(name, certificate)),
    candidates: bag
      .filter(({ certificate }) => issued(certificate.subject, certificate) && !isAnchor(certificate, anchors))
      .sort((left, right) => rank(left) - rank(right)),
    otherKey,
    otherName,
  }
}

/** What is an anchor is tried as one; as a certificate that someone sent it could only lengthen the path. */
function isAnchor(certificate: Certificate, anchors: readonly TrustAnchor[]): boolean {
  return anchors.some(
    ({ name, subjectPublicKeyInfo }) =>
      sameOctets(subjectPublicKeyInfo.der, certificate.subjectPublicKeyInfo.der) &&
      sameName(name, certificate.subject) &&
      // A certificate of an anchor's key by another issuer may lead on to that one.
      selfIssued(certificate),
  )
}

/** Octets of a name's DER; the longest by the upper bounds of RFC 5280 Appendix A.1 with one attribute of each kind. */
const MAX_NAME_OCTETS = 2048

/** A longer name is compared by its octets alone, so that one name of a peer is not prepared anew for each of ours. */
function sameName(left: Name, right: Name): boolean {
  return left.der.length > MAX_NAME_OCTETS || right.der.length > MAX_NAME_OCTETS
    ? sameOctets(left.der, right.der)
    : namesEqual(left, right)
}

function namesKeyOf(subject: Certificate, issuer: Certificate): boolean {
  const wanted = subject.authorityKeyIdentifier?.keyIdentifier
  return (
    wanted !== undefined && issuer.subjectKeyIdentifier !== undefined && sameOctets(wanted, issuer.subjectKeyIdentifier)
  )
}

function isValidAt({ validity: { notBefore, notAfter } }: Certificate, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(notBefore, now) <= 0 && Temporal.Instant.compare(now, notAfter) <= 0
}
