// A verdict as a person reads it: the path as a tree, from the anchor down, and what speaks against it.
import { explainFinding, type FindingWords, formatValidity } from '@countersign/protocol'
import type { Finding, TrustAnchor, Verdict } from '@countersign/verify'
import { type Certificate, formatName, isEmptyName } from '@countersign/x509'
import { plainText } from '../output/plain-text.ts'

/** The lines of a verdict on `certificates[0]`; the others are the bag, in the order in which the verdict counts them. */
export function verdictLines(verdict: Verdict, certificates: readonly Certificate[], now: Temporal.Instant): string[] {
  if (verdict.ok) {
    const { path, evidence, policies } = verdict
    const down = path.certificates.toReversed()
    return [
      'accepted',
      ...treeLines([anchorLine(path.anchor, now), ...down.map((each) => certificateLine(each, now))]),
      `  believed until ${path.validUntil}`,
      ...evidence.map(
        ({ kind, depth, thisUpdate }) =>
          `  status of ${place(depth)}: ${kind === 'crl' ? 'not on the crl' : 'good by the ocsp answer'} of ${thisUpdate}`,
      ),
      ...(policies.length === 0 ? [] : [`  policies: ${policies.join(', ')}`]),
    ]
  }
  // The findings of the best path are those of the verdict; what else it has is about no path.
  const best = verdict.tried.find(({ findings }) => findings.some((each) => verdict.findings.includes(each)))
  const shown = best?.certificates.map((index) => certificates[index]).filter((each) => each !== undefined) ?? []
  return [
    'refused',
    ...treeLines(shown.toReversed().map((each) => certificateLine(each, now))),
    ...verdict.findings.flatMap((finding) => findingLines(finding, now)),
    ...verdict.tried
      .filter((each) => each !== best)
      .map(
        ({ certificates: indexes, findings }) =>
          `  another path, of ${indexes.length}: ${findings.map((each) => `${said(each, now).text} [${each.code}]`).join('; ')}`,
      ),
  ]
}

/** The sentence, the exact values where it has them not, and what to do. */
function findingLines(finding: Finding, now: Temporal.Instant): string[] {
  const { code, clause, detail } = finding
  const { text, next } = said(finding, now)
  return [
    `  ✘ ${text} (${clause}) [${code}]`,
    ...(text.includes(detail) ? [] : [`    exactly: ${plainText(detail)}`]),
    `    next: ${next}`,
  ]
}

/** The words for somebody who met nobody. */
export function said(finding: Finding, now: Temporal.Instant): FindingWords {
  return explainFinding(finding, { presenter: 'file' }, now)
}

function place(depth: number): string {
  return depth === 0 ? 'the leaf' : `issuer ${depth}`
}

function treeLines(rows: readonly string[]): string[] {
  return rows.map((row, depth) => (depth === 0 ? `  ${row}` : `  ${'   '.repeat(depth - 1)}└─ ${row}`))
}

function anchorLine({ name, certificate }: TrustAnchor, now: Temporal.Instant): string {
  return certificate === undefined ? plainText(formatName(name)) : `${certificateLine(certificate, now)}, anchor`
}

function certificateLine(
  { subject, subjectAltName, validity, serialNumber }: Certificate,
  now: Temporal.Instant,
): string {
  const first = subjectAltName?.find((each) => 'value' in each && typeof each.value === 'string')
  const alternative =
    first !== undefined && 'value' in first ? String(first.value) : `serial ${serialNumber.toString(16)}`
  const name = isEmptyName(subject) ? alternative : formatName(subject)
  return `${plainText(name)}, ${formatValidity(validity.notBefore, validity.notAfter, now)}`
}
