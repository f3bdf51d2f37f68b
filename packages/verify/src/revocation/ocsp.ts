// What OCSP responders say of a certificate, and whether they may: RFC 6960 §3.2 and §4.2.2, RFC 9654.
import {
  type BasicOCSPResponse,
  type Certificate,
  DerError,
  type Extension,
  type HashName,
  hashOf,
  type Name,
  namesEqual,
  OID,
  type Oid,
  type ResponderID,
  readCertificate,
  type SingleResponse,
  type SubjectPublicKeyInfo,
  X509Error,
} from '@countersign/x509'
import { fitsKey, whyNotSignatureAlgorithm } from '../algorithms/signature.ts'
import type { Finding, OcspAnswer, OcspContext, StatusEvidence } from '../model.ts'
import { sameOctets } from '../octets.ts'
import type { Meter } from '../path/budget.ts'
import { judgeEveryCertificate, judgeSignatureAlgorithm } from '../path/every-certificate.ts'
import { type Fault, faultsOf } from '../path/fault.ts'
import { compareKeyIdentifiers } from '../path/key-identifier.ts'
import { type Asking, askDigest } from '../path/question.ts'
import type { AskSignature } from '../path/signatures.ts'
import type { Profile } from '../profile.ts'
import type { StatusIssuer } from './issuer.ts'

/** A question about one certificate whose own signature has verified. */
export interface OcspQuestion {
  readonly certificate: Certificate
  readonly depth: number
  readonly issuer: StatusIssuer
  readonly ocsp: OcspContext<unknown>
  readonly now: Temporal.Instant
  readonly profile: Profile
  readonly ask: AskSignature
  readonly meter: Meter
  readonly readDelegate: (der: Uint8Array) => Certificate | string
  /** Judges the status of a delegate; answers what says that it is not revoked. */
  readonly judgeDelegate: (delegate: Certificate, fault: Fault) => Asking<readonly StatusEvidence[]>
}

/** What the answers say together. */
export interface OcspWord {
  readonly revoked?: NonNullable<Finding['revocation']>
  readonly good?: StatusEvidence
  /** Why answers on this certificate do not count. */
  readonly reasons: readonly string[]
}

/** Minutes that a responder's clock may be off unless the caller says otherwise; OpenSSL's client has the same. */
const DEFAULT_SKEW_SECONDS = 300
/** Responders send one certificate or two; the others would only be read. */
const MAX_CERTIFICATES = 4

/** Asks every answer on the certificate. One that revokes wins, also when it is old, as with CRLs. @see RFC 6960 §3.2 */
export function* judgeAnswers(question: OcspQuestion): Asking<OcspWord> {
  const { depth, ocsp } = question
  const isAbout = matchCertID(question)
  const reasons: string[] = []
  let good: StatusEvidence | undefined
  for (const answer of ocsp.answers) {
    if (answer.response.responseStatus !== 'successful') {
      // It is not signed, and about nothing: a hint for a person at best.
      reasons.push(`a responder answered ${answer.response.responseStatus}`)
      continue
    }
    const { basic } = answer.response
    // §3.2 (1). A responder that answers twice on one certificate is held to the worse.
    const singles: SingleResponse[] = []
    for (const single of basic.responses) if (yield* isAbout(single.certID)) singles.push(single)
    if (singles.length === 0) continue
    const signer = yield* signerOf(basic, singles, question)
    if (typeof signer === 'string') {
      reasons.push(signer)
      continue
    }
    for (const { certStatus } of singles)
      if (certStatus.kind === 'revoked') {
        const { revocationTime: at, revocationReason: reason } = certStatus
        return { revoked: reason === undefined ? { at } : { at, reason }, reasons }
      }
    if (singles.some(({ certStatus }) => certStatus.kind === 'unknown')) {
      reasons.push('its responder does not know the certificate')
      continue
    }
    for (const single of singles) {
      const why = whyNotNow(single, basic, answer, question)
      if (why !== undefined) reasons.push(why)
      else good ??= evidenceOf(single, basic, signer, depth, question)
    }
  }
  return { reasons, ...(good && { good }) }
}

/** Where no responder was asked. */
// biome-ignore lint/correctness/useYield: of the type of one that does
export function* noAnswers(): Asking<OcspWord> {
  return { reasons: [] }
}

/**
 * §4.1.1: by the hashes of the issuer's name, as the certificate has it, and of its key. Each hash is made once. It names what it
 * hashes, and no signature hangs on it: SHA-1 will do (RFC 9919 §8.7).
 */
function matchCertID({ certificate, issuer }: OcspQuestion): (id: SingleResponse['certID']) => Asking<boolean> {
  const known = new Map<HashName, readonly (Uint8Array | undefined)[]>()
  return (id) => matchesCertID(id, certificate, issuer, known)
}

function* matchesCertID(
  { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: SingleResponse['certID'],
  certificate: OcspQuestion['certificate'],
  issuer: OcspQuestion['issuer'],
  known: Map<HashName, readonly (Uint8Array | undefined)[]>,
): Asking<boolean> {
  if (serialNumber !== certificate.serialNumber) return false
  const hash = hashOf(hashAlgorithm)
  if (hash === undefined) return false
  const [name, key] = known.get(hash) ?? [
    yield* askDigest(hash, certificate.issuer.der),
    yield* askDigest(hash, issuer.subjectPublicKeyInfo.subjectPublicKey),
  ]
  known.set(hash, [name, key])
  if (name === undefined || key === undefined) return false
  return sameOctets(name, issuerNameHash) && sameOctets(key, issuerKeyHash)
}

const KNOWN_EXTENSIONS: ReadonlySet<Oid> = new Set([OID.nonce, OID.extendedRevoke])
const KNOWN_SINGLE_EXTENSIONS: ReadonlySet<Oid> = new Set([
  OID.crlID,
  OID.archiveCutoff,
  OID.reasonCode,
  OID.invalidityDate,
  OID.ocspSignedCertificateTimestamps,
])

/** Whoever signed an answer and may. */
interface Signer {
  readonly name: Name
  /** The end of a delegate, or of what says that it is not revoked. */
  readonly until?: Temporal.Instant
}

/** §3.2 (2) to (4): who signed the answer and may, or why it does not count. */
function* signerOf(
  basic: BasicOCSPResponse,
  singles: readonly SingleResponse[],
  question: OcspQuestion,
): Asking<Signer | string> {
  const critical =
    unknownCritical(basic.responseExtensions, KNOWN_EXTENSIONS) ??
    singles
      .map(({ singleExtensions }) => unknownCritical(singleExtensions, KNOWN_SINGLE_EXTENSIONS))
      .find((oid) => oid !== undefined)
  if (critical !== undefined) return `its critical extension ${critical} is not known`
  const refused = whyNotSignatureAlgorithm(basic.signatureAlgorithm)
  const { issuer, ask } = question
  const { responderID } = basic
  if (yield* isResponder(responderID, issuer.name, issuer.subjectPublicKeyInfo)) {
    if (refused !== undefined) return refused
    if (yield* isSignedBy(basic, issuer.subjectPublicKeyInfo, ask)) return { name: issuer.name }
    // A delegate may have the name of its issuer.
    if (responderID.kind === 'byKey' || basic.certs === undefined)
      return 'its signature does not verify under the key of the issuer'
  }
  let why = 'the certificate of its responder is not there'
  for (const der of (basic.certs ?? []).slice(0, MAX_CERTIFICATES)) {
    if (!question.meter.step()) return 'the budget is spent'
    const delegate = question.readDelegate(der)
    if (typeof delegate === 'string') {
      why = delegate
      continue
    }
    if (!(yield* isResponder(responderID, delegate.subject, delegate.subjectPublicKeyInfo))) continue
    const judged = yield* judgeDelegate(delegate, question)
    if (typeof judged === 'string') why = judged
    else if (refused !== undefined) why = refused
    else if (yield* isSignedBy(basic, delegate.subjectPublicKeyInfo, ask)) return judged
    else why = 'its signature does not verify under the key of its responder'
  }
  return why
}

/** §4.2.1: ResponderID; a key is named by its SHA-1. */
function* isResponder(id: ResponderID, name: Name, key: SubjectPublicKeyInfo): Asking<boolean> {
  if (id.kind === 'byName') return namesEqual(id.name, name)
  const keyHash = yield* askDigest('SHA-1', key.subjectPublicKey)
  return keyHash !== undefined && sameOctets(id.keyHash, keyHash)
}

function* isSignedBy(
  { signatureAlgorithm, tbsDer, signature }: BasicOCSPResponse,
  key: SubjectPublicKeyInfo,
  ask: AskSignature,
): Asking<boolean> {
  return fitsKey(signatureAlgorithm, key.algorithm) && (yield* ask(signatureAlgorithm, key, tbsDer, signature)) === true
}

/** Reads certificates of responders; each is one object, as the signatures on and under it are remembered by that. */
export function readOnce(): OcspQuestion['readDelegate'] {
  const known = new Map<Uint8Array, Certificate | string>()
  return (der) => {
    const read = known.get(der) ?? readDelegate(der)
    known.set(der, read)
    return read
  }
}

function readDelegate(der: Uint8Array): Certificate | string {
  try {
    return readCertificate(der)
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error
    return `a certificate of its responder: ${error.message}`
  }
}

/**
 * §4.2.2.2: a delegate has id-kp-OCSPSigning by name, "issued directly by the CA that is identified in the request" under the
 * key that issued the certificate.
 */
function* judgeDelegate(
  delegate: Certificate,
  { certificate, issuer, now, profile, depth, ask, judgeDelegate: judgeItsStatus }: OcspQuestion,
): Asking<Signer | string> {
  if (
    !namesEqual(delegate.issuer, issuer.name) ||
    (issuer.certificate !== undefined && compareKeyIdentifiers(delegate, issuer.certificate) === 'other')
  )
    return 'its responder is a delegate of another issuer'
  if (!delegate.extendedKeyUsage?.includes(OID.OCSPSigning)) return 'its responder may not sign answers'
  // Whoever has stolen a key would vouch for it, and a subordinate authority for itself and its like.
  if (sameOctets(delegate.subjectPublicKeyInfo.der, certificate.subjectPublicKeyInfo.der))
    return 'its responder has the key that it tells of'
  if (delegate.basicConstraints?.cA) return 'its responder is a subordinate authority'
  // RFC 5280 §4.2.1.12: "Key usage bits that may be consistent: digitalSignature and/or nonRepudiation".
  const { keyUsage } = delegate
  if (keyUsage !== undefined && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation'))
    return 'the key usage of its responder has no digitalSignature'
  let until = delegate.validity.notAfter
  const findings: Finding[] = []
  const fault = faultsOf(findings, depth, delegate)
  judgeEveryCertificate(delegate, now, profile, fault)
  const signable = judgeSignatureAlgorithm(delegate, fault)
  const { signatureAlgorithm, tbsDer, signatureValue } = delegate
  const key = issuer.subjectPublicKeyInfo
  if (signable && fitsKey(signatureAlgorithm, key.algorithm)) {
    const signed = yield* ask(signatureAlgorithm, key, tbsDer, signatureValue)
    if (signed !== true) return 'the issuer did not sign the certificate of its responder'
    const evidence = yield* judgeItsStatus(delegate, fault)
    const ends = isToBeAsked(delegate) ? evidence.map((each) => each.until ?? each.nextUpdate) : []
    until = firstOf(until, ends)
  } else if (signable) return 'the issuer did not sign the certificate of its responder'
  const [first] = findings
  return first === undefined ? { name: delegate.subject, until } : `the certificate of its responder: ${first.detail}`
}

/**
 * §4.2.2.2.1: whether the status of a delegate is required where status is. "A CA may specify how" it is to be checked, or that it is not,
 * by id-pkix-ocsp-nocheck; where it says neither, a revocation counts if it is known.
 */
export function isToBeAsked({ ocspNoCheck, cRLDistributionPoints, authorityInfoAccess = [] }: Certificate): boolean {
  const said = cRLDistributionPoints !== undefined || authorityInfoAccess.some((each) => each.accessMethod === OID.ocsp)
  return said && ocspNoCheck !== true
}

/** §3.2 (5) and (6), §4.2.2.1, RFC 9654 §2.1: whether an authentic "good" is of now, and of our question. */
function whyNotNow(
  single: SingleResponse,
  basic: BasicOCSPResponse,
  { nonce }: OcspAnswer,
  { now, ocsp }: OcspQuestion,
): string | undefined {
  if (nonce !== undefined && (basic.nonce === undefined || !sameOctets(nonce, basic.nonce)))
    return basic.nonce === undefined ? 'the nonce that was sent is not in it' : 'it answers another nonce'
  const { thisUpdate, nextUpdate } = single
  const { producedAt } = basic
  const skew = ocsp.skewSeconds ?? DEFAULT_SKEW_SECONDS
  if (isAfter(thisUpdate, now, skew)) return `it is of ${thisUpdate}, and it is ${now}`
  if (isAfter(producedAt, now, skew)) return `it was signed at ${producedAt}, and it is ${now}`
  if (isAfter(thisUpdate, producedAt, skew)) return `it is of ${thisUpdate}, and was signed before, at ${producedAt}`
  if (!isAfter(untilOf(single, ocsp), now, 0))
    return nextUpdate === undefined
      ? `it is of ${thisUpdate}, and does not say until when it holds`
      : `it was to be replaced by ${nextUpdate}`
  return undefined
}

function firstOf(end: Temporal.Instant, others: readonly (Temporal.Instant | undefined)[]): Temporal.Instant {
  return others.reduce<Temporal.Instant>((first, each) => (each && isAfter(first, each, 0) ? each : first), end)
}

/** Whether `left` is later than `right` by more than `seconds`. */
function isAfter(left: Temporal.Instant, right: Temporal.Instant, seconds: number): boolean {
  return left.epochMilliseconds - right.epochMilliseconds > seconds * 1000
}

/** The skew counted. §4.2.2.1: without nextUpdate "newer revocation information is available all the time", so that it is soon old. */
function untilOf(
  { thisUpdate, nextUpdate }: SingleResponse,
  { maxAgeSeconds = 0, skewSeconds = DEFAULT_SKEW_SECONDS }: OcspContext<unknown>,
): Temporal.Instant {
  return (nextUpdate ?? thisUpdate.add({ seconds: maxAgeSeconds })).add({ seconds: skewSeconds })
}

function evidenceOf(
  single: SingleResponse,
  { producedAt }: BasicOCSPResponse,
  { name, until }: Signer,
  depth: number,
  { ocsp }: OcspQuestion,
): StatusEvidence {
  const { thisUpdate, nextUpdate } = single
  const end = untilOf(single, ocsp)
  return {
    kind: 'ocsp',
    depth,
    issuer: name,
    producedAt,
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    until: firstOf(end, [until]),
  }
}

function unknownCritical(extensions: readonly Extension[], known: ReadonlySet<Oid>): Oid | undefined {
  return extensions.find(({ extnID, critical }) => critical && !known.has(extnID))?.extnID
}
