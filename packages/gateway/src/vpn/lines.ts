// The lines of a management connection: of any length in, of a length that is known out.

/** A line, or that it was longer than any that is read; then without its text. */
export type Line = { readonly ok: true; readonly text: string } | { readonly ok: false }

/** Cuts octets into lines. Pure but for what it holds of the line that is not whole. */
export interface LineReader {
  push(chunk: Uint8Array): readonly Line[]
}

/** A user name, or a password, has at most 4,096 octets in the engine (USER_PASS_LEN); a name of a variable beside it. */
export const MAX_LINE_OCTETS: number = 16 * 1024

const LF = 0x0a
const CR = 0x0d

/** Begins at the start of a connection. What of a line is beyond the budget is thrown away as it comes. */
export function createLineReader(maxOctets: number = MAX_LINE_OCTETS): LineReader {
  const decoder = new TextDecoder()
  let held: Uint8Array[] = []
  let octets = 0
  let isOver = false

  const add = (part: Uint8Array) => {
    octets += part.length
    if (octets > maxOctets) {
      isOver = true
      held = []
    } else if (part.length > 0) held.push(part)
  }
  const take = (): Line => {
    const whole = Buffer.concat(held)
    const line: Line = isOver ? { ok: false } : { ok: true, text: decoder.decode(withoutReturn(whole)) }
    held = []
    octets = 0
    isOver = false
    return line
  }

  return {
    push(chunk) {
      const lines: Line[] = []
      let from = 0
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
        add(chunk.subarray(from, end))
        lines.push(take())
        from = end + 1
      }
      // What stays must not be what the connection writes over.
      add(chunk.slice(from))
      return lines
    },
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}
