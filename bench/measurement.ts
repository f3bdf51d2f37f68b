/** What a bench program prints: one JSON object a line on standard output, everything else on standard error. */

export type Measurement = Measured | NotMeasured

export interface Measured {
  /** What was measured, in a few words; unique within its program. */
  readonly name: string
  /** `ms`, `per CPU-second`, `octets`. */
  readonly unit: string
  /** One number per run; at least three, so that there is a spread. */
  readonly values: readonly [number, ...number[]]
  /** Names of measurements of the same program against which ratios are printed. */
  readonly baselines?: readonly string[]
  /** What it is meant to be, as in `< 120 ms`. */
  readonly goal?: string
}

/** What could not be measured on this machine, such as a program that is not installed. */
export interface NotMeasured {
  readonly name: string
  readonly skipped: string
}

/** Prints one measurement for `bench/run.ts`. @throws {RangeError} when nothing was measured. */
export function print(
  measurement: NotMeasured | (Omit<Measured, 'values'> & { readonly values: readonly number[] }),
): void {
  if ('values' in measurement && measurement.values.length === 0) throw new RangeError(`${measurement.name}: no values`)
  process.stdout.write(`${JSON.stringify(measurement)}\n`)
}

/** Reads what `print` wrote. @throws {Error} when a line is none. */
export function readMeasurement(line: string): Measurement {
  const read = JSON.parse(line) as Partial<Measured & NotMeasured>
  const { name, unit, values, baselines, goal, skipped } = read
  if (typeof name === 'string' && typeof skipped === 'string') return { name, skipped }
  const numbers = Array.isArray(values) && values.length > 0 && values.every(Number.isFinite)
  if (typeof name !== 'string' || typeof unit !== 'string' || !numbers) {
    throw new Error(`not a measurement: ${line}`)
  }
  return {
    name,
    unit,
    values: values as Measured['values'],
    ...(baselines && { baselines }),
    ...(goal !== undefined && { goal }),
  }
}
