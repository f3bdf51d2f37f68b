// Text from outside, safe to write to a terminal.

/**
 * The last look at a line before it is written: what JSON leaves as it stands is written in its escapes, so that a program
 * reads the same and a terminal does nothing. Our own colours and line ends stay.
 * @see RFC 8259 §7
 */
export function writtenLine(line: string): string {
  return line.replaceAll(
    /[\u007F-\u009F\p{Zl}\p{Zp}\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Replaces control characters, and those that reorder text, by their escapes: a name must not move the cursor. */
export function plainText(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
