/**
 * Control and format characters, surrogates, private use, unassigned, and line and paragraph separators; also spaces
 * other than U+0020, which look like it.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu

/**
 * Escapes what could deceive the reader of a log, a terminal or a page: each such character becomes `\u{…}`.
 * For text that a peer controls and a message shows; a backslash stays as it is.
 * @param write How one character is written; `\u{…}` unless given.
 */
export function escapeText(text: string, write: (character: string) => string = codePoint): string {
  return text.replace(UNSAFE, (character) => write(character))
}

function codePoint(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`
}
