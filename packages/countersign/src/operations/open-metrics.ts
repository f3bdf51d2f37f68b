// The text format of OpenMetrics 1.0.

/** Names with values, as in `{door="hello"}`. */
export type Labels = Readonly<Record<string, string>>

/** One number of a family. `suffix` is `_total`, `_bucket` and the like. */
export interface Sample {
  readonly suffix?: string
  readonly labels?: Labels
  readonly value: number
}

/** All numbers of one name. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The last part of the name, where it is a unit. */
  readonly unit?: string
  readonly help: string
  readonly samples: Iterable<Sample>
}

/** What a scrape says that it gets. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Writes one exposition. @see OpenMetrics 1.0, "Text Format" */
export function writeOpenMetrics(families: Iterable<Family>): string {
  const lines: string[] = []
  for (const { name, type, unit, help, samples } of families) {
    lines.push(`# TYPE ${name} ${type}`)
    if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`)
    lines.push(`# HELP ${name} ${escaped(help)}`)
    for (const { suffix = '', labels = {}, value } of samples)
      lines.push(`${name}${suffix}${labelsOf(labels)} ${numberOf(value)}`)
  }
  return [...lines, '# EOF', ''].join('\n')
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function numberOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
