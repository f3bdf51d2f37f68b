// The shapes of a decision on a path: what goes in, and the verdict with every finding that comes out.
import type {
  AlgorithmIdentifier,
  Certificate,
  CRLReason,
  HashName,
  Name,
  NameConstraints,
  OCSPResponse,
  Oid,
  SubjectPublicKeyInfo,
} from '@countersign/x509'
import type { VERIFIED } from './path/verified.ts'
import type { Profile } from './profile.ts'
import type { CrlIndex } from './revocation/crl-index.ts'

/** Why a path, or one certificate of it, is refused. A released code keeps its meaning and is never reused. */
export const FINDINGS = {
  ERR_VERIFY_MALFORMED: 'RFC 5280 §4.1',
  ERR_VERIFY_EMPTY: 'RFC 5280 §6.1',
  ERR_VERIFY_NO_ANCHOR: 'RFC 5280 §6.1.1 (d)',
  ERR_VERIFY_ISSUER_NOT_FOUND: 'RFC 5280 §6.1.3 (a)(4)',
  ERR_VERIFY_BAD_SIGNATURE: 'RFC 5280 §6.1.3 (a)(1)',
  ERR_VERIFY_ALGORITHM: 'RFC 5280 §4.1.1.2',
  ERR_VERIFY_ALGORITHM_MISMATCH: 'RFC 5280 §4.1.1.2',
  ERR_VERIFY_WEAK_KEY: 'local profile',
  ERR_VERIFY_EXPIRED: 'RFC 5280 §6.1.3 (a)(2)',
  ERR_VERIFY_NOT_YET_VALID: 'RFC 5280 §6.1.3 (a)(2)',
  ERR_VERIFY_VERSION: 'RFC 5280 §4.1.2.1',
  ERR_VERIFY_SERIAL: 'RFC 5280 §4.1.2.2',
  ERR_VERIFY_SUBJECT: 'RFC 5280 §4.1.2.6',
  ERR_VERIFY_NAME_CHAINING: 'RFC 5280 §6.1.3 (a)(4)',
  ERR_VERIFY_NOT_A_CA: 'RFC 5280 §6.1.4 (k)',
  ERR_VERIFY_CA_AS_LEAF: 'local profile',
  ERR_VERIFY_PATH_LENGTH: 'RFC 5280 §6.1.4 (l)',
  ERR_VERIFY_KEY_USAGE: 'RFC 5280 §6.1.4 (n)',
  ERR_VERIFY_EXTENDED_KEY_USAGE: 'RFC 5280 §4.2.1.12',
  ERR_VERIFY_CRITICAL_EXTENSION: 'RFC 5280 §6.1.4 (o)',
  ERR_VERIFY_UNSUPPORTED: 'RFC 5280 §6.1.4',
  ERR_VERIFY_KEY_IDENTIFIER: 'RFC 5280 §4.2.1.1',
  ERR_VERIFY_NAME_CONSTRAINTS: 'RFC 5280 §4.2.1.10',
  ERR_VERIFY_POLICY: 'RFC 5280 §6.1.5 (g)',
  ERR_VERIFY_POLICY_MAPPING: 'RFC 5280 §6.1.4 (a)',
  ERR_VERIFY_NAME: 'RFC 9525 §6',
  ERR_VERIFY_NAME_ABSENT: 'RFC 9525 §6.1',
  ERR_VERIFY_COMMON_NAME: 'CA/Browser Forum BR §7.1.4.3',
  ERR_VERIFY_PUBLIC_SUFFIX: 'CA/Browser Forum BR §3.2.2.6',
  ERR_VERIFY_SPIFFE: 'SPIFFE X509-SVID §5.2',
  ERR_VERIFY_NO_REV_AVAIL: 'RFC 9608 §3',
  ERR_VERIFY_REVOKED: 'RFC 5280 §6.3.3',
  ERR_VERIFY_STATUS_UNKNOWN: 'RFC 5280 §6.3.3',
  ERR_VERIFY_STATUS_EXPIRED: 'RFC 5280 §5.1.2.5',
  ERR_VERIFY_BUDGET: 'local limit',
} as const
/** One code of {@link FINDINGS}. */
export type FindingCode = keyof typeof FINDINGS

/** One reason. `depth` 0 is the leaf; it is absent where the fault is of no one place in a path. */
export interface Finding {
  readonly code: FindingCode
  readonly clause: string
  readonly depth?: number
  /** Lower case, no full stop; peer-controlled text in it is escaped. */
  readonly detail: string
  /** DER of the certificate at fault; a view, not a copy. */
  readonly certificate?: Uint8Array
  /** For ERR_VERIFY_REVOKED. */
  readonly revocation?: { readonly at: Temporal.Instant; readonly reason?: CRLReason }
  /** What `detail` says, for whoever words it otherwise. */
  readonly facts?: Facts
}

/** What varies between findings of one code. Each is there where the code has it; text is short, and a peer's in it is escaped. */
export interface Facts {
  /** The moment that it turns on: the end or the beginning of a validity, or when a list was to be replaced. */
  readonly at?: Temporal.Instant
  /** What stands there: names, purposes, usages, extensions or algorithms. */
  readonly found?: readonly string[]
  /** How many more stand there. */
  readonly others?: number
  /** What was asked for. */
  readonly wanted?: string
  /** A number that stands there, and the bound that it is beyond. */
  readonly count?: number
  readonly limit?: number
  /** Which of the certificates that a peer sent, the leaf being 0, where it has no place in a path. */
  readonly index?: number
}

/** A path from `certificates[0]` (the leaf) to the certificate that `anchor` issued. Only this package can make one. */
export interface VerifiedPath {
  readonly [VERIFIED]: true
  readonly certificates: readonly Certificate[]
  readonly anchor: TrustAnchor
  /** Until when nothing in the path or its evidence runs out. */
  readonly validUntil: Temporal.Instant
}

/** What was used to say "not revoked". */
export type StatusEvidence =
  | {
      readonly kind: 'crl'
      readonly depth: number
      readonly issuer: Name
      readonly number?: bigint
      /** Of the complete CRL that a delta has brought up to date: all else is the delta's. */
      readonly base?: bigint
      readonly thisUpdate: Temporal.Instant
      readonly nextUpdate?: Temporal.Instant
      /** Where the certificate of who signed it, or the evidence for that, ends before it does. */
      readonly until?: Temporal.Instant
    }
  | {
      readonly kind: 'ocsp'
      readonly depth: number
      /** The responder: the issuer of the certificate, or its delegate. */
      readonly issuer: Name
      readonly producedAt: Temporal.Instant
      readonly thisUpdate: Temporal.Instant
      readonly nextUpdate?: Temporal.Instant
      /** When it no longer counts here: the skew, the age of an answer without an end, and the end of a delegate are in it. */
      readonly until: Temporal.Instant
    }

/** One candidate path and what spoke against it; `certificates` are indexes into the bag (peer first, then issuers). */
export interface TriedPath {
  readonly certificates: readonly number[]
  /** Where it leads to one. */
  readonly anchor?: TrustAnchor
  readonly findings: readonly Finding[]
}

/** The verified path with its evidence, or every finding against the best one. */
export type Verdict =
  | {
      readonly ok: true
      readonly path: VerifiedPath
      readonly evidence: readonly StatusEvidence[]
      /** The user-constrained-policy-set, RFC 9618 §5.5 (g); anyPolicy in it is every policy. */
      readonly policies: readonly string[]
    }
  | { readonly ok: false; readonly findings: readonly Finding[]; readonly tried: readonly TriedPath[] }

/** RFC 5280 §6.1.1 (d): a name and a key; `certificate` where it came as one. */
export interface TrustAnchor {
  readonly name: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly certificate?: Certificate
  /** What the relying party lets it vouch for, beside what its certificate says. @see RFC 5937 §3.2, RFC 5914 §2.7 */
  readonly nameConstraints?: NameConstraints
}

/** The purpose of the leaf's key, RFC 5280 §4.2.1.12. */
export type Purpose = 'serverAuth' | 'clientAuth' | 'emailProtection' | 'timeStamping'

/** The name that the peer must prove, RFC 9525 §6.1. `iPAddress` in its usual text form. */
export type ReferenceIdentity =
  | { readonly kind: 'dNSName'; readonly value: string }
  | { readonly kind: 'iPAddress'; readonly value: string }
  | { readonly kind: 'uniformResourceIdentifier'; readonly value: string }
  | { readonly kind: 'rfc822Name'; readonly value: string }

/** Checks one signature; pure from the caller's view, may remember. False is "does not verify", an unknown algorithm is `undefined`. */
export type CheckSignature<Answer = boolean | undefined> = (
  algorithm: AlgorithmIdentifier,
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  signed: Uint8Array,
  signature: Uint8Array,
) => Answer

/** What is known about revocation when the question is asked. */
export interface StatusContext<Octets = Uint8Array> {
  /** `require`: no usable CRL or answer is a refusal. `prefer`: a usable one counts, its absence does not. */
  readonly mode: 'require' | 'prefer'
  readonly crls: readonly CrlIndex[]
  /** Absent: no responder was asked, and none has answered. */
  readonly ocsp?: OcspContext<Octets>
  /** Revocations announced since the CRLs were made; always counts. */
  readonly announced?: (issuer: SubjectPublicKeyInfo, serialNumber: bigint) => Announced | undefined
}

/** What OCSP responders have answered, RFC 6960. */
export interface OcspContext<Octets = Uint8Array> {
  /** As many as there may be certificates, and as many octets. */
  readonly answers: readonly OcspAnswer[]
  /** The digest by which answers name a certificate's issuer. No signature hangs on it. */
  digest(hash: HashName, octets: Uint8Array): Octets
  /** By how much a responder's clock may differ from `now`. Default: 300. */
  readonly skewSeconds?: number
  /** For how long after thisUpdate an answer without nextUpdate holds, beside the skew. Default: 0. */
  readonly maxAgeSeconds?: number
}

/** One answer, which speaks of whatever certificates it speaks of. */
export interface OcspAnswer {
  readonly response: OCSPResponse
  /** The one that was sent with the question: the answer must have it, RFC 9654 §2.1. */
  readonly nonce?: Uint8Array
}

/** A revocation that is known before any CRL says so. */
export interface Announced {
  readonly at: Temporal.Instant
  readonly reason?: CRLReason
}

/** Work that one call may cause, over its whole search; over it the verdict is ERR_VERIFY_BUDGET. */
export interface Budget {
  /** Certificates that the peer sent. */
  readonly maxCertificates: number
  /** Octets of DER that the peer sent. */
  readonly maxOctets: number
  /** Signatures asked for, on certificates, CRLs and answers; one under a costly key counts as so many under one of P-256. */
  readonly maxSignatures: number
  /** Ends of paths extended, candidates that are put on top of one, and certificates judged as part of a candidate path. */
  readonly maxSteps: number
  /**
   * Names held against name constraints, each once per constraining certificate, and the subtrees of these; policies and mappings;
   * names of distribution points, where there are CRLs.
   */
  readonly maxNames: number
  /** Certificates of one path, the leaf counted and the anchor not. */
  readonly maxDepth: number
}

/** RFC 5280 §6.1.1 (c) to (f). All are absent by default: any policy, or none, will do. */
export interface PolicyQuestion {
  /** user-initial-policy-set; absent is any policy. */
  readonly initialPolicySet?: readonly Oid[]
  /** The path must be valid for at least one policy of the set. */
  readonly initialExplicitPolicy?: boolean
  readonly initialPolicyMappingInhibit?: boolean
  readonly initialAnyPolicyInhibit?: boolean
}

/** Everything that a verdict depends on, beside the certificates. `Answer` and `Octets`: how cryptography answers, at once or later. */
export interface PathContext<Answer = boolean | undefined, Octets = Uint8Array> {
  readonly anchors: readonly TrustAnchor[]
  /** Issuers known from elsewhere than the peer: untrusted, only candidates. */
  readonly issuers: readonly Certificate[]
  readonly status: StatusContext<Octets>
  readonly now: Temporal.Instant
  readonly purpose: Purpose
  /** Default: `PROFILES.private`. */
  readonly profile?: Profile
  /** Default: any policy will do, and none. */
  readonly policy?: PolicyQuestion
  /** RFC 5280 §6.1.2 (k): at most this many issuers between leaf and anchor that are not self-issued. Default: no limit. */
  readonly maxPathLength?: number
  /** Absent where any identity will do and the caller decides on it (a server judging its caller). */
  readonly name?: ReferenceIdentity
  readonly budget?: Budget
  readonly checkSignature: CheckSignature<Answer>
}

/** A context however its cryptography answers: the core asks, and only a driver calls. */
export type AnyPathContext = PathContext<unknown, unknown>

/** A context whose cryptography answers later, as WebCrypto does. */
export type AsyncPathContext = PathContext<Promise<boolean | undefined>, Promise<Uint8Array>>
