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
  /** JSON, or what was meant to be. */
  readonly text: string | Buffer
}

/** In each string that is sent: nothing of it may be in a log. */
export const MARK = 'zQ7mark'

/** Whatever a string is of, one of these is of its form. */
const STRINGS = [
  ...['Z'.repeat(22), 'Z'.repeat(43), 'ZZZZZZZZ', 'carol', '123456', 'public-key', 'EC', 'P-256', '+4915112345678'],
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
  'base64 of a length that none has': 'ZZZZZ',
  'base64 with bits that are lost': 'ZZZZZZZZZZZZZZZZZZZZZZ',
  'hexadecimal with a prefix': '0xdeadbeefdeadbeefdeadbe',
  'NUL within': `${MARK}\0${'Z'.repeat(15)}`,
  'a line feed behind': `${MARK}${'Z'.repeat(15)}\n`,
  'half of a character': `${MARK}\ud800${'Z'.repeat(14)}`,
  'right to left': `${MARK}\u202e${'Z'.repeat(14)}`,
  'digits of another script': '١٢٣٤٥٦',
  'an injection': `${MARK}'; DROP TABLE login_account; --`,
}

/** So deep that whoever walks through it by calling itself falls. */
const DEEP = `${'{"a":['.repeat(20_000)}1${']}'.repeat(20_000)}`
/** What is taken out of a text again; no form has it. */
const HERE = `${MARK}here`

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
      const [before, after] = JSON.stringify(changed(good, path, HERE)).split(HERE)
      yield { what: `${where}: deep`, text: deepIn(changed(good, path, HERE)) }
      // What an authenticator says has more fields than the form of the call has.
      if (path.at(-1) === 'credential')
        yield { what: `${where}.response: deep`, text: deepIn(changed(good, [...path, 'response'], HERE)) }
      // RFC 3629 §3: an octet that no text has, and a surrogate as if it were a character.
      for (const octets of [[0xff], [0xed, 0xa0, 0x80]])
        yield {
          what: `${where}: octets that are no UTF-8`,
          text: Buffer.concat([Buffer.from(`${before}${MARK}`), Buffer.from(octets), Buffer.from(`${after}`)]),
        }
    }
  }
  yield { what: 'an array', text: `["${MARK}"]` }
  yield { what: 'a text', text: `"${MARK}"` }
  yield { what: 'nothing', text: '' }
  yield { what: 'no JSON', text: `{"${MARK}"` }
  yield { what: 'a deep array', text: '['.repeat(50_000) }
  yield { what: 'a name that is no text', text: '{"\ud800": 1}' }
  yield { what: 'a byte order mark', text: `\ufeff${JSON.stringify(goodBodies(name)[0])}` }
  yield { what: 'over the budget', text: ' '.repeat(MAX_BODY_OCTETS + 1) }
}

function deepIn(body: unknown): string {
  return JSON.stringify(body).replace(`"${HERE}"`, DEEP)
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
