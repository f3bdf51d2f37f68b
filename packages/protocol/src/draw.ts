// The one picture, for terminals.
import type { Explanation, ExplanationRow } from './explanation.ts'

/** How a terminal draws. */
export interface DrawOptions {
  /** Columns of the terminal; 80 where unknown. */
  readonly width?: number
  /** ANSI colours: the refused row red, what follows it grey. */
  readonly color?: boolean
}

const LABEL_COLUMNS = 14
const MARKS = { proved: '✔', refused: '✘', 'not reached': '–' } as const
const COLORS = { proved: '\u001b[32m', refused: '\u001b[31m', 'not reached': '\u001b[90m' } as const
const RESET = '\u001b[0m'

/** Draws an explanation: names, six rows, the reference and the next step. Lines end without a line feed after the last. */
export function drawMeeting(explanation: Explanation, options: DrawOptions = {}): string {
  const width = Math.max(60, Math.min(options.width ?? 80, 120))
  const paint = (text: string, outcome: ExplanationRow['outcome']) =>
    options.color === true ? `${COLORS[outcome]}${text}${RESET}` : text
  const { caller, callee, rows, reference, refusal } = explanation
  const gap = Math.max(2, width - 2 - columns(caller) - columns(callee))
  const lines = [`  ${caller}${' '.repeat(gap)}${callee}`]
  for (const row of rows) {
    const line = `  ${row.number} ${row.verb.padEnd(LABEL_COLUMNS - 4)}${drawRow(row, width - LABEL_COLUMNS)}`.trimEnd()
    // What was proved needs no colour but its mark: only a refusal should stand out.
    lines.push(row.outcome === 'proved' ? line.replace('✔', paint('✔', 'proved')) : paint(line, row.outcome))
  }
  const last = [
    reference === undefined ? '' : `reference ${reference}`,
    refusal === undefined ? '' : `next: ${refusal.next}`,
  ].filter(Boolean)
  if (last.length > 0) lines.push(`  ${last.join('   ')}`)
  return lines.join('\n')
}

function drawRow(row: ExplanationRow, width: number): string {
  if (row.outcome === 'not reached') return `  ${MARKS['not reached']}`
  if (row.direction === 'none' || row.outcome === 'refused') return `${MARKS[row.outcome]} ${row.text}`
  const line = '─'.repeat(Math.max(2, width - 1 - (row.text === '' ? 0 : columns(row.text) + 2)))
  if (row.direction === 'right') return row.text === '' ? `${line}▶` : `${row.text}  ${line}▶`
  return row.text === '' ? `◀${line}` : `◀${line}  ${row.text}`
}

/** Columns that a terminal uses, near enough for names: one for each code point. */
function columns(text: string): number {
  return [...text].length
}
