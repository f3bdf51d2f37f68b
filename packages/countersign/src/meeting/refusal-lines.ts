// Why a meeting was refused, part by part: what the picture says in a few words, and whom to turn to.
import { explainRefusal, type Fault, formatWhen, type Meeting } from '@countersign/protocol'
import { plainText } from '../output/plain-text.ts'

/** Who answers for a refusal, by the role that they have in this meeting. */
const WHO: Readonly<Record<Fault, (meeting: Meeting) => string>> = {
  caller: ({ caller }) => `the caller, ${caller.name}`,
  callee: ({ callee }) => `the callee, ${callee.name}`,
  authority: () => 'the authority that issued the certificate',
  operator: ({ door }) => `the operator of ${door}`,
  us: () => 'Countersign: a bug of ours',
}

/** Cause, code, clause, party at fault and next step of a refused meeting, and whatever the door knows more; else nothing. */
export function refusalLines(meeting: Meeting, now: Temporal.Instant): string[] {
  const { outcome } = meeting
  if (outcome.ok) return []
  const { detail, note } = outcome.refusal
  const { code, clause, fault, cause, next } = explainRefusal(outcome.refusal, meeting, now)
  const lines: [label: string, text: string][] = [
    ['cause', cause],
    ['code', code],
    ['clause', clause],
    ['fault', WHO[fault](meeting)],
    ['next', next],
  ]
  // The exact times and values; a decision has what would have admitted.
  if (detail !== undefined && 'detail' in detail) lines.push(['detail', detail.detail])
  if (detail !== undefined && 'missing' in detail) {
    if (detail.lock !== undefined) lines.push(['lock', detail.lock])
    for (const each of detail.missing) lines.push(['missing', each])
  }
  if (note !== undefined) lines.push(['note', note])
  return lines.map(lineOf)
}

/** What went wrong within the session of a meeting that was accepted, as {@link refusalLines} says it of the meeting itself. */
export function troubleLines(meeting: Meeting, now: Temporal.Instant): string[] {
  return (meeting.troubles ?? []).flatMap(({ at, code, note, upstreamReference }) => {
    const { clause, fault, cause, next } = explainRefusal({ code }, meeting, now)
    const lines: [label: string, text: string][] = [
      ['then', `${formatWhen(at, now)} (${at.toString({ smallestUnit: 'second' })})`],
      ['cause', cause],
      ['code', code],
      ['clause', clause],
      ['fault', WHO[fault](meeting)],
      ['next', next],
    ]
    if (note !== undefined) lines.push(['note', note])
    if (upstreamReference !== undefined) lines.push(['upstream', `countersign why ${upstreamReference}`])
    return lines.map(lineOf)
  })
}

function lineOf([label, text]: readonly [label: string, text: string]): string {
  return `  ${label.padEnd(LABEL_COLUMNS)}${plainText(text)}`
}

const LABEL_COLUMNS = 9
