// Values of this package as JSON: instants in RFC 3339, octets in Base64, bigints as decimal strings.

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Writes any value of this package's shapes. Pure; keys whose value is undefined are left out. */
export function writeJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Temporal.Instant) return value.toString()
  if (value instanceof Uint8Array) return value.toBase64()
  if (Array.isArray(value)) return value.map(writeJson)
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no JSON form`)
  const entries: [string, Json][] = []
  for (const [key, field] of Object.entries(value)) if (field !== undefined) entries.push([key, writeJson(field)])
  return Object.fromEntries(entries)
}

/** What arrived as JSON does not have the shape that it should have. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  readonly code = 'ERR_PROTOCOL_SHAPE'
  /** Where, as in `steps[2].evidence.kind`. */
  readonly path: string
  constructor(path: string, expected: string) {
    super(`${path === '' ? 'the value' : path} is not ${expected}`)
    this.path = path
  }
}

const MAX_TEXT = 4096

/** A reader over untrusted JSON that knows where it is. Every method throws ShapeError. */
export interface Field {
  readonly path: string
  readonly present: boolean
  get(key: string): Field
  list(maxItems: number): readonly Field[]
  text(maxCharacters?: number): string
  boolean(): boolean
  instant(): Temporal.Instant
  integer(): bigint
  /** A whole number from 0 to `most`. */
  number(most: number): number
  octets(maxOctets: number): Uint8Array
  oneOf<T extends string>(choices: readonly T[]): T
  optional<T>(read: (field: Field) => T): T | undefined
}

/** Starts reading `value`. */
export function fieldOf(value: unknown, path = ''): Field {
  const fail = (expected: string): never => {
    throw new ShapeError(path, expected)
  }
  const text = (maxCharacters = MAX_TEXT): string =>
    typeof value === 'string' && value.length <= maxCharacters
      ? value
      : fail(`a text of at most ${maxCharacters} characters`)
  return {
    path,
    present: value !== undefined && value !== null,
    get: (key) => {
      const own = isRecord(value) ? (Object.hasOwn(value, key) ? value[key] : undefined) : fail('an object')
      return fieldOf(own, path === '' ? key : `${path}.${key}`)
    },
    list: (maxItems) =>
      Array.isArray(value) && value.length <= maxItems
        ? value.map((item, index) => fieldOf(item, `${path}[${index}]`))
        : fail(`a list of at most ${maxItems} items`),
    text,
    boolean: () => (typeof value === 'boolean' ? value : fail('true or false')),
    instant: () => {
      try {
        return Temporal.Instant.from(text(40))
      } catch (error) {
        if (error instanceof RangeError) return fail('a time in RFC 3339')
        throw error
      }
    },
    integer: () => (typeof value === 'string' && /^\d{1,60}$/.test(value) ? BigInt(value) : fail('a decimal number')),
    number: (most) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
        ? value
        : fail(`a number up to ${most}`),
    octets: (maxOctets) => {
      try {
        return Uint8Array.fromBase64(text(Math.ceil(maxOctets / 3) * 4))
      } catch (error) {
        if (error instanceof SyntaxError) return fail('Base64')
        throw error
      }
    },
    oneOf: (choices) => choices.find((choice) => choice === value) ?? fail(`one of ${choices.join(', ')}`),
    optional: (read) => (value === undefined || value === null ? undefined : read(fieldOf(value, path))),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
