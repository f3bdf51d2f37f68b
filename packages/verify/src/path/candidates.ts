// Who could have issued this certificate, likeliest first: RFC 4158 §3.5.
import { type Certificate, type Name, namesEqual } from '@countersign/x509'
import type { PathContext, TrustAnchor } from '../model.ts'
import { sameOctets } from '../octets.ts'
import type { Meter } from './budget.ts'
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

/** Finds the issuers for the last certificate of `path`. Nothing here is trusted, and no signature is asked for. */
export type FindIssuers = (path: readonly Candidate[]) => Issuers

/** Prepares to find issuers among the anchors and the bag. */
export function findIssuersAmong(bag: readonly Candidate[], { anchors, now }: PathContext, meter: Meter): FindIssuers {
  const sameName = compareNamesOnce()
  // What is an anchor is tried as one; as a certificate that someone sent it could only lengthen the path.
  const isAnchor = ({ certificate: { subject, subjectPublicKeyInfo } }: Candidate) =>
    anchors.some(
      (anchor) =>
        sameOctets(anchor.subjectPublicKeyInfo.der, subjectPublicKeyInfo.der) && sameName(anchor.name, subject),
    )
  const selfIssued = ({ certificate: { subject, issuer } }: Candidate) => sameName(subject, issuer)

  return (path) => {
    const subject = (path.at(-1) as Candidate).certificate
    let otherKey = false
    let otherName = false
    /** Notes why it is not the issuer where it nearly is. */
    const issued = (name: Certificate['subject'], certificate: Certificate | undefined): boolean => {
      if (!sameName(name, subject.issuer)) {
        otherName ||= certificate !== undefined && namesKeyOf(subject, certificate)
        return false
      }
      const fits = certificate === undefined || compareKeyIdentifiers(subject, certificate) !== 'other'
      otherKey ||= !fits
      return fits
    }
    const fittingAnchors = anchors.filter(({ name, certificate }) => meter.step() && issued(name, certificate))
    const candidates = bag.filter(
      (candidate) =>
        meter.step() &&
        issued(candidate.certificate.subject, candidate.certificate) &&
        !path.some((earlier) => sameEntity(earlier.certificate, candidate.certificate, sameName)) &&
        !(selfIssued(candidate) && isAnchor(candidate)),
    )
    if (candidates.length > 1) {
      const rank = (candidate: Candidate) =>
        (selfIssued(candidate) ? 4 : 0) +
        (compareKeyIdentifiers(subject, candidate.certificate) === 'same' ? 0 : 2) +
        (isValidAt(candidate.certificate, now) ? 0 : 1)
      candidates.sort((left, right) => rank(left) - rank(right))
    }
    return { anchors: fittingAnchors, candidates, otherKey, otherName }
  }
}

/** RFC 4158 §2.4.2: a path that meets the same name and key again is a loop. */
function sameEntity(
  left: Certificate,
  right: Certificate,
  sameName: (left: Certificate['subject'], right: Certificate['subject']) => boolean,
): boolean {
  return (
    sameOctets(left.subjectPublicKeyInfo.der, right.subjectPublicKeyInfo.der) && sameName(left.subject, right.subject)
  )
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

/** Compares two names once per search: a peer can send long ones, and the search comes back to them. */
function compareNamesOnce(): (left: Name, right: Name) => boolean {
  const known = new Map<Name, Map<Name, boolean>>()
  return (left, right) => {
    const answers = known.get(left) ?? new Map<Name, boolean>()
    known.set(left, answers)
    const answer = answers.get(right) ?? namesEqual(left, right)
    answers.set(right, answer)
    return answer
  }
}
