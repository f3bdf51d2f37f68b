// Text of fields, as people see it: encoded words, RFC 2047, and nothing that hides or turns what stands beside it.
import { decodeCharset } from './charset.ts'

// RFC 2047 §2; the language is RFC 2231 §5.
const WORD = /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=/g
const BETWEEN_WORDS = /(=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)[ \t]+(?==\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)/g
// Controls of a terminal, ends of lines, and what turns the direction of a text; joiners belong to some scripts.
const UNSEEN = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The text of an unstructured field, to be shown: an encoded word that cannot be read stays as it stands. @see RFC 2047 §6 */
export function readText(value: string): string {
  return shownText(
    value.replace(BETWEEN_WORDS, '$1').replace(WORD, (word, charset: string, encoding: string, text: string) => {
      const octets = encoding.toLowerCase() === 'b' ? octetsOfB(text) : octetsOfQ(text)
      return (octets === undefined ? undefined : decodeCharset(octets, charset)) ?? word
    }),
  )
}

/** The text with U+FFFD in place of what is not seen and changes what is. */
export function shownText(text: string): string {
  return text.replaceAll('\t', ' ').replace(UNSEEN, '\ufffd')
}

function octetsOfB(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function octetsOfQ(text: string): Uint8Array | undefined {
  if (!/^(?:[!-<>-~]|=[0-9A-Fa-f]{2})*$/.test(text)) return undefined
  const octets = text
    .replaceAll('_', ' ')
    .replace(/=(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1')
}
