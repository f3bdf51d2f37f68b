// One path of a search, judged.
import type { Certificate } from '@countersign/x509'
import type { StatusEvidence, TrustAnchor, VerifiedPath } from '../model.ts'
import type { SearchContext } from './alone.ts'
import { type Attempts, note } from './attempts.ts'
import type { Meter } from './budget.ts'
import type { Candidate, FindIssuers } from './candidates.ts'
import { type Judgement, type Judges, judgePath } from './judge.ts'
import type { Asking } from './question.ts'
import { VERIFIED } from './verified.ts'

/** What one search is done with. */
export interface Search {
  readonly context: SearchContext
  readonly maxDepth: number
  readonly meter: Meter
  readonly findIssuers: FindIssuers
  readonly judges: Judges
  readonly attempts: Attempts
}

/** A path that stands. */
export interface Found {
  readonly path: VerifiedPath
  readonly evidence: readonly StatusEvidence[]
  readonly policies: readonly string[]
}

/** Judges `path` under `anchor`, and notes what speaks against it. Undefined where the budget ended before the judgement. */
export function* tryAnchor(
  { context, meter, judges, attempts }: Search,
  path: readonly Candidate[],
  anchor: TrustAnchor,
): Asking<Found | Judgement | undefined> {
  if (!path.every(() => meter.step())) return undefined
  const certificates = path.map(({ certificate }) => certificate)
  const judgement = yield* judgePath(certificates, anchor, context, judges)
  // What was judged without an answer is no judgement.
  if (meter.exceeded !== undefined) return undefined
  const { findings, evidence, signed, policies } = judgement
  if (findings.length > 0 || !signed) {
    note(attempts, path, signed ? 2 : 1, findings, anchor)
    return judgement
  }
  return {
    path: { [VERIFIED]: true, certificates, anchor, validUntil: endOf(certificates, anchor, evidence) },
    evidence,
    policies,
  }
}

/** The first end among the certificates, the anchor’s and those of CRLs and answers and of who signed them. */
function endOf(
  certificates: readonly Certificate[],
  anchor: TrustAnchor,
  evidence: readonly StatusEvidence[],
): Temporal.Instant {
  let first = anchor.certificate?.validity.notAfter ?? (certificates[0] as Certificate).validity.notAfter
  const meet = (end: Temporal.Instant | undefined) => {
    if (end !== undefined && Temporal.Instant.compare(end, first) < 0) first = end
  }
  for (const { validity } of certificates) meet(validity.notAfter)
  for (const each of evidence) meet(each.until ?? each.nextUpdate)
  return first
}
