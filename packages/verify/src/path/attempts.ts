// What is told of a search that found nothing: every finding of the best path, and what spoke against the others.
import { type Certificate, formatName } from '@countersign/x509'
import type { AnyPathContext, Finding, TriedPath, TrustAnchor } from '../model.ts'
import { shown } from '../text.ts'
import type { Candidate, Issuers } from './candidates.ts'
import { finding } from './fault.ts'
import { selfIssued } from './issuer.ts'
import { type Judges, judgeDeadEnd } from './judge.ts'

/** A person reads the first few; the others differ from them in little. */
export const MAX_TRIED = 16

export interface Attempt extends TriedPath {
  /** How far it got: 0 to no anchor, 1 to one, 2 with every signature right. */
  readonly reach: 0 | 1 | 2
}

/** The paths that were tried. */
export interface Attempts {
  readonly tried: Attempt[]
  best: Attempt | undefined
}

/** The best path is the one that got furthest, then the one with the least against it, then the first. */
export function note(
  attempts: Attempts,
  path: readonly Candidate[],
  reach: Attempt['reach'],
  findings: readonly Finding[],
  anchor?: TrustAnchor,
): void {
  const attempt = { certificates: path.map(({ index }) => index), ...(anchor && { anchor }), findings, reach }
  if (attempts.tried.length < MAX_TRIED) attempts.tried.push(attempt)
  const { best } = attempts
  if (best === undefined || reach > best.reach || (reach === best.reach && findings.length < best.findings.length))
    attempts.best = attempt
}

/** Says why a path of no anchor ends where it ends, and what else speaks against it. */
export function whyDeadEnd(
  path: readonly Candidate[],
  { otherKey, otherName }: Issuers,
  context: AnyPathContext,
  judges: Judges,
): readonly Finding[] {
  const certificates = path.map(({ certificate }) => certificate)
  const last = certificates.at(-1) as Certificate
  const depth = path.length - 1
  const name = shown(formatName(last.issuer))
  const why: Finding[] = []
  if (context.anchors.length === 0) why.push(finding('ERR_VERIFY_NO_ANCHOR', 'no trust anchor is known here'))
  else if (selfIssued(last))
    why.push(finding('ERR_VERIFY_NO_ANCHOR', `${name} is not trusted here`, depth, last.der, { found: [name] }))
  else
    why.push(
      finding('ERR_VERIFY_ISSUER_NOT_FOUND', `the issuer ${name} is not known here`, depth, last.der, {
        found: [name],
      }),
    )
  if (otherKey)
    why.push(finding('ERR_VERIFY_KEY_IDENTIFIER', 'an issuer of that name has another key', depth, last.der))
  else if (otherName) why.push(finding('ERR_VERIFY_NAME_CHAINING', 'its issuer has another name', depth, last.der))
  return [...why, ...judgeDeadEnd(certificates, context, judges)]
}

/** Says that a path could go on, but not within its budget, and what else speaks against it. */
export function whyTooLong(path: readonly Candidate[], context: AnyPathContext, judges: Judges): readonly Finding[] {
  const certificates = path.map(({ certificate }) => certificate)
  return [
    finding('ERR_VERIFY_BUDGET', `the path is longer than ${path.length} certificates`, undefined, undefined, {
      limit: path.length,
    }),
    ...judgeDeadEnd(certificates, context, judges),
  ]
}
