// Which multipart a line delimits. RFC 2046 §5.1.1.
import { MailFormError } from './error.ts'

/** RFC 5322 §2.1.1: what a line has at most. No more of one is looked at in a body. */
export const MAX_DELIMITER_OCTETS = 998
const TWO_HYPHENS = 0x2d2d

/** A line that stands between two parts, or after the last. */
export interface Delimiter {
  /** Of the multipart, counted from the outermost. */
  readonly index: number
  readonly isClosing: boolean
}

/**
 * Which of the multiparts that are open, or were closed and not yet left, the line delimits; undefined where it is content.
 * "Lines in a body-part must not start with the specified dash-boundary": some programs take any that does for a delimiter,
 * others compare all of the line. So a line that only begins as one, or as those of two, is refused.
 * @throws {MailFormError}
 */
export function asDelimiterOf(
  multiparts: readonly { readonly dashBoundary: Buffer | undefined }[],
  line: Buffer,
  at: number,
): Delimiter | undefined {
  if (line.length < 3 || line.readUInt16BE(0) !== TWO_HYPHENS) return undefined
  let found: number | undefined
  let octets = 0
  for (const [index, { dashBoundary }] of multiparts.entries()) {
    if (dashBoundary === undefined || !startsWith(line, dashBoundary)) continue
    if (found !== undefined) throw new MailFormError('boundary-ambiguous', at)
    found = index
    octets = dashBoundary.length
  }
  if (found === undefined) return undefined
  const rest = line.length > MAX_DELIMITER_OCTETS ? undefined : /^(--)?[ \t]*$/.exec(line.toString('latin1', octets))
  if (rest === null || rest === undefined) throw new MailFormError('boundary-ambiguous', at)
  return { index: found, isClosing: rest[1] !== undefined }
}

function startsWith(line: Buffer, start: Buffer): boolean {
  return line.length >= start.length && line.compare(start, 0, start.length, 0, start.length) === 0
}
