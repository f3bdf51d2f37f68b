/** Why a text is not PEM. A released code keeps its meaning and is never reused. */
export const PEM_ERRORS = {
  ERR_PEM_BOUNDARY: ['RFC 7468 §3', 'the line begins like a boundary, but is none'],
  ERR_PEM_UNEXPECTED_END: ['RFC 7468 §2', 'a block ends that did not begin'],
  ERR_PEM_LABEL_MISMATCH: ['RFC 7468 §2', 'the block ends with another label than it begins with'],
  ERR_PEM_TRUNCATED: ['RFC 7468 §2', 'the text ends inside a block'],
  ERR_PEM_HEADER: ['RFC 7468 §2', 'a block has no headers'],
  ERR_PEM_BASE64: ['RFC 7468 §3', 'the line is not base64, or its padding is wrong'],
  ERR_PEM_EMPTY: ['RFC 7468 §4', 'the block holds nothing'],
  ERR_PEM_BLOCKS_LIMIT: ['local limit', 'there are more blocks than the caller allows'],
  ERR_PEM_OCTETS_LIMIT: ['local limit', 'the blocks hold more octets than the caller allows'],
} as const

/** One reason of {@link PEM_ERRORS}. */
export type PemErrorCode = keyof typeof PEM_ERRORS

/** Says that a text is not PEM; never with a piece of the text, which may be a key. */
export class PemError extends Error {
  override readonly name = 'PemError'
  readonly code: PemErrorCode
  /** Index, in UTF-16 code units from the start of the text, of the line at fault. */
  readonly offset: number
  /** The line at fault, from 1. */
  readonly line: number
  constructor(code: PemErrorCode, offset: number, line: number) {
    const [clause, text] = PEM_ERRORS[code]
    super(`${text} (${clause}, line ${line})`)
    this.code = code
    this.offset = offset
    this.line = line
  }
}
