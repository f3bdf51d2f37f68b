// Records as lines of a file, each with its own checksum, so that a torn or damaged one costs no other.
import { crc32 } from 'node:zlib'
import { type Meeting, readMeeting, ShapeError, writeMeeting } from '@countersign/protocol'

const SHAPE = /^([0-9a-f]{8}) (.+)$/

/** Eight hexadecimal digits of CRC-32 and, behind a space, what they are of: JSON. */
export function writeLine(meeting: Meeting): string {
  const json = JSON.stringify(writeMeeting(meeting))
  return `${checksumOf(json)} ${json}\n`
}

/** Reads what {@link writeLine} wrote; `damaged` counts the lines that are not as they were, half a line at the end among them. */
export function readLines(text: string): { readonly meetings: readonly Meeting[]; readonly damaged: number } {
  const lines = text.split('\n')
  // What follows the last end of a line is nothing, or was not written to its end.
  if (lines.at(-1) === '') lines.pop()
  const meetings = lines.flatMap((line) => readLine(line) ?? [])
  return { meetings, damaged: lines.length - meetings.length }
}

function readLine(line: string): Meeting | undefined {
  const [, checksum, json = ''] = SHAPE.exec(line) ?? []
  if (checksum === undefined || checksum !== checksumOf(json)) return undefined
  try {
    return readMeeting(JSON.parse(json))
  } catch (error) {
    // Of another version of this program.
    if (error instanceof SyntaxError || error instanceof ShapeError) return undefined
    throw error
  }
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
