// Columns as values of ours, checked: a column with a word that the schema does not know is a bug.
import { InvariantError } from '../error.ts'

/** Epoch milliseconds. */
export function instantOf(epochMilliseconds: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(epochMilliseconds)
}

/** PostgreSQL's client gives a Buffer, SQLite a plain array of octets: here they are one. */
export function octetsOf(value: Uint8Array): Uint8Array {
  return Buffer.isBuffer(value) ? new Uint8Array(value.buffer, value.byteOffset, value.length) : value
}

/** One of `values`. */
export function oneOf<Value extends string>(value: string, values: readonly Value[]): Value {
  const known = values.find((candidate) => candidate === value)
  if (known === undefined) throw new InvariantError(`the store has the unknown word ${value}`)
  return known
}
