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

/** Numbers that only grow, one for each combination of labels. */
export interface Counter {
  add(labels: Labels, by?: number): void
  readonly samples: Iterable<Sample>
}

/** Starts at zero. */
export function createCounter(): Counter {
  const counts = new Map<string, { readonly labels: Labels; value: number }>()
  return {
    add(labels, by = 1) {
      const key = Object.values(labels).join('\n')
      const found = counts.get(key)
      if (found) found.value += by
      else counts.set(key, { labels, value: by })
    },
    samples: {
      *[Symbol.iterator]() {
        for (const { labels, value } of counts.values()) yield { suffix: '_total', labels, value }
      },
    },
  }
}

/** How often what was observed lay below each of some limits, for each combination of labels. */
export interface Histogram {
  observe(labels: Labels, value: number): void
  readonly samples: Iterable<Sample>
}

/** Starts at zero. @param limits Ascending. */
export function createHistogram(limits: readonly number[]): Histogram {
  const seen = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>()
  return {
    observe(labels, value) {
      const key = Object.values(labels).join('\n')
      const one = seen.get(key) ?? { labels, counts: [...limits, 0].map(() => 0), sum: 0 }
      seen.set(key, one)
      const bucket = limits.findIndex((limit) => value <= limit)
      const index = bucket < 0 ? limits.length : bucket
      one.counts[index] = (one.counts[index] ?? 0) + 1
      one.sum += value
    },
    samples: {
      *[Symbol.iterator]() {
        for (const { labels, counts, sum } of seen.values()) {
          let count = 0
          for (const [index, limit] of [...limits, Number.POSITIVE_INFINITY].entries()) {
            count += counts[index] ?? 0
            yield { suffix: '_bucket', labels: { ...labels, le: numberOf(limit) }, value: count }
          }
          yield { suffix: '_count', labels, value: count }
          yield { suffix: '_sum', labels, value: sum }
        }
      },
    },
  }
}
