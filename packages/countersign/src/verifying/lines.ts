// A verdict as a person reads it: the path as a tree, from the anchor down, and what speaks against it.
import { explainFinding, type FindingWords, formatValidity } from '@countersign/protocol'
import type { Finding, StatusEvidence, TriedPath, TrustAnchor, Verdict } from '@countersign/verify'
import { type Certificate, formatName, isEmptyName } from '@countersign/x509'
import { plainText } from '../output/plain-text.ts'
import type { Style } from '../output/style.ts'

/** One certificate of a path, and what is to be said of it. */
interface Row {
  readonly title: string
  readonly notes: readonly string[]
}

/** The lines of a verdict on `certificates[0]`; the others are the bag, in the order in which the verdict counts them. */
export function verdictLines(
  verdict: Verdict,
  certificates: readonly Certificate[],
  now: Temporal.Instant,
  style: Style,
): string[] {
  if (verdict.ok) {
    const { path, evidence, policies } = verdict
    const notesAt = (depth: number) =>
      evidence.filter((each) => each.depth === depth).map((each) => style.quiet(evidenceLine(each)))
    const rows = path.certificates.map((each, depth) => ({ title: titleOf(each, now), notes: notesAt(depth) }))
    return [
      style.proved('accepted'),
      ...treeLines([{ title: anchorTitle(path.anchor, now), notes: [] }, ...rows.toReversed()]),
      `  believed until ${path.validUntil}`,
      ...(policies.length === 0 ? [] : [`  policies: ${policies.join(', ')}`]),
    ]
  }
  // The findings of the best path are those of the verdict; what else it has is about no path.
  const best = verdict.tried.find(({ findings }) => findings.some((each) => verdict.findings.includes(each)))
  const rows = best === undefined ? [] : pathRows(best, certificates, now)
  const notesAt = (place: number | undefined) =>
    verdict.findings
      .filter(({ depth }) => (depth !== undefined && depth < rows.length ? depth : undefined) === place)
      .flatMap((each) => findingLines(each, now, style))
  return [
    style.refused('refused'),
    ...treeLines(rows.map((title, depth) => ({ title, notes: notesAt(depth) })).toReversed()),
    ...notesAt(undefined).map((line) => `  ${line}`),
    ...verdict.tried
      .filter((each) => each !== best)
      .map((each) => style.quiet(otherPathLine(each, verdict.findings, certificates, now))),
  ]
}

/** The certificates of a path, the leaf first, and the anchor where it leads to one. */
function pathRows(
  { certificates: indexes, anchor }: TriedPath,
  certificates: readonly Certificate[],
  now: Temporal.Instant,
): readonly string[] {
  const known = indexes.flatMap((index) => certificates[index] ?? [])
  return [...known.map((each) => titleOf(each, now)), ...(anchor ? [anchorTitle(anchor, now)] : [])]
}

/** Another path in one line: the issuers by which it goes, and what speaks against it alone. */
function otherPathLine(
  { certificates: indexes, anchor, findings }: TriedPath,
  told: readonly Finding[],
  certificates: readonly Certificate[],
  now: Temporal.Instant,
): string {
  const issuers = indexes.slice(1).flatMap((index) => certificates[index] ?? [])
  const names = [...issuers.map(nameOf), ...(anchor ? [plainText(formatName(anchor.name))] : [])]
  const own = findings.filter(({ code, depth }) => !told.some((each) => each.code === code && each.depth === depth))
  const reasons = (own.length > 0 ? own : findings).map((each) => `${said(each, now).text} [${each.code}]`)
  return `  another path${names.length > 0 ? `, by ${names.join(' and ')}` : ''}: ${reasons.join('; ')}`
}

function evidenceLine({ kind, thisUpdate }: StatusEvidence): string {
  return `${kind === 'crl' ? 'not on the crl' : 'good by the ocsp answer'} of ${thisUpdate}`
}

/** The sentence, the exact values where it has them not, and what to do. */
function findingLines(finding: Finding, now: Temporal.Instant, style: Style): string[] {
  const { code, clause, detail } = finding
  const { text, next } = said(finding, now)
  return [
    style.refused(`✘ ${text} (${clause}) [${code}]`),
    ...(text.includes(detail) ? [] : [`  exactly: ${plainText(detail)}`]),
    `  next: ${next}`,
  ]
}

/** The words for somebody who met nobody. */
export function said(finding: Finding, now: Temporal.Instant): FindingWords {
  return explainFinding(finding, { presenter: 'file' }, now)
}

/** Each row one step in; its notes beside the line that goes on to the next. */
function treeLines(rows: readonly Row[]): string[] {
  return rows.flatMap(({ title, notes }, depth) => {
    const before = `  ${'   '.repeat(Math.max(depth - 1, 0))}`
    const beside = `${before}${depth === 0 ? '' : '   '}${depth === rows.length - 1 ? '' : '│  '}`
    return [`${before}${depth === 0 ? '' : '└─ '}${title}`, ...notes.map((note) => `${beside}${note}`)]
  })
}

function anchorTitle({ name, certificate }: TrustAnchor, now: Temporal.Instant): string {
  return `${certificate === undefined ? plainText(formatName(name)) : titleOf(certificate, now)}, anchor`
}

function titleOf(certificate: Certificate, now: Temporal.Instant): string {
  const { notBefore, notAfter } = certificate.validity
  return `${nameOf(certificate)}, ${formatValidity(notBefore, notAfter, now)}`
}

function nameOf({ subject, subjectAltName, serialNumber }: Certificate): string {
  const first = subjectAltName?.find((each) => 'value' in each && typeof each.value === 'string')
  const alternative =
    first !== undefined && 'value' in first ? String(first.value) : `serial ${serialNumber.toString(16)}`
  return plainText(isEmptyName(subject) ? alternative : formatName(subject))
}
