// The header of a message that is handed in: its fields as they stand, and whom it says it is from.

/** A field with its line ends, and its value unfolded. @see RFC 5322 §2.2 */
export interface HeaderLine {
  /** In lower case. */
  readonly name: string
  readonly text: string
  readonly value: string
}

const FIELD = /^([\x21-\x39\x3b-\x7e]+):((?:[^\r]|\r\n[ \t])*)\r\n/

/**
 * Reads a header: lines with CRLF, without the empty one. Undefined where a line is no field, as one with white space before
 * its colon, which some programs read and some do not.
 */
export function readHeader(text: string): readonly HeaderLine[] | undefined {
  const fields: HeaderLine[] = []
  for (let rest = text; rest !== ''; ) {
    const [line, name, value] = FIELD.exec(rest) ?? []
    if (line === undefined || name === undefined || value === undefined) return undefined
    fields.push({ name: name.toLowerCase(), text: line, value: value.replaceAll('\r\n', '').trim() })
    rest = rest.slice(line.length)
  }
  return fields
}

/** The octets of a header as text; undefined where they are no UTF-8. */
export function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

// RFC 5322 §3.2.3, RFC 6532 §3.2; a word may be encoded (RFC 2047), and dots stand in names that are not quoted (§4.1).
const ATOM = String.raw`[A-Za-z0-9!#$%&'*+/=?^_\x60{|}~.\u0080-\u{10ffff}-]+`
const WORD = String.raw`(?:${ATOM}|"(?:[^"\\]|\\.)*")`
const PHRASE = new RegExp(String.raw`^(?:${WORD}(?:[ \t]+${WORD})*)?$`, 'u')
const ADDRESS = new RegExp(`^${ATOM}@${ATOM}$`, 'u')

/**
 * The one address of a From. Undefined where there are several, or where it is written in a way that is read differently
 * from program to program: comments, groups, routes, quoted local parts. @see RFC 5322 §3.4
 */
export function onlyAddressOf(value: string): string | undefined {
  const at = value.endsWith('>') ? value.lastIndexOf('<') : undefined
  if (at === -1) return undefined
  const address = at === undefined ? value : value.slice(at + 1, -1).trim()
  const phrase = at === undefined ? '' : value.slice(0, at).trim()
  return ADDRESS.test(address) && PHRASE.test(phrase) ? address : undefined
}
