// Why no path stands, where the search itself was too quick to say: the ways that it did not go, and where they end.
import { type Attempts, MAX_TRIED, note, whyDeadEnd, whyTooLong } from './attempts.ts'
import { type Candidate, isAnchor, loops } from './candidates.ts'
import { compareKeyIdentifiers } from './key-identifier.ts'
import type { Asking } from './question.ts'
import { type Search, tryAnchor } from './try-anchor.ts'

/** Goes every way that names and keys show, until there is enough to read or the budget ends. */
export function* explain(search: Search, start: Candidate): Asking<Attempts> {
  const attempts: Attempts = { tried: [], best: undefined }
  yield* extend({ ...search, attempts }, [start])
  return attempts
}

function* extend(search: Search, path: readonly Candidate[]): Asking<void> {
  const { context, maxDepth, meter, findIssuers, judges, attempts } = search
  const isOver = () => meter.exceeded !== undefined || attempts.tried.length >= MAX_TRIED
  if (!meter.step()) return
  const end = (path.at(-1) as Candidate).certificate
  const issuers = findIssuers(end)
  // A certificate that names another key says so itself.
  const fits = (issuer: Candidate['certificate'] | undefined) =>
    issuer === undefined || compareKeyIdentifiers(end, issuer) !== 'other'
  const anchors = issuers.anchors.filter(({ certificate }) => fits(certificate))
  for (const anchor of anchors) {
    yield* tryAnchor(search, path, anchor)
    if (isOver()) return
  }
  const candidates = issuers.candidates.filter(
    (candidate) =>
      fits(candidate.certificate) &&
      !isAnchor(candidate.certificate, context.anchors) &&
      meter.step() &&
      !loops(path, candidate),
  )
  if (anchors.length === 0 && candidates.length === 0)
    note(attempts, path, 0, whyDeadEnd(path, issuers, context, judges))
  else if (candidates.length > 0 && path.length >= maxDepth) note(attempts, path, 0, whyTooLong(path, context, judges))
  else
    for (const candidate of candidates) {
      yield* extend(search, [...path, candidate])
      if (isOver()) return
    }
}
