// The lexical tokens of structured fields, RFC 5322 §3.2 and RFC 2045 §5.1, over an unfolded value.
import { type MailFault, MailFormError } from './error.ts'

/** How deep comments may be in comments; nobody writes more than two. */
const MAX_COMMENT_DEPTH = 8
const WSP = /[ \t]+/y
// RFC 2045 §5.1: what is neither space, control nor one of the tspecials.
const TOKEN = /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+/y
// RFC 5322 §3.2.3 with RFC 6532 §3.2: atoms, and dots wherever they stand.
const DOTTED_ATOM = /[!#$%&'*+\-./0-9=?A-Z^_`a-z{|}~\u{80}-\u{10ffff}]+/uy

/** A place in the value of a field; each `read…` answers what stands there and moves on, or undefined and stays. */
export class FieldLexer {
  readonly #text: string
  readonly #fault: MailFault
  readonly #at: number
  #place = 0
  /** Whether anything was read that some programs do not know: a comment, or a quoted pair. */
  hasRareForms = false

  /** `at` is the place of the field in its source, for errors. */
  constructor(text: string, fault: MailFault, at: number) {
    this.#text = text
    this.#fault = fault
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#place === this.#text.length
  }

  /** The field is not what it must be. @throws {MailFormError} always. */
  refuse(fault: MailFault = this.#fault): never {
    throw new MailFormError(fault, this.#at)
  }

  /** Whether `char` stands here; if so, moves past it. */
  takes(char: string): boolean {
    if (this.#text[this.#place] !== char) return false
    this.#place++
    return true
  }

  /** Whether `char` stands here. */
  sees(char: string): boolean {
    return this.#text[this.#place] === char
  }

  /** Moves past white space and comments; tells whether there were any. @see RFC 5322 §3.2.2 */
  skipCfws(): boolean {
    const from = this.#place
    do this.#match(WSP)
    while (this.#skipComment())
    return this.#place > from
  }

  readToken(): string | undefined {
    return this.#match(TOKEN)
  }

  /** Atoms and dots, in whatever order: whether it is a dot-atom is for whoever needs one. */
  readDottedAtom(): string | undefined {
    return this.#match(DOTTED_ATOM)
  }

  /** The content of a quoted string, its pairs undone. @see RFC 5322 §3.2.4 */
  readQuotedString(): string | undefined {
    if (!this.takes('"')) return undefined
    let content = ''
    for (;;) {
      const char = this.#next()
      if (char === '"') return content
      if (char === '\\') this.hasRareForms = true
      content += char === '\\' ? this.#next() : char
    }
  }

  #skipComment(): boolean {
    if (!this.takes('(')) return false
    this.hasRareForms = true
    for (let depth = 1; depth > 0; ) {
      const char = this.#next()
      if (char === '\\') this.#next()
      else if (char === '(') depth++
      else if (char === ')') depth--
      if (depth > MAX_COMMENT_DEPTH) this.refuse('comments')
    }
    return true
  }

  /** One UTF-16 unit: what is looked for is ASCII. */
  #next(): string {
    return this.#text[this.#place++] ?? this.refuse()
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#place
    const [found] = pattern.exec(this.#text) ?? []
    this.#place += found?.length ?? 0
    return found
  }
}
