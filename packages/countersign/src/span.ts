// Lengths of time as people type them.
import { EXIT, Failure } from './command.ts'

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Reads a span as in `90s`, `10m`, `2h`, `1d`; answers seconds. @throws {Failure} with exit code 2. */
export function parseSpan(text: string, option: string): number {
  const parts = /^(\d{1,6})([smhd])$/.exec(text)
  // The expression admits only the four units.
  const unit = parts?.[2] as keyof typeof SECONDS | undefined
  const seconds = unit === undefined ? 0 : Number(parts?.[1]) * SECONDS[unit]
  if (seconds > 0) return seconds
  throw new Failure(EXIT.usage, `${option} must be a span as in 90s, 10m, 2h or 1d`, { code: 'ERR_CLI_USAGE' })
}
