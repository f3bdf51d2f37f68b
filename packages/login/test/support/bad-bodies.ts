// Bodies that a page would never send, made of the form of each call: what is new in the table is tried as everything else.
import assert from 'node:assert/strict'
import { z } from 'zod'
import { API, type CallName, MAX_BODY_OCTETS, SEALED_OCTETS } from '../../src/api.ts'

/** As far as the forms of the calls go; what is not here fails. */
interface Form {
  readonly type?: 'object' | 'string' | 'boolean' | 'array'
  readonly const?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, Form>>
  readonly prefixItems?: readonly Form[]
  readonly items?: Form
  readonly anyOf?: readonly Form[]
}

/** One body, and where it is not as it should be. */
export interface BadBody {
  /** As in `device.signing.x: a number`. */
  readonly what: string
  /** JSON. */
  readonly text: string
}

/** In each string that is sent: nothing of it may be in a log. */
export const MARK = 'zQ7mark'

/** Whatever a string is of, one of these is of its form. */
const STRINGS = [
  ...['Z'.repeat(22), 'Z'.repeat(43), 'ZZZZZZZZ', 'carol', '123456', 'public-key', 'EC', 'P-256'],
  `Z.${['', 'Z', 'Z', 'Z'].join('.')}`,
]

/** Well-formed bodies of a call, one for each of its forms. */
export function goodBodies(name: CallName): readonly unknown[] {
  const form = z.toJSONSchema(API[name].body) as Form
  return (form.anyOf ?? [form]).map((one) => {
    const body = sampleOf(one)
    assert.ok(API[name].body.safeParse(body).success, `${name}: ${JSON.stringify(body)}`)
    return body
  })
}

function sampleOf(form: Form): unknown {
  if ('const' in form) return form.const
  if (form.type === 'boolean') return false
  if (form.type === 'array') return form.prefixItems?.map(sampleOf) ?? [sampleOf(form.items ?? {})]
  if (form.type === 'object')
    return Object.fromEntries(Object.entries(form.properties ?? {}).map(([key, value]) => [key, sampleOf(value)]))
  assert.equal(form.type, 'string', JSON.stringify(form))
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern = '' } = form
  const found = STRINGS.find(
    (one) => one.length >= minLength && one.length <= maxLength && new RegExp(pattern, 'u').test(one),
  )
  return found ?? assert.fail(`no text is of this form: ${JSON.stringify(form)}`)
}

/** Of another type. */
const OTHER_TYPES: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 1e308,
  'a boolean': true,
  'an array': [MARK],
  'an object': { toString: MARK, constructor: MARK, length: 22 },
  'a long array': Array.from({ length: 10_000 }, () => MARK),
}

/** Too long, or of characters that are not of the encoding. */
const OTHER_STRINGS: Readonly<Record<string, string>> = {
  'an empty text': '',
  'one octet': 'Z',
  'spaces alone': ' '.repeat(22),
  'a long text': MARK.padEnd(2_000, 'Z'),
  'more than a sealed copy': MARK.padEnd(SEALED_OCTETS + 1, 'Z'),
  'another alphabet of base64': `${MARK}+/+/+/+/+/+/+/==`,
  'hexadecimal with a prefix': '0xdeadbeefdeadbeefdeadbe',
  'NUL within': `${MARK}\0${'Z'.repeat(15)}`,
  'a line feed behind': `${MARK}${'Z'.repeat(15)}\n`,
  'half of a character': `${MARK}\ud800${'Z'.repeat(14)}`,
  'right to left': `${MARK}\u202e${'Z'.repeat(14)}`,
  'digits of another script': '١٢٣٤٥٦',
  'an injection': `${MARK}'; DROP TABLE login_account; --`,
}

/** Every body of a call that is bad in one place, and some that are bad altogether. */
export function* badBodies(name: CallName): Generator<BadBody> {
  for (const good of goodBodies(name)) {
    yield { what: 'a field that nobody knows', text: JSON.stringify({ ...(good as object), more: MARK }) }
    yield { what: '__proto__', text: JSON.stringify(good).replace(/^\{/, `{"__proto__":{"mark":"${MARK}"},`) }
    for (const path of pathsOf(good)) {
      const where = path.join('.')
      yield { what: `${where}: absent`, text: JSON.stringify(changed(good, path, undefined)) }
      for (const [what, value] of Object.entries({ ...OTHER_TYPES, ...OTHER_STRINGS }))
        yield { what: `${where}: ${what}`, text: JSON.stringify(changed(good, path, value)) }
    }
  }
  yield { what: 'an array', text: `["${MARK}"]` }
  yield { what: 'a text', text: `"${MARK}"` }
  yield { what: 'nothing', text: '' }
  yield { what: 'no JSON', text: `{"${MARK}"` }
  yield { what: 'a deep array', text: '['.repeat(50_000) }
  yield { what: 'octets that are no UTF-8', text: '{"\ud800": 1}' }
  yield { what: 'over the budget', text: ' '.repeat(MAX_BODY_OCTETS + 1) }
}

function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) => [[key], ...pathsOf(one).map((rest) => [key, ...rest])])
}

function changed(value: unknown, [key = '', ...rest]: readonly string[], to: unknown): unknown {
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === key ? changedAt(one, rest, to) : one))
  return { ...(value as object), [key]: changedAt((value as Record<string, unknown>)[key], rest, to) }
}

function changedAt(value: unknown, rest: readonly string[], to: unknown): unknown {
  return rest.length === 0 ? to : changed(value, rest, to)
}
