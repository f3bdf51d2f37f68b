// Parameters in parts, in character sets and languages: RFC 2231 §3 and §4.
import { decodeCharset } from './charset.ts'
import { MailFormError } from './error.ts'

/** A parameter as it was written. */
export interface WrittenParameter {
  /** In lower case, with its asterisks. */
  readonly name: string
  readonly value: string
  readonly isQuoted: boolean
}

/** What decides about structure: all programs must see it, and many know nothing of RFC 2231. */
const PLAIN_ALONE: ReadonlySet<string> = new Set(['boundary', 'charset', 'hp', 'micalg', 'protocol', 'smime-type'])

interface Parts {
  readonly form: 'plain' | 'extended' | 'sections'
  readonly values: WrittenParameter[]
}

/**
 * The parameters, those in parts put together, in the order in which they begin; `at` is the place of their field.
 * @throws {MailFormError} when one stands twice, or in two forms, or its parts are not all there in their order.
 */
export function joinParameters(written: readonly WrittenParameter[], at: number): ReadonlyMap<string, string> {
  const found = new Map<string, Parts>()
  for (const parameter of written) {
    const [, name, section, star] = /^([^*]+)(?:\*(0|[1-9][0-9]{0,3}))?(\*)?$/.exec(parameter.name) ?? []
    if (name === undefined) throw new MailFormError('parameter-form', at)
    const form = section !== undefined ? 'sections' : star !== undefined ? 'extended' : 'plain'
    if (form !== 'plain' && PLAIN_ALONE.has(name)) throw new MailFormError('parameter-form', at)
    const before = found.get(name)
    if (before === undefined && Number(section ?? 0) === 0) found.set(name, { form, values: [parameter] })
    else if (form !== 'sections' || (before !== undefined && before.form !== 'sections'))
      throw new MailFormError('parameter-twice', at)
    else if (before?.values.length === Number(section)) before.values.push(parameter)
    else throw new MailFormError('parameter-form', at)
  }
  return new Map([...found].map(([name, { form, values }]) => [name, join(form, values, at)]))
}

function join(form: Parts['form'], values: readonly WrittenParameter[], at: number): string {
  const [first] = values
  if (first === undefined) return ''
  if (form === 'plain') return first.value
  // RFC 2231 §4: character set and language stand before the first part, and only there.
  const [, charset, rest] = first.name.endsWith('*')
    ? (/^([^']*)'[^']*'(.*)$/.exec(first.value) ?? [])
    : ['', 'utf-8', first.value]
  if (charset === undefined || rest === undefined) throw new MailFormError('parameter-form', at)
  const octets = values.map(({ name, value, isQuoted }, index) => {
    const text = index === 0 ? rest : value
    if (!name.endsWith('*')) return Buffer.from(text, 'utf8')
    if (isQuoted || !/^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(text)) throw new MailFormError('parameter-form', at)
    return Buffer.from(unescapePercent(text), 'latin1')
  })
  return decodeCharset(Buffer.concat(octets), charset) ?? refuse(at)
}

/** `text` is ASCII, for it is a token. */
function unescapePercent(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function refuse(at: number): never {
  throw new MailFormError('parameter-form', at)
}
