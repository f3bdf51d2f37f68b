// Who could have issued this certificate, likeliest first: RFC 4158 §3.5.
import { type Certificate, type Name, namesEqual, type SubjectPublicKeyInfo } from '@countersign/x509'
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
  /** Also those whose key is not the one that the certificate names. */
  readonly anchors: readonly TrustAnchor[]
  readonly candidates: readonly Candidate[]
  /** One of that name has another key than the one that the certificate names. */
  readonly otherKey: boolean
  /** A certificate has the key that the certificate names, under another name. */
  readonly otherName: boolean
}

/** Finds the issuers of a certificate. Nothing here is trusted, and no signature is asked for. */
export type FindIssuers = (subject: Certificate) => Issuers

/** Prepares to find issuers among the anchors and the bag, which are looked through once for each certificate. */
export function findIssuersAmong(bag: readonly Candidate[], { anchors, now }: AnyPathContext): FindIssuers {
  const known = new Map<Certificate, Issuers>()
  const standings = new Map<Certificate, number>()
  /** What ranks a certificate as the issuer of whatever it may have issued. */
  const standingOf = (certificate: Certificate): number => {
    const standing =
      standings.get(certificate) ??
      (selfIssued(certificate) ? 4 : 0) +
        (isValidAt(certificate, now) ? 0 : 1) +
        (isAnchor(certificate, anchors) ? 16 : 0)
    standings.set(certificate, standing)
    return standing
  }
  return (subject) => {
    const issuers = known.get(subject) ?? findIssuers(subject, bag, anchors, standingOf)
    known.set(subject, issuers)
    return issuers
  }
}

/** RFC 4158 §2.4.2: a path that meets the same name and key again is a loop. */
export function loops(path: readonly Candidate[], { certificate: next }: Candidate): boolean {
  return path.some(({ certificate: earlier }) => sameAuthority(earlier, next))
}

/** Whether two certificates are for the same name and key. */
export function sameAuthority(left: Certificate, right: Certificate): boolean {
  return isOf(left, right.subject, right.subjectPublicKeyInfo)
}

/** Whether a certificate is for this name and key. */
export function isOf(certificate: Certificate, name: Name, { der }: SubjectPublicKeyInfo): boolean {
  return sameOctets(certificate.subjectPublicKeyInfo.der, der) && sameName(certificate.subject, name)
}

function findIssuers(
  subject: Certificate,
  bag: readonly Candidate[],
  anchors: readonly TrustAnchor[],
  standingOf: (certificate: Certificate) => number,
): Issuers {
  let otherKey = false
  let otherName = false
  /** Notes why it is not the issuer where it nearly is. */
  const issued = (name: Name, certificate: Certificate | undefined): boolean => {
    if (sameName(name, subject.issuer)) {
      otherKey ||= certificate !== undefined && compareKeyIdentifiers(subject, certificate) === 'other'
      return true
    }
    otherName ||= certificate !== undefined && namesKeyOf(subject, certificate)
    return false
  }
  const rank = (certificate: Certificate) =>
    RANKS[compareKeyIdentifiers(subject, certificate)] + standingOf(certificate)
  return {
    anchors: sorted(
      anchors.filter(({ name, certificate }) => issued(name, certificate)),
      ({ certificate }) => (certificate === undefined ? RANKS.unsaid : rank(certificate)),
    ),
    candidates: sorted(
      bag.filter(({ certificate }) => issued(certificate.subject, certificate)),
      ({ certificate }) => rank(certificate),
    ),
    otherKey,
    otherName,
  }
}

/**
 * RFC 4158 §3.5.12: key identifiers are not "required to match during certification path validation and cannot be used to
 * eliminate certificates". So the key that is named comes first and another one last, after all that is said of either.
 */
const RANKS = { same: 0, unsaid: 2, other: 8 } as const

/** Sorting is stable: what ranks alike is tried as it came. */
function sorted<T>(values: readonly T[], rank: (value: T) => number): readonly T[] {
  if (values.length < 2) return values
  const ranks = new Map(values.map((value) => [value, rank(value)]))
  return values.toSorted((left, right) => (ranks.get(left) ?? 0) - (ranks.get(right) ?? 0))
}

/** What is an anchor is tried as one first; as a certificate that someone sent it leads on only if another key signed it. */
export function isAnchor(certificate: Certificate, anchors: readonly TrustAnchor[]): boolean {
  return anchors.some(
    ({ name, subjectPublicKeyInfo }) =>
      isOf(certificate, name, subjectPublicKeyInfo) &&
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
