// Text from outside, safe to write to a terminal.

/** Replaces control characters, and those that reorder text, by their escapes: a name must not move the cursor. */
export function plainText(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
