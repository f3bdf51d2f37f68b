// One candidate path against RFC 5280 §6.1: from the anchor down, every rule, every finding.
import {
  type Certificate,
  type CertificateList,
  namesEqual,
  type Oid,
  type SubjectPublicKeyInfo,
} from '@countersign/x509'
import { whyNotKey } from '../algorithms/key.ts'
import { fitsKey } from '../algorithms/signature.ts'
import type { Constraints, NameJudge } from '../constraints/judge.ts'
import type { AnyPathContext, Finding, StatusEvidence, TrustAnchor } from '../model.ts'
import { sameOctets } from '../octets.ts'
import { judgePolicies } from '../policies/judge.ts'
import { PROFILES, type Profile } from '../profile.ts'
import type { CrlIndex } from '../revocation/crl-index.ts'
import type { StatusIssuer } from '../revocation/issuer.ts'
import { judgeAnswers, noAnswers } from '../revocation/ocsp.ts'
import { namesOfPoints } from '../revocation/points.ts'
import { whyNotSigner } from '../revocation/scope.ts'
import { judgeStatus } from '../revocation/status.ts'
import type { Meter } from './budget.ts'
import { judgeEveryCertificate, judgeSerialNumber, judgeSignatureAlgorithm } from './every-certificate.ts'
import { type Fault, faultsOf } from './fault.ts'
import { judgeIssuer, selfIssued, stepPathLength } from './issuer.ts'
import { judgeLeaf } from './leaf.ts'
import type { Asking } from './question.ts'
import type { AskSignature, SignatureAnswer } from './signatures.ts'

/** What is to be said of one candidate path. It is accepted where it has an anchor and no findings. */
export interface Judgement {
  readonly findings: readonly Finding[]
  readonly evidence: readonly StatusEvidence[]
  /** Whether every signature up to the anchor verified. */
  readonly signed: boolean
  /** The valid policies of a path that is signed. */
  readonly policies: readonly Oid[]
}

/** What a search keeps between the paths that it judges. */
export interface Judges {
  readonly ask: AskSignature
  readonly names: NameJudge
  readonly meter: Meter
  /** The certificates of a CRL's issuer that lead to the anchor and may sign CRLs. Absent where such a one is itself judged. */
  readonly crlIssuers?: (crl: CertificateList, anchor: TrustAnchor) => Asking<readonly Certificate[]>
}

/** The context of one search, which may be for the issuer of a CRL within another. */
export interface SearchContext extends AnyPathContext {
  readonly asCrlIssuer?: boolean
}

/** What the issuers above leave to what is below them. */
interface Left {
  maxPathLength: number
  constraints: readonly Constraints[]
}

/**
 * Judges a path from `path[0]` (the leaf) to what `anchor` issued. Signatures are asked for from the anchor down, and none
 * under a key that is not itself proved: a stranger's key is never put to work.
 */
export function* judgePath(
  path: readonly Certificate[],
  anchor: TrustAnchor,
  context: SearchContext,
  judges: Judges,
): Asking<Judgement> {
  const { ask } = judges
  const findings: Finding[] = []
  const left = yield* judgeAnchor(anchor, path.length, context, judges, findings)
  const evidence: StatusEvidence[] = []
  let signed = true
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const certificate = path[depth] as Certificate
    const fault = faultsOf(findings, depth, certificate)
    const above = path[depth + 1]
    const issuer = above === undefined ? anchor : issuerOf(above)
    judgeUnsigned(certificate, depth, left, context, judges, fault)
    const signable = judgeSignatureAlgorithm(certificate, fault)
    signed &&= signable && (yield* judgeSignature(certificate, issuer, ask, fault))
    if (!signed) continue
    const isSigned = function* ({ crl }: CrlIndex) {
      for (const { name, certificate, subjectPublicKeyInfo } of [issuer, anchor]) {
        const own = namesEqual(crl.issuer, name) && whyNotSigner(crl, certificate) === undefined
        if (own && (yield* isSignedBy(crl, subjectPublicKeyInfo, ask)) === true) return true
      }
      // §6.3.3 (f): another key of its issuer, or another issuer, with a path to the same anchor.
      for (const other of judges.crlIssuers ? yield* judges.crlIssuers(crl, anchor) : [])
        if ((yield* isSignedBy(crl, other.subjectPublicKeyInfo, ask)) === true) return true
      return false
    }
    if (context.status.crls.length > 0 && !judges.meter.names(namesOfPoints(certificate))) break
    const { status, now, profile = PROFILES.private } = context
    const { ocsp } = status
    const judgeDelegate = function* (delegate: Certificate, fault: Fault) {
      const known = { ...status, mode: 'prefer' } as const
      yield* judgeStatus(delegate, depth, issuer, known, now, isSigned, noAnswers, fault)
    }
    const askResponders =
      ocsp === undefined
        ? noAnswers
        : (certificate: Certificate) =>
            judgeAnswers({ certificate, depth, issuer, ocsp, now, profile, ask, meter: judges.meter, judgeDelegate })
    evidence.push(...(yield* judgeStatus(certificate, depth, issuer, status, now, isSigned, askResponders, fault)))
  }
  const policies = signed ? judgePolicies(path, anchor, context, judges.meter, findings) : []
  return { findings: leafFirst(findings), evidence, signed, policies }
}

function* isSignedBy(crl: CertificateList, key: SubjectPublicKeyInfo, ask: AskSignature): Asking<SignatureAnswer> {
  if (!fitsKey(crl.signatureAlgorithm, key.algorithm)) return false
  return yield* ask(crl.signatureAlgorithm, key, crl.tbsDer, crl.signatureValue)
}

/** Judges a path that leads to no anchor: all rules but signatures and status, which need a proved key. */
export function judgeDeadEnd(
  path: readonly Certificate[],
  context: AnyPathContext,
  judges: Judges,
): readonly Finding[] {
  const findings: Finding[] = []
  const left: Left = { maxPathLength: context.maxPathLength ?? Number.POSITIVE_INFINITY, constraints: [] }
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const certificate = path[depth] as Certificate
    const fault = faultsOf(findings, depth, certificate)
    judgeUnsigned(certificate, depth, left, context, judges, fault)
    judgeSignatureAlgorithm(certificate, fault)
  }
  return leafFirst(findings)
}

/** All of one certificate but its signature and status. `left` is what the issuers above leave, and then what it leaves. */
function judgeUnsigned(
  certificate: Certificate,
  depth: number,
  left: Left,
  context: SearchContext,
  { names }: Judges,
  fault: Fault,
): void {
  judgeEveryCertificate(certificate, context.now, context.profile ?? PROFILES.private, fault)
  judgeSerialNumber(certificate, fault)
  // §4.2.1.1: "The keyIdentifier field of the authorityKeyIdentifier extension MUST be included in all certificates", with
  // one exception, for certificates that their own key signs.
  const named = certificate.authorityKeyIdentifier?.keyIdentifier !== undefined || selfIssued(certificate)
  if (certificate.version === 3 && !named)
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifier of its issuer is absent')
  names.judge(certificate, depth === 0, left.constraints, fault)
  if (depth === 0) {
    if (context.asCrlIssuer) judgeCrlIssuer(certificate, fault)
    else judgeLeaf(certificate, context, fault)
    return
  }
  judgeIssuer(certificate, context.purpose, fault)
  left.maxPathLength = stepPathLength(left.maxPathLength, certificate, fault)
  left.constraints = names.add(certificate, left.constraints, fault)
}

/**
 * An anchor that came as a certificate is held to it (RFC 5937 §3): validity, constraints, usage and criticality bind as if it
 * were an issuer of the path. Its own signature proves nothing and is not asked for, but where nothing else
 * tells whether it is self-signed. Answers what it leaves.
 */
function* judgeAnchor(
  { certificate, subjectPublicKeyInfo }: TrustAnchor,
  depth: number,
  { now, purpose, profile = PROFILES.private, maxPathLength = Number.POSITIVE_INFINITY }: AnyPathContext,
  { ask, names }: Judges,
  findings: Finding[],
): Asking<Left> {
  const fault = faultsOf(findings, depth, certificate)
  if (certificate === undefined) {
    const weak = whyNotKey(subjectPublicKeyInfo)
    if (weak !== undefined) fault('ERR_VERIFY_WEAK_KEY', weak)
    return { maxPathLength, constraints: [] }
  }
  judgeEveryCertificate(certificate, now, profile, fault)
  judgeIssuer(certificate, purpose, fault)
  if (profile.anchorPurpose === 'forbidden' && certificate.extendedKeyUsage !== undefined)
    fault('ERR_VERIFY_EXTENDED_KEY_USAGE', 'a root has extendedKeyUsage')
  yield* judgeAnchorKeyIdentifiers(certificate, profile, ask, fault)
  return {
    maxPathLength: Math.min(maxPathLength, certificate.basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY),
    constraints: names.add(certificate, [], fault),
  }
}

/**
 * §4.2.1.1: authorityKeyIdentifier may be left out only where an authority distributes its key "in the form of a "self-signed"
 * certificate"; "in this case, the subject and authority key identifiers would be identical".
 */
function* judgeAnchorKeyIdentifiers(
  certificate: Certificate,
  profile: Profile,
  ask: AskSignature,
  fault: Fault,
): Asking<void> {
  const { authorityKeyIdentifier, subjectKeyIdentifier, subjectPublicKeyInfo, signatureAlgorithm } = certificate
  if (authorityKeyIdentifier === undefined) {
    if (selfIssued(certificate) || certificate.version !== 3) return
    // Under another issuer's name it is self-signed only if its own key says so.
    const selfSigned =
      whyNotKey(subjectPublicKeyInfo) === undefined &&
      fitsKey(signatureAlgorithm, subjectPublicKeyInfo.algorithm) &&
      (yield* ask(signatureAlgorithm, subjectPublicKeyInfo, certificate.tbsDer, certificate.signatureValue))
    if (!selfSigned)
      fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifier of its issuer is absent, and its own key did not sign it')
    return
  }
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } = authorityKeyIdentifier
  if (
    profile.anchorKeyIdentifier === 'key-identifier-only' &&
    (authorityCertIssuer !== undefined || authorityCertSerialNumber !== undefined)
  )
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'a root names its issuer by more than a key identifier')
  if (!selfIssued(certificate) || subjectKeyIdentifier === undefined) return
  if (keyIdentifier === undefined || !sameOctets(keyIdentifier, subjectKeyIdentifier))
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifiers of a self-issued anchor differ')
}

/** §6.1.3 (a)(1). False where it does not hold, after a finding. */
function* judgeSignature(
  certificate: Certificate,
  { subjectPublicKeyInfo }: StatusIssuer,
  ask: AskSignature,
  fault: Fault,
): Asking<boolean> {
  const { signatureAlgorithm, tbsDer, signatureValue } = certificate
  // Its finding stands with the certificate that has this key.
  if (whyNotKey(subjectPublicKeyInfo) !== undefined) return false
  if (!fitsKey(signatureAlgorithm, subjectPublicKeyInfo.algorithm)) {
    fault('ERR_VERIFY_BAD_SIGNATURE', 'the signature is of another algorithm than the key of its issuer')
    return false
  }
  const answer = yield* ask(signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue)
  if (answer === undefined) fault('ERR_VERIFY_ALGORITHM', 'the signature algorithm cannot be checked here')
  else if (!answer) fault('ERR_VERIFY_BAD_SIGNATURE', 'the signature does not verify under the key of its issuer')
  return answer === true
}

/** RFC 10007 §4: "verify that the key usage extension is present and verify that the cRLSign bit is set". */
function judgeCrlIssuer({ keyUsage }: Certificate, fault: Fault): void {
  if (!keyUsage?.has('cRLSign')) fault('ERR_VERIFY_KEY_USAGE', 'the key usage of an issuer of crls has no cRLSign')
}

function issuerOf(certificate: Certificate): StatusIssuer {
  return { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo, certificate }
}

/** The order in which people read them. Sorting is stable: the rules of one certificate stay in theirs. */
function leafFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((left, right) => (left.depth ?? 0) - (right.depth ?? 0))
}
