// The addresses of From, Sender, Reply-To, To, Cc and Bcc. RFC 5322 §3.4, RFC 6532 §3.2.
import { domainToUnicode } from 'node:url'
import { readMailbox } from '@countersign/verify'
import { domainToALabels } from '@countersign/x509'
import type { Field, Mailbox } from '../model.ts'
import { FieldLexer } from './lexer.ts'
import { readText, shownText } from './words.ts'

/** What one field has at most: a list of this length is a thing for a server of lists. */
const MAX_ADDRESSES = 2_000

/**
 * The addresses of a field, those in groups too, each in the form in which names of certificates are compared. From and Sender
 * have no group (RFC 5322 §3.6.2), at least one address, and nothing obsolete (§4.4), Sender one address.
 *
 * Refused although RFC 5322 §3.4.1 has them, for "SHOULD NOT" and because programs find other addresses in them: comments and
 * white space within an address, encoded words in it, a domain in brackets, a local part that is none without its quotes.
 * @throws {MailFormError}
 */
export function readAddresses(field: Field): readonly Mailbox[] {
  const isAuthor = /^(?:from|sender)$/i.test(field.name)
  const list = new AddressList(field, isAuthor)
  list.read()
  const isCounted =
    !isAuthor || (list.found.length > 0 && !(field.name.toLowerCase() === 'sender' && list.found.length > 1))
  if (!isCounted) list.lexer.refuse()
  return list.found
}

/** A word of a phrase, or what may be a local part. */
interface Word {
  readonly text: string
  readonly isQuoted: boolean
}

class AddressList {
  readonly found: Mailbox[] = []
  readonly lexer: FieldLexer
  readonly #isAuthor: boolean

  constructor(field: Field, isAuthor: boolean) {
    this.lexer = new FieldLexer(field.value, 'address', field.start)
    this.#isAuthor = isAuthor
  }

  read(): void {
    this.#list(() => this.lexer.isAtEnd, !this.#isAuthor)
  }

  /** Elements with commas between them, until the list ends. */
  #list(ends: () => boolean, mayBeGroups: boolean): void {
    let elements = 0
    for (;;) {
      this.lexer.skipCfws()
      const isEmpty = ends() || this.lexer.sees(',')
      // RFC 5322 §4.4: elements of nothing are obsolete. A list of nothing is one in a group.
      if (isEmpty && this.#isAuthor) this.lexer.refuse()
      if (!isEmpty) this.#element(mayBeGroups)
      if (++elements > MAX_ADDRESSES) this.lexer.refuse('addresses')
      this.lexer.skipCfws()
      if (ends()) return
      if (!this.lexer.takes(',')) this.lexer.refuse()
    }
  }

  #element(mayBeGroup: boolean): void {
    const phrase: Word[] = []
    for (;;) {
      const word = this.#word()
      if (word === undefined) break
      if (this.lexer.takes('@')) {
        if (phrase.length > 0) this.lexer.refuse()
        this.found.push({ address: this.#addrSpec(word) })
        return
      }
      phrase.push(word)
      this.lexer.skipCfws()
    }
    // RFC 5322 §4.1: a dot in a phrase is obsolete, and frequent.
    if (this.#isAuthor && phrase.some(({ text, isQuoted }) => !isQuoted && text.includes('.'))) this.lexer.refuse()
    if (this.lexer.takes('<')) this.#angle(phrase)
    else if (phrase.length > 0 && mayBeGroup && this.lexer.takes(':')) {
      this.#list(() => this.lexer.sees(';'), false)
      this.lexer.takes(';')
    } else this.lexer.refuse()
  }

  #angle(phrase: readonly Word[]): void {
    const local = this.#word() ?? this.lexer.refuse()
    if (!this.lexer.takes('@')) this.lexer.refuse()
    const address = this.#addrSpec(local)
    if (!this.lexer.takes('>')) this.lexer.refuse()
    this.found.push(phrase.length === 0 ? { address } : { displayName: displayNameOf(phrase), address })
  }

  #word(): Word | undefined {
    const quoted = this.lexer.readQuotedString()
    if (quoted !== undefined) return { text: quoted, isQuoted: true }
    const text = this.lexer.readDottedAtom()
    return text === undefined ? undefined : { text, isQuoted: false }
  }

  /** What follows the at-sign, and with it the address. */
  #addrSpec({ text }: Word): string {
    const domain = compared(this.lexer.readDottedAtom() ?? this.lexer.refuse())
    // RFC 2047 §5: an encoded word never stands in an address; some programs decode it all the same.
    const address =
      domain === undefined || /=\?[^?]*\?[bq]\?/i.test(text) ? undefined : readMailbox(`${text}@${domain}`)
    return address ?? this.lexer.refuse()
  }
}

/** The domain of A-labels; undefined where a label of it is no U-label in its own form. @see RFC 5890 §2.3.2.1 */
function compared(domain: string): string | undefined {
  if (!/\P{ASCII}/u.test(domain)) return domain
  const labels = domainToALabels(domain)
  return labels !== undefined && domainToUnicode(labels) === domain.toLowerCase() ? labels : undefined
}

function displayNameOf(phrase: readonly Word[]): string {
  // RFC 2047 §5 (3): between quotes an encoded word is none. Adjacent ones are read together.
  let name = ''
  let atoms: string[] = []
  const flush = (): void => {
    if (atoms.length > 0) name = `${name} ${readText(atoms.join(' '))}`
    atoms = []
  }
  for (const { text, isQuoted } of phrase) {
    if (!isQuoted) atoms.push(text)
    else {
      flush()
      name = `${name} ${shownText(text)}`
    }
  }
  flush()
  return name.trim()
}
