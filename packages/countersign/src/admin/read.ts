// Reads fields of the authority's answers: what is not as expected is said by name, not guessed.
import { EXIT, Failure } from '../command.ts'

export type Fields = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws {Failure} where `value` is no JSON object. */
export function record(value: unknown, what: string): Fields {
  if (isRecord(value)) return value
  throw unexpected(what)
}

/** @throws {Failure} where the field is no array of objects. */
export function records(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name]
  if (Array.isArray(value)) return value.map((each) => record(each, name))
  throw unexpected(name)
}

/** @throws {Failure} where the field is no array of strings. */
export function texts(fields: Fields, name: string): readonly string[] {
  const value = fields[name]
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw unexpected(name)
}

/** @throws {Failure} where the field is no string. */
export function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw unexpected(name)
}

export function optionalText(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : text(fields, name)
}

/** A time as RFC 3339. @throws {Failure} where the field is none. */
export function instant(fields: Fields, name: string): Temporal.Instant {
  try {
    return Temporal.Instant.from(text(fields, name))
  } catch (cause) {
    if (cause instanceof RangeError) throw unexpected(name, cause)
    throw cause
  }
}

function unexpected(name: string, cause?: unknown): Failure {
  return new Failure(EXIT.unreachable, `the authority's answer is not as expected: ${name}`, {
    code: 'ERR_CLI_ANSWER',
    next: 'check that the authority and this command are of the same version',
    cause,
  })
}
