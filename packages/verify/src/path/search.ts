// The core: builds paths depth first and judges each, until one stands or no way is left that could. No I/O.
import { type Certificate, type CertificateList, namesEqual } from '@countersign/x509'
import { startNameJudge } from '../constraints/judge.ts'
import type { AnyPathContext, Finding, TrustAnchor, Verdict } from '../model.ts'
import { readOnce } from '../revocation/ocsp.ts'
import { whyNotSigner } from '../revocation/scope.ts'
import { type SearchContext, startAlone } from './alone.ts'
import { DEFAULT_BUDGET, type Meter, startMeter } from './budget.ts'
import { type Candidate, findIssuersAmong, loops } from './candidates.ts'
import { explain } from './explain.ts'
import { finding } from './fault.ts'
import { type Hopes, startHopes } from './hopes.ts'
import type { CrlIssuer, Judges } from './judge.ts'
import type { Asking } from './question.ts'
import { startSignatures } from './signatures.ts'
import { type Found, type Search, tryAnchor } from './try-anchor.ts'

/** What a call of the core is about. */
export interface PathQuestion {
  readonly leaf: Certificate
  /** The peer's other certificates, then the issuers known from elsewhere. */
  readonly bag: readonly Candidate[]
  /** What the peer sent and could not be read: told where no path reaches an anchor. */
  readonly unread: readonly Finding[]
  readonly context: AnyPathContext
}

/** Decides on a leaf. Yields the signatures that it needs to know about; never throws on what a peer sent. */
export function* searchPath({ leaf, bag, unread, context }: PathQuestion): Asking<Verdict> {
  const budget = context.budget ?? DEFAULT_BUDGET
  const meter = startMeter(budget)
  const shared = { signatures: startSignatures(meter), names: startNameJudge(meter), readDelegate: readOnce(), meter }
  const search: Search = {
    context,
    maxDepth: budget.maxDepth,
    meter,
    findIssuers: findIssuersAmong(bag, context),
    judges: {
      ...shared,
      alone: startAlone(context),
      crlIssuers: findCrlIssuersAmong(bag, context, budget.maxDepth, shared),
    },
    attempts: { tried: [], best: undefined },
  }
  const start = { certificate: leaf, index: 0 }
  const found = yield* find(search, start)
  if (found !== undefined) return { ok: true, path: found.path, evidence: found.evidence, policies: found.policies }
  const over = meter.exceeded
  // A path whose signatures are all right says best what is wrong; else the ways are told that were not gone, too.
  const told = over !== undefined || search.attempts.best?.reach === 2
  const { best, tried } = told ? search.attempts : yield* explain(search, start)
  const limit = best === undefined ? meter.exceeded : over
  const overBudget =
    limit === undefined
      ? []
      : [finding('ERR_VERIFY_BUDGET', limit.reason, undefined, undefined, { limit: limit.limit })]
  const findings = [...overBudget, ...(best?.findings ?? []), ...(best === undefined || best.reach === 0 ? unread : [])]
  return { ok: false, findings, tried: tried.map(({ reach: _, ...each }) => each) }
}

/**
 * Finds the certificates that may sign a CRL, by a search of their own under the same anchor and within the same budget:
 * their status counts where it is known, also by lists of such signers. Those of the latter count under their issuers' keys alone:
 * it must end.
 * @see RFC 5280 §6.3.3 (f)
 */
function findCrlIssuersAmong(
  bag: readonly Candidate[],
  { policy: _policy, name: _name, maxPathLength: _maxPathLength, ...context }: AnyPathContext,
  maxDepth: number,
  shared: Omit<Judges, 'alone'>,
  isOuter = true,
): NonNullable<Judges['crlIssuers']> {
  const further = isOuter ? { crlIssuers: findCrlIssuersAmong(bag, context, maxDepth, shared, false) } : {}
  const known = new Map<TrustAnchor, Map<Certificate, Temporal.Instant | undefined>>()
  return (crl, anchor) => {
    const under = known.get(anchor) ?? new Map<Certificate, Temporal.Instant | undefined>()
    known.set(anchor, under)
    const inner: SearchContext = {
      ...context,
      anchors: [anchor],
      status: { ...context.status, mode: 'prefer' },
      asCrlIssuer: true,
    }
    const alone = startAlone(inner)
    const candidates = bag.filter(({ certificate }) => maySign(certificate, crl))
    return findCrlIssuers(candidates, under, shared.meter, () => ({
      context: inner,
      maxDepth,
      meter: shared.meter,
      findIssuers: findIssuersAmong(bag, inner),
      judges: { ...shared, alone, ...further },
      attempts: { tried: [], best: undefined },
    }))
  }
}

/** Of `candidates` those with a path, each searched for once: `known` says how long it holds. */
function* findCrlIssuers(
  candidates: readonly Candidate[],
  known: Map<Certificate, Temporal.Instant | undefined>,
  meter: Meter,
  startSearch: () => Search,
): Asking<readonly CrlIssuer[]> {
  const found: CrlIssuer[] = []
  for (const candidate of candidates) {
    const { certificate } = candidate
    if (!meter.step()) return []
    if (!known.has(certificate)) {
      known.set(certificate, undefined)
      known.set(certificate, (yield* find(startSearch(), candidate))?.path.validUntil)
    }
    const until = known.get(certificate)
    if (until !== undefined) found.push({ certificate, until })
  }
  return found
}

/** Whether its name, its key identifier and its usage let the certificate be of who signed `crl`. */
function maySign(certificate: Certificate, crl: CertificateList): boolean {
  const { keyUsage, subject } = certificate
  return (
    keyUsage?.has('cRLSign') === true && namesEqual(subject, crl.issuer) && whyNotSigner(crl, certificate) === undefined
  )
}

/** Looks for a path that stands, and goes no way on which none can. */
function* find(search: Search, start: Candidate): Asking<Found | undefined> {
  const { context, maxDepth, findIssuers, judges } = search
  if (judges.alone(start.certificate, 'leaf').faults.length > 0) return undefined
  return yield* extend(search, startHopes(start.certificate, maxDepth, context, findIssuers, judges), [start])
}

/** Tries the anchors first, as they end a path. */
function* extend(search: Search, hopes: Hopes, path: readonly Candidate[]): Asking<Found | undefined> {
  const { maxDepth, meter, findIssuers } = search
  if (!meter.step()) return undefined
  const { anchors, candidates } = findIssuers((path.at(-1) as Candidate).certificate)
  for (const anchor of anchors) {
    if (!hopes.atAnchor(path, anchor)) continue
    const tried = yield* tryAnchor(search, path, anchor)
    if (tried === undefined || 'path' in tried) return tried
    hopes.failed(path, anchor, tried)
  }
  if (candidates.length === 0 || path.length >= maxDepth) {
    hopes.ended()
    return undefined
  }
  const left = new Set(candidates.filter((candidate) => !loops(path, candidate)))
  for (let next = hopes.above(path, left); next !== undefined; next = hopes.above(path, left)) {
    left.delete(next)
    if (!meter.step()) return undefined
    const found = yield* extend(search, hopes, [...path, next])
    if (found !== undefined || meter.exceeded !== undefined) return found
  }
  hopes.ended()
  return undefined
}
