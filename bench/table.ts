/** The table that `npm run bench` prints. */
import type { Measured, Measurement } from './measurement.ts'

export interface Row {
  readonly program: string
  readonly measurement: Measurement
}

const HEAD = ['program', 'what', 'unit', 'median', 'spread', 'ratio', 'goal'] as const
const NUMERIC = new Set([3, 4])

/**
 * One Markdown row per measurement. Spread is the range of the runs over their median. A ratio is the median over the
 * runs of each to the baseline's run beside it, as both had the same neighbours on the machine; where the numbers of
 * runs differ, that of the medians. @throws {Error} when a baseline was not measured.
 */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    HEAD,
    ...rows.map(({ program, measurement }) =>
      'skipped' in measurement
        ? [program, measurement.name, `not measured: ${measurement.skipped}`, '', '', '', '']
        : [
            program,
            measurement.name,
            measurement.unit,
            formatNumber(median(measurement.values)),
            `${Math.round(spread(measurement.values) * 100)} %`,
            ratios(program, measurement, rows),
            measurement.goal ?? '',
          ],
    ),
  ]
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0), 3))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width, NUMERIC.has(column))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${NUMERIC.has(column) ? ':' : '-'}`).join('|')}|`
  const [head, ...body] = cells
  return [line(head ?? HEAD), rule, ...body.map(line)].join('\n')
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** The range of the values over their median; 0 for a single value. */
export function spread(values: readonly number[]): number {
  const range = Math.max(...values) - Math.min(...values)
  return range === 0 ? 0 : range / Math.abs(median(values))
}

function ratios(program: string, { name, values, baselines = [] }: Measured, rows: readonly Row[]): string {
  return baselines
    .flatMap((baseline) => {
      const other = rows.find((row) => row.program === program && row.measurement.name === baseline)?.measurement
      if (other === undefined)
        throw new Error(`${program}: "${name}" is compared with "${baseline}", which was not measured`)
      return 'skipped' in other ? [] : [`${formatNumber(ratio(values, other.values))} × ${baseline}`]
    })
    .join(', ')
}

function ratio(values: readonly number[], others: readonly number[]): number {
  if (values.length !== others.length) return median(values) / median(others)
  return median(values.map((value, run) => value / (others[run] ?? Number.NaN)))
}

/** Three significant digits: what a shared machine can repeat. */
function formatNumber(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width)
}
