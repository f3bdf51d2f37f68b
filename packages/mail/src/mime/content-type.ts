// Content-Type and Content-Disposition: a word and its parameters. RFC 2045 §5.1, RFC 2183 §2, RFC 2231.
import type { ContentType } from '../model.ts'
import { FieldLexer } from './lexer.ts'
import { joinParameters, type WrittenParameter } from './parameters.ts'

/** Where something is shown, and under which name. @see RFC 2183 §2 */
export interface ContentDisposition {
  /** In lower case, as in `attachment`. */
  readonly disposition: string
  readonly parameters: ReadonlyMap<string, string>
}

/** What an entity is that does not say so. @see RFC 2045 §5.2 */
export const PLAIN_TEXT: ContentType = { type: 'text/plain', parameters: new Map() }

/**
 * Reads the value of Content-Type; `at` is the place of its field.
 * @throws {MailFormError} when it has another form, a parameter twice, or, of a multipart, anything that not all programs read.
 */
export function readContentType(value: string, at: number): ContentType {
  const lexer = new FieldLexer(value, 'content-type', at)
  lexer.skipCfws()
  const type = lexer.readToken()
  if (type === undefined || !lexer.takes('/')) lexer.refuse()
  const subtype = lexer.readToken() ?? lexer.refuse()
  const parameters = joinParameters(readParameters(lexer), at)
  const name = `${type}/${subtype}`.toLowerCase()
  // What two programs take for two boundaries makes two messages of one.
  if (lexer.hasRareForms && name.startsWith('multipart/')) lexer.refuse()
  return { type: name, parameters }
}

/** Reads the value of Content-Disposition; `at` is the place of its field. @throws {MailFormError} as {@link readContentType} */
export function readContentDisposition(value: string, at: number): ContentDisposition {
  const lexer = new FieldLexer(value, 'content-type', at)
  lexer.skipCfws()
  const disposition = lexer.readToken() ?? lexer.refuse()
  return { disposition: disposition.toLowerCase(), parameters: joinParameters(readParameters(lexer), at) }
}

function readParameters(lexer: FieldLexer): WrittenParameter[] {
  const parameters: WrittenParameter[] = []
  for (;;) {
    lexer.skipCfws()
    if (lexer.isAtEnd) return parameters
    if (!lexer.takes(';')) lexer.refuse()
    lexer.skipCfws()
    // Many write one more semicolon at the end, and all read it alike.
    if (lexer.isAtEnd) return parameters
    const name = lexer.readToken() ?? lexer.refuse()
    if (lexer.skipCfws()) lexer.hasRareForms = true
    if (!lexer.takes('=')) lexer.refuse()
    if (lexer.skipCfws()) lexer.hasRareForms = true
    const quoted = lexer.readQuotedString()
    const value = quoted ?? lexer.readToken() ?? lexer.refuse()
    parameters.push({ name: name.toLowerCase(), value, isQuoted: quoted !== undefined })
  }
}
