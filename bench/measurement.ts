/** What a bench program prints: one JSON object a line on standard output, everything else on standard error. */

export type Measurement = Measured | NotMeasured

export interface Measured {
  /** What was measured, in a few words; unique within its program. */
  readonly name: string
  /** `ms`, `per CPU-second`, `octets`. */
  readonly unit: string
  /** One number per run; at least three, so that there is a spread. */
  readonly values: readonly [number, ...number[]]
  /** The name of a measurement of the same program against which the ratio is printed. */
  readonly baseline?: string
}

/** What could not be measured on this machine, such as a program that is not installed. */
export interface NotMeasured {
  readonly name: string
  readonly skipped: string
}

/** Prints one measurement for `bench/run.ts`. */
export function print(measurement: Measurement): void {
  process.stdout.write(`${JSON.stringify(measurement)}\n`)
}

/** Reads what `print` wrote. @throws {Error} when a line is none. */
export function readMeasurement(line: string): Measurement {
  const read = JSON.parse(line) as Partial<Measured & NotMeasured>
  const { name, unit, values, baseline, skipped } = read
  if (typeof name === 'string' && typeof skipped === 'string') return { name, skipped }
  const numbers = Array.isArray(values) && values.length > 0 && values.every(Number.isFinite)
  if (typeof name !== 'string' || typeof unit !== 'string' || !numbers) {
    throw new Error(`not a measurement: ${line}`)
  }
  return { name, unit, values: values as Measured['values'], ...(baseline !== undefined && { baseline }) }
}
