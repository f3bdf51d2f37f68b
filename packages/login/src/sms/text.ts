// What a message says: first what it is for, and its last line is the code's. What others have written stands in quotes, on
// lines of its own that begin with a dash, so that nothing of it can be taken for a line of ours.
import type { Matter } from '../api.ts'

/** What a code is for, as the message has it: each a line, without what a line ends by. */
export type SmsWords = readonly [first: string, ...more: readonly string[]]

/** The whole message. @param bank As its customers read it. */
export function writeSmsText(bank: string, [first, ...more]: SmsWords, digits: string): string {
  const last = `If you want exactly this: ${digits}. We never ask you for this code.`
  return [`${bank}: ${first}`, ...more, last].join('\n')
}

/** A matter, line by line. */
export function wordsOfMatter({ title, lines }: Pick<Matter, 'title' | 'lines'>): SmsWords {
  return [`to confirm ${quoted(title)}`, ...lines.map(([name, value]) => `- ${bare(name)}: ${quoted(value)}`)]
}

function quoted(text: string): string {
  return `"${bare(text)}"`
}

/**
 * Without a mark that could end the quotes, and with no space so wide that a narrow screen would begin a line behind it. Ends of
 * lines are in no matter (`browser/seen.ts`). @see UAX #44, Quotation_Mark
 */
function bare(text: string): string {
  return text.replaceAll(/\p{Quotation_Mark}/gu, "'").replaceAll(/[\s\p{Cc}\u2800]+/gu, ' ')
}
