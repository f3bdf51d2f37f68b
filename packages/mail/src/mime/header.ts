// The header of one entity, line by line. RFC 5322 §2.2 and §3.6, RFC 6532 §3.
import type { Field } from '../model.ts'
import { MailFormError } from './error.ts'
import type { MailLimits } from './limits.ts'

/** RFC 5322 §3.6, RFC 2045 §3, RFC 2183 §2: what stands at most once. Programs that find two take one or the other. */
const ONCE: ReadonlySet<string> = new Set([
  'bcc',
  'cc',
  'content-description',
  'content-disposition',
  'content-id',
  'content-transfer-encoding',
  'content-type',
  'date',
  'from',
  'in-reply-to',
  'message-id',
  'mime-version',
  'references',
  'reply-to',
  'sender',
  'subject',
  'to',
])
// RFC 5322 §2.2: printable ASCII but the colon.
const FIELD = /^([!-9;-~]+):(.*)$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What the headers of a message may still have. */
export interface HeaderBudget {
  octetsLeft: number
}

/** Gathers the lines of one header. */
export class HeaderLines {
  readonly #limits: MailLimits
  readonly #budget: HeaderBudget
  readonly #fields: Field[] = []
  readonly #names = new Set<string>()
  #lines: string[] = []
  #start = 0
  #end = 0
  #octets = 0

  constructor(limits: MailLimits, budget: HeaderBudget) {
    this.#limits = limits
    this.#budget = budget
  }

  /** One line that is not empty, without its end; `start` and `end` are its places, with its end. @throws {MailFormError} */
  push(line: Uint8Array, start: number, end: number): void {
    this.#octets += end - start
    this.#budget.octetsLeft -= end - start
    if (this.#octets > this.#limits.maxHeaderOctets) throw new MailFormError('header-octets', start)
    if (this.#budget.octetsLeft < 0) throw new MailFormError('header-octets-in-all', start)
    const text = textOf(line, start)
    const isContinued = text.startsWith(' ') || text.startsWith('\t')
    if (isContinued && (this.#lines.length === 0 || text.trim() === '')) throw new MailFormError('field-fold', start)
    if (!isContinued) {
      this.#close()
      this.#start = start
    }
    this.#lines.push(text)
    this.#end = end
  }

  /** The fields, when the header has ended. @throws {MailFormError} */
  end(): readonly Field[] {
    this.#close()
    return this.#fields
  }

  #close(): void {
    if (this.#lines.length === 0) return
    const [, name, value] = FIELD.exec(this.#lines.join('')) ?? []
    if (name === undefined || value === undefined) throw new MailFormError('field-name', this.#start)
    const once = name.toLowerCase()
    if (ONCE.has(once) && this.#names.has(once)) throw new MailFormError('field-twice', this.#start)
    this.#names.add(once)
    // Some keep the line end in it, some do not.
    if (once === 'content-type' && this.#lines.some((line) => /boundary="[^"]*$/i.test(line)))
      throw new MailFormError('boundary', this.#start)
    this.#fields.push({ name, value: value.replace(/^[ \t]+|[ \t]+$/g, ''), start: this.#start, end: this.#end })
    if (this.#fields.length > this.#limits.maxFields) throw new MailFormError('fields', this.#start)
    this.#lines = []
  }
}

function textOf(line: Uint8Array, at: number): string {
  let text: string
  try {
    text = UTF8.decode(line)
  } catch (cause) {
    if (cause instanceof TypeError) throw new MailFormError('field-octets', at)
    throw cause
  }
  if (CONTROL.test(text)) throw new MailFormError('field-octets', at)
  return text
}
