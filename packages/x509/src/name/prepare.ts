// String preparation for the comparison of names: RFC 4518 §2, as RFC 5280 §7.1 asks for it.

/**
 * Brings a text to the form in which it is compared without regard to case, width, composition and insignificant spaces.
 * Two texts are the same if and only if their forms are. The tables are those of the engine's Unicode and not of 3.2
 * (docs/protocols/rfc5280.md).
 * @returns `undefined` where a character is prohibited, or the text is over a local limit: then only the octets count.
 * @see RFC 4518 §2.2 to §2.6.1
 */
export function prepareText(text: string): string | undefined {
  if (ASCII.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ').trim()
  if (text.length > MAX_LENGTH || TOO_MANY_MARKS.test(text)) return undefined
  const mapped = text.replace(TO_SPACE, ' ').replace(TO_NOTHING, '')
  // Twice: what NFKC takes apart can be folded again, as the sign of a trade mark into "tm"; RFC 3454 B.2 does both in one table.
  const folded = foldCase(foldCase(mapped).normalize('NFKC')).normalize('NFKC')
  if (PROHIBITED.test(folded)) return undefined
  // §2.6.1: a space is "followed by no combining marks"; which number of them stands for one makes no difference to equality.
  return folded.replace(/^ +(?!\p{M})| +$/gu, '').replace(/ +(?!\p{M})/gu, ' ')
}

/**
 * Local limits, for what an engine's NFKC costs: a character can become 18, and marks are sorted in quadratic time. No
 * text of a name in use comes near; RFC 5280 Appendix A.1 ends them at 64 to 128, and Unicode's UAX #15 (D4) at 30 marks.
 */
const MAX_LENGTH = 1024
const TOO_MANY_MARKS = /\p{M}{31}/u
const ASCII = /^[\x20-\x7e]*$/
/** §2.2: tabulator, ends of lines, and whatever separates. */
const TO_SPACE = /[\t-\r\u0085\p{Z}]/gu
/** §2.2: hyphens and joiners that do not show, variation selectors, and its list of control characters. */
const TO_NOTHING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex lint/suspicious/noMisleadingCharacterClass: the clause maps control characters to nothing, and each of these alone.
  /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u06dd\u070f\u1806\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2063\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/gu
/** §2.4: unassigned, private use, surrogates, the replacement character, and control characters that §2.2 does not name. */
const PROHIBITED = /[\p{Cn}\p{Co}\p{Cs}\p{Cc}\p{Cf}\ufffd]/u

/**
 * RFC 3454 B.2. JavaScript has no folding of its own, but upper and then lower case is the same for each character, with
 * two exceptions: the dotless i would become an i, and a sigma takes another form at the end of a word.
 */
function foldCase(text: string): string {
  const folded = text.split('ı').map((part) => part.toUpperCase().toLowerCase())
  return folded.join('ı').replaceAll('ς', 'σ')
}
