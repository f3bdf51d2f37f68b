// The core: builds candidate paths depth first and judges each, until one stands or all have been tried. No I/O.
import { type Certificate, type CertificateList, formatName, namesEqual } from '@countersign/x509'
import { startNameJudge } from '../constraints/judge.ts'
import type {
  AnyPathContext,
  Finding,
  StatusEvidence,
  TriedPath,
  TrustAnchor,
  Verdict,
  VerifiedPath,
} from '../model.ts'
import { whyNotSigner } from '../revocation/scope.ts'
import { shown } from '../text.ts'
import { DEFAULT_BUDGET, type Meter, startMeter } from './budget.ts'
import { type Candidate, type FindIssuers, findIssuersAmong, type Issuers, loops } from './candidates.ts'
import { finding } from './fault.ts'
import { selfIssued } from './issuer.ts'
import { type Judges, judgeDeadEnd, judgePath, type SearchContext } from './judge.ts'
import type { Asking } from './question.ts'
import { askOnce } from './signatures.ts'
import { VERIFIED } from './verified.ts'

/** What a call of the core is about. */
export interface PathQuestion {
  readonly leaf: Certificate
  /** The peer's other certificates, then the issuers known from elsewhere. */
  readonly bag: readonly Candidate[]
  /** What the peer sent and could not be read: told where no path reaches an anchor. */
  readonly unread: readonly Finding[]
  readonly context: AnyPathContext
}

/** A person reads the first few; the others differ from them in little. */
const MAX_TRIED = 16

interface Attempt extends TriedPath {
  /** How far it got: 0 to no anchor, 1 to one, 2 with every signature right. */
  readonly reach: 0 | 1 | 2
}

interface Search {
  readonly context: SearchContext
  readonly maxDepth: number
  readonly meter: Meter
  readonly findIssuers: FindIssuers
  readonly judges: Judges
  readonly tried: Attempt[]
  best: Attempt | undefined
}

interface Found {
  readonly path: VerifiedPath
  readonly evidence: readonly StatusEvidence[]
  readonly policies: readonly string[]
}

/** Decides on a leaf. Yields the signatures that it needs to know about; never throws on what a peer sent. */
export function* searchPath({ leaf, bag, unread, context }: PathQuestion): Asking<Verdict> {
  const budget = context.budget ?? DEFAULT_BUDGET
  const meter = startMeter(budget)
  const shared = { ask: askOnce(meter), names: startNameJudge(meter), meter }
  const search: Search = {
    context,
    maxDepth: budget.maxDepth,
    meter,
    findIssuers: findIssuersAmong(bag, context),
    judges: { ...shared, crlIssuers: findCrlIssuersAmong(bag, context, budget.maxDepth, shared) },
    tried: [],
    best: undefined,
  }
  const found = yield* extend(search, [{ certificate: leaf, index: 0 }])
  if (found !== undefined) return { ok: true, path: found.path, evidence: found.evidence, policies: found.policies }
  const { best, tried } = search
  const overBudget = meter.exceeded === undefined ? [] : [finding('ERR_VERIFY_BUDGET', meter.exceeded)]
  const findings = [...overBudget, ...(best?.findings ?? []), ...(best === undefined || best.reach === 0 ? unread : [])]
  return { ok: false, findings, tried: tried.map(({ certificates, findings }) => ({ certificates, findings })) }
}

/**
 * Finds the certificates that may sign a CRL, by a search of their own under the same anchor and within the same budget:
 * their status counts where it is known, and their own lists are signed by their issuers' keys alone, so that it ends.
 * @see RFC 5280 §6.3.3 (f)
 */
function findCrlIssuersAmong(
  bag: readonly Candidate[],
  { policy: _policy, name: _name, maxPathLength: _maxPathLength, ...context }: AnyPathContext,
  maxDepth: number,
  shared: Judges,
): NonNullable<Judges['crlIssuers']> {
  const known = new Map<TrustAnchor, Map<Certificate, boolean>>()
  return function* (crl, anchor) {
    const under = known.get(anchor) ?? new Map<Certificate, boolean>()
    known.set(anchor, under)
    const inner: SearchContext = {
      ...context,
      anchors: [anchor],
      status: { ...context.status, mode: 'prefer' },
      asCrlIssuer: true,
    }
    const found: Certificate[] = []
    for (const candidate of bag.filter(({ certificate }) => maySign(certificate, crl))) {
      const { certificate } = candidate
      if (!shared.meter.step()) return []
      if (!under.has(certificate)) {
        under.set(certificate, false)
        const search: Search = {
          context: inner,
          maxDepth,
          meter: shared.meter,
          findIssuers: findIssuersAmong(bag, inner),
          judges: shared,
          tried: [],
          best: undefined,
        }
        under.set(certificate, (yield* extend(search, [candidate])) !== undefined)
      }
      if (under.get(certificate)) found.push(certificate)
    }
    return found
  }
}

/** Whether its name, its key identifier and its usage let the certificate be of who signed `crl`. */
function maySign(certificate: Certificate, crl: CertificateList): boolean {
  const { keyUsage, subject } = certificate
  return (
    keyUsage?.has('cRLSign') === true && namesEqual(subject, crl.issuer) && whyNotSigner(crl, certificate) === undefined
  )
}

/** Tries every way on from the end of `path`: anchors first, as they end it. */
function* extend(search: Search, path: readonly Candidate[]): Asking<Found | undefined> {
  if (!search.meter.step()) return undefined
  const issuers = search.findIssuers((path.at(-1) as Candidate).certificate)
  for (const anchor of issuers.anchors) {
    const found = yield* tryAnchor(search, path, anchor)
    if (found !== undefined || search.meter.exceeded !== undefined) return found
  }
  const candidates = issuers.candidates.filter((candidate) => search.meter.step() && !loops(path, candidate))
  if (candidates.length > 0 && path.length >= search.maxDepth) {
    const text = `the path is longer than ${search.maxDepth} certificates`
    note(search, path, 0, [
      finding('ERR_VERIFY_BUDGET', text),
      ...judgeDeadEnd(certificatesOf(path), search.context, search.judges),
    ])
    return undefined
  }
  for (const candidate of candidates) {
    const found = yield* extend(search, [...path, candidate])
    if (found !== undefined || search.meter.exceeded !== undefined) return found
  }
  if (issuers.anchors.length === 0 && candidates.length === 0) noteDeadEnd(search, path, issuers)
  return undefined
}

function* tryAnchor(search: Search, path: readonly Candidate[], anchor: TrustAnchor): Asking<Found | undefined> {
  const { context, meter, judges } = search
  if (!path.every(() => meter.step())) return undefined
  const certificates = certificatesOf(path)
  const { findings, evidence, signed, policies } = yield* judgePath(certificates, anchor, context, judges)
  // What was judged without an answer is no judgement.
  if (meter.exceeded !== undefined) return undefined
  if (findings.length > 0 || !signed) {
    note(search, path, signed ? 2 : 1, findings)
    return undefined
  }
  return {
    path: { [VERIFIED]: true, certificates, anchor, validUntil: endOf(certificates, anchor, evidence) },
    evidence,
    policies,
  }
}

function noteDeadEnd(search: Search, path: readonly Candidate[], { otherKey, otherName }: Issuers): void {
  const { context } = search
  const last = (path.at(-1) as Candidate).certificate
  const depth = path.length - 1
  const why: Finding[] = []
  if (context.anchors.length === 0) why.push(finding('ERR_VERIFY_NO_ANCHOR', 'no trust anchor is known here'))
  else if (selfIssued(last))
    why.push(finding('ERR_VERIFY_NO_ANCHOR', `${shown(formatName(last.subject))} is not trusted here`, depth, last.der))
  else
    why.push(
      finding(
        'ERR_VERIFY_ISSUER_NOT_FOUND',
        `the issuer ${shown(formatName(last.issuer))} is not known here`,
        depth,
        last.der,
      ),
    )
  if (otherKey)
    why.push(finding('ERR_VERIFY_KEY_IDENTIFIER', 'an issuer of that name has another key', depth, last.der))
  else if (otherName) why.push(finding('ERR_VERIFY_NAME_CHAINING', 'its issuer has another name', depth, last.der))
  note(search, path, 0, [...why, ...judgeDeadEnd(certificatesOf(path), context, search.judges)])
}

/** The best path is the one that got furthest, then the one with the least against it, then the first. */
function note(search: Search, path: readonly Candidate[], reach: Attempt['reach'], findings: readonly Finding[]): void {
  const attempt = { certificates: path.map(({ index }) => index), findings, reach }
  if (search.tried.length < MAX_TRIED) search.tried.push(attempt)
  const { best } = search
  if (best === undefined || reach > best.reach || (reach === best.reach && findings.length < best.findings.length))
    search.best = attempt
}

function certificatesOf(path: readonly Candidate[]): readonly Certificate[] {
  return path.map(({ certificate }) => certificate)
}

/** The first end among the certificates, the anchor's and the CRLs. */
function endOf(
  certificates: readonly Certificate[],
  anchor: TrustAnchor,
  evidence: readonly StatusEvidence[],
): Temporal.Instant {
  const ends = [
    ...certificates.map(({ validity }) => validity.notAfter),
    ...(anchor.certificate === undefined ? [] : [anchor.certificate.validity.notAfter]),
    ...evidence.flatMap(({ nextUpdate }) => (nextUpdate === undefined ? [] : [nextUpdate])),
  ]
  return ends.reduce((first, end) => (Temporal.Instant.compare(end, first) < 0 ? end : first))
}
