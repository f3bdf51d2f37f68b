// One text for one JSON value, whoever writes it: what is signed of a matter. @see RFC 8785

/** What I-JSON can say (RFC 7493). */
export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue }

/**
 * RFC 8785 §3.2: no white space, literals, strings and numbers as ECMAScript writes them, properties in the order of their
 * names' UTF-16 code units.
 * @throws {RangeError} for what I-JSON cannot say: half of a surrogate pair, NaN, an infinity.
 */
export function canonical(value: CanonicalValue): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} has no JSON form`)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${quoted(name)}:${canonical(value[name] ?? null)}`).join(',')}}`
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('a text is not Unicode')
  return JSON.stringify(text)
}

function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value)
}
