// A meeting as people see it in the terminal.
import { drawMeeting, explainMeeting, type Json, type Meeting, readMeeting, writeMeeting } from '@countersign/protocol'
import type { Around } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** The picture of a meeting, line by line; what the other side said of itself cannot move the cursor. */
export function pictureLines(
  meeting: Meeting,
  { clock, color, columns }: Pick<Around, 'clock' | 'color' | 'columns'>,
): string[] {
  const plain = readMeeting(plainTexts(writeMeeting(meeting)))
  return drawMeeting(explainMeeting(plain, clock()), { color: color.out, width: columns }).split('\n')
}

function plainTexts(value: Json): Json {
  if (typeof value === 'string') return plainText(value)
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map(plainTexts)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainTexts(part)]))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
