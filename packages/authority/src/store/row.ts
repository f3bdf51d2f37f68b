// Columns out of SQLite, checked: a column of another type than the schema says is a bug.
import type { SQLOutputValue } from 'node:sqlite'
import { InvariantError } from '../error.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new InvariantError(`column ${column} is not text`)
  return value
}

export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new InvariantError(`column ${column} is not an integer`)
  return value
}

export function octets(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new InvariantError(`column ${column} is not octets`)
  return value
}

/** Epoch milliseconds. */
export function instant(row: Row, column: string): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(integer(row, column))
}

/** What `read` makes of the column, or undefined where it is NULL. */
export function optional<T>(row: Row, column: string, read: (row: Row, column: string) => T): T | undefined {
  return row[column] === null ? undefined : read(row, column)
}

/** One of `values`, as the CHECK of the column has it. */
export function oneOf<T extends string>(row: Row, column: string, values: readonly T[]): T {
  const value = text(row, column)
  const known = values.find((candidate) => candidate === value)
  if (known === undefined) throw new InvariantError(`column ${column} has the unknown value ${value}`)
  return known
}
