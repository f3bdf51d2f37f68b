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
import type { AskSigner, CrlSigner } from '../revocation/delta.ts'
import type { StatusIssuer } from '../revocation/issuer.ts'
import { isToBeAsked, judgeAnswers, noAnswers, type OcspQuestion } from '../revocation/ocsp.ts'
import { namesOfPoints } from '../revocation/points.ts'
import { whyNotSigner } from '../revocation/scope.ts'
import { type AskResponders, judgeStatus } from '../revocation/status.ts'
import type { Alone, JudgeAlone, SearchContext } from './alone.ts'
import type { Meter } from './budget.ts'
import { type Fault, faultsOf } from './fault.ts'
import { selfIssued, stepPathLength } from './issuer.ts'
import type { Asking } from './question.ts'
import type { AskSignature, SignatureAnswer, Signatures } from './signatures.ts'

/** What is to be said of one candidate path. It is accepted where it has an anchor and no findings. */
export interface Judgement {
  readonly findings: readonly Finding[]
  readonly evidence: readonly StatusEvidence[]
  /** Whether every signature up to the anchor verified. */
  readonly signed: boolean
  /** The depth of the certificate whose status speaks against it, nearest to the anchor. */
  readonly barred: number | undefined
  /** The valid policies of a path that is signed. */
  readonly policies: readonly Oid[]
}

/** What a search keeps between the paths that it judges. */
export interface Judges {
  readonly alone: JudgeAlone
  readonly signatures: Signatures
  readonly names: NameJudge
  readonly meter: Meter
  readonly readDelegate: OcspQuestion['readDelegate']
  /** The certificates of a CRL's issuer that lead to the anchor and may sign CRLs. Absent where one is judged for another. */
  readonly crlIssuers?: (crl: CertificateList, anchor: TrustAnchor) => Asking<readonly CrlIssuer[]>
}

/** A certificate that may sign CRLs, and until when its path and the evidence for it hold. */
export interface CrlIssuer {
  readonly certificate: Certificate
  readonly until: Temporal.Instant
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
  const { meter, readDelegate } = judges
  const { ask } = judges.signatures
  const findings: Finding[] = []
  const left = yield* judgeAnchor(anchor, path.length, context, judges, findings)
  const evidence: StatusEvidence[] = []
  let signed = true
  let barred: number | undefined
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const certificate = path[depth] as Certificate
    const fault = faultsOf(findings, depth, certificate)
    const above = path[depth + 1]
    const issuer = above === undefined ? anchor : issuerOf(above)
    const { signable } = judgeUnsigned(certificate, depth, left, judges, fault)
    judgeSelfIssued(certificate, issuer, fault)
    signed &&= signable && (yield* judgeSignature(certificate, issuer, ask, fault))
    if (!signed || !knowsStatus(context.status)) continue
    const signerOf: AskSigner = ({ crl }) => signerUnder(crl, issuer, anchor, judges)
    if (context.status.crls.length > 0 && !meter.names(namesOfPoints(certificate))) break
    const { status, now, profile = PROFILES.private } = context
    const { ocsp } = status
    const judgeDelegate =
      (askResponders: AskResponders) =>
      (delegate: Certificate, fault: Fault): Asking<readonly StatusEvidence[]> => {
        const asked = { ...status, mode: isToBeAsked(delegate) ? status.mode : ('prefer' as const) }
        return judgeStatus(delegate, depth, issuer, asked, now, signerOf, askResponders, fault)
      }
    const asking = (judgeDelegate: OcspQuestion['judgeDelegate']): AskResponders =>
      ocsp === undefined
        ? noAnswers
        : (certificate) =>
            judgeAnswers({ certificate, depth, issuer, ocsp, now, profile, ask, meter, readDelegate, judgeDelegate })
    // Answers tell of delegates, too. Of the delegates of those, lists alone: it must end.
    const askResponders = asking(judgeDelegate(asking(judgeDelegate(noAnswers))))
    const before = findings.length
    evidence.push(...(yield* judgeStatus(certificate, depth, issuer, status, now, signerOf, askResponders, fault)))
    if (findings.length > before) barred ??= depth
  }
  const policies = signed ? judgePolicies(path, anchor, context, judges.meter, findings) : []
  return { findings: leafFirst(findings), evidence, signed, barred, policies }
}

/** §4.2.1.1: only what its own key signs may leave the key identifier of its issuer out; of others the certificate alone tells. */
function judgeSelfIssued(certificate: Certificate, { subjectPublicKeyInfo }: StatusIssuer, fault: Fault): void {
  if (certificate.version !== 3 || certificate.authorityKeyIdentifier?.keyIdentifier !== undefined) return
  if (selfIssued(certificate) && !sameOctets(certificate.subjectPublicKeyInfo.der, subjectPublicKeyInfo.der))
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifier of its issuer is absent, and its own key did not sign it')
}

/** Whether there is anything that could speak against a certificate. */
function knowsStatus({ mode, crls, ocsp, announced }: AnyPathContext['status']): boolean {
  return mode === 'require' || crls.length > 0 || ocsp !== undefined || announced !== undefined
}

/**
 * Finds the proved key that signed a list. Here and in this package a generator is a function of its module: V8 makes a
 * class for each one that is made anew and run, which keeps all that it closes over until the next full collection.
 */
function* signerUnder(
  crl: CertificateList,
  issuer: StatusIssuer,
  anchor: TrustAnchor,
  { signatures: { ask }, crlIssuers }: Judges,
): Asking<CrlSigner | undefined> {
  for (const { name, certificate, subjectPublicKeyInfo: own } of [issuer, anchor]) {
    const may = namesEqual(crl.issuer, name) && whyNotSigner(crl, certificate) === undefined
    if (may && (yield* isSignedBy(crl, own, ask)) === true) return { key: own }
  }
  // §6.3.3 (f): another key of its issuer, or another issuer, with a path to the same anchor.
  for (const { certificate, until } of crlIssuers ? yield* crlIssuers(crl, anchor) : []) {
    const { subjectPublicKeyInfo: key } = certificate
    if ((yield* isSignedBy(crl, key, ask)) === true) return { key, until }
  }
  return undefined
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
    judgeUnsigned(certificate, depth, left, judges, fault)
  }
  return leafFirst(findings)
}

/** All of one certificate but its signature and status. `left` is what the issuers above leave, and then what it leaves. */
function judgeUnsigned(
  certificate: Certificate,
  depth: number,
  left: Left,
  { alone, names }: Judges,
  fault: Fault,
): Alone {
  const own = alone(certificate, depth === 0 ? 'leaf' : 'issuer')
  for (const each of own.faults) fault(...each)
  names.judge(certificate, depth === 0, left.constraints, fault)
  if (depth > 0) {
    left.maxPathLength = stepPathLength(left.maxPathLength, certificate, fault)
    left.constraints = names.add(certificate, left.constraints, fault)
  }
  return own
}

/**
 * An anchor that came as a certificate is held to it (RFC 5937 §3): validity, constraints, usage and criticality bind as if it
 * were an issuer of the path. Its own signature proves nothing and is not asked for, but where nothing else
 * tells whether it is self-signed. Answers what it leaves.
 */
function* judgeAnchor(
  anchor: TrustAnchor,
  depth: number,
  { profile = PROFILES.private, maxPathLength = Number.POSITIVE_INFINITY }: AnyPathContext,
  { alone, signatures, names }: Judges,
  findings: Finding[],
): Asking<Left> {
  const { certificate, subjectPublicKeyInfo } = anchor
  const fault = faultsOf(findings, depth, certificate)
  const constraints = names.add(anchor, [], fault)
  if (certificate === undefined) {
    const weak = whyNotKey(subjectPublicKeyInfo)
    if (weak !== undefined) fault('ERR_VERIFY_WEAK_KEY', weak, { found: [subjectPublicKeyInfo.algorithm.algorithm] })
    return { maxPathLength, constraints }
  }
  for (const each of alone(certificate, 'anchor').faults) fault(...each)
  yield* judgeAnchorKeyIdentifiers(certificate, profile.anchorKeyIdentifier, signatures.ask, fault)
  return {
    maxPathLength: Math.min(maxPathLength, certificate.basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY),
    constraints: names.add(certificate, constraints, fault),
  }
}

/**
 * §4.2.1.1: authorityKeyIdentifier may be left out only where an authority distributes its key "in the form of a "self-signed"
 * certificate"; "in this case, the subject and authority key identifiers would be identical".
 */
function* judgeAnchorKeyIdentifiers(
  certificate: Certificate,
  allowed: Profile['anchorKeyIdentifier'],
  ask: AskSignature,
  fault: Fault,
): Asking<void> {
  const { authorityKeyIdentifier, subjectKeyIdentifier } = certificate
  if (authorityKeyIdentifier === undefined) {
    if (selfIssued(certificate) || certificate.version !== 3) return
    // Under another issuer's name it is self-signed only if its own key says so.
    if (!(yield* isSelfSigned(certificate, ask)))
      fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifier of its issuer is absent, and its own key did not sign it')
    return
  }
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } = authorityKeyIdentifier
  if (
    allowed === 'key-identifier-only' &&
    (authorityCertIssuer !== undefined || authorityCertSerialNumber !== undefined)
  )
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'a root names its issuer by more than a key identifier')
  if (!selfIssued(certificate) || subjectKeyIdentifier === undefined) return
  const differ = keyIdentifier === undefined || !sameOctets(keyIdentifier, subjectKeyIdentifier)
  // An authority's new key under its old one is self-issued too, and names the old one rightly.
  if (differ && (keyIdentifier === undefined || (yield* isSelfSigned(certificate, ask))))
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifiers of a self-signed anchor differ')
}

function* isSelfSigned(
  { subjectPublicKeyInfo, signatureAlgorithm, tbsDer, signatureValue }: Certificate,
  ask: AskSignature,
): Asking<boolean> {
  return (
    whyNotKey(subjectPublicKeyInfo) === undefined &&
    fitsKey(signatureAlgorithm, subjectPublicKeyInfo.algorithm) &&
    (yield* ask(signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue)) === true
  )
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
    fault(
      'ERR_VERIFY_BAD_SIGNATURE',
      'the signature is of another algorithm than the key of its issuer, or of other parameters',
    )
    return false
  }
  const answer = yield* ask(signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue)
  if (answer === undefined)
    fault('ERR_VERIFY_ALGORITHM', 'the signature algorithm cannot be checked here', {
      found: [signatureAlgorithm.algorithm],
    })
  else if (!answer) fault('ERR_VERIFY_BAD_SIGNATURE', 'the signature does not verify under the key of its issuer')
  return answer === true
}

function issuerOf(certificate: Certificate): StatusIssuer {
  return { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo, certificate }
}

/** The order in which people read them. Sorting is stable: the rules of one certificate stay in theirs. */
function leafFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((left, right) => (left.depth ?? 0) - (right.depth ?? 0))
}
