// HTTP/2 frame by frame, as no client would write it. RFC 9113 §4, §6.

/** RFC 9113 §6 */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

/** One frame, RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal fields without indexing and without Huffman, RFC 7541 §6.2.2: names and values are sent as they stand, in Latin-1. */
export function fieldBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => {
    const octets = Buffer.from(value, 'latin1')
    if (octets.length < 127) return Buffer.concat([Buffer.of(octets.length), octets])
    // RFC 7541 §5.1
    const length: number[] = [127]
    let rest = octets.length - 127
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
    length.push(rest)
    return Buffer.concat([Buffer.from(length), octets])
  }
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

/** What was received: type, flags, stream and payload of each frame. */
export interface SeenFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What a client sends first: RFC 9113 §3.4, and settings that say nothing. */
export const PREFACE: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0, 0),
])

/** Answers what takes octets as they come and tells of each whole frame. */
export function frameReader(told: (frame: SeenFrame) => void): (octets: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (octets) => {
    rest = Buffer.concat([rest, octets])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      told({
        type: rest[3] ?? 0,
        flags: rest[4] ?? 0,
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(9, end),
      })
      rest = rest.subarray(end)
    }
  }
}

/** The pseudo-fields of a request for `path`. */
export function requestFields(path: string, method = 'GET'): [name: string, value: string][] {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'hello.localhost'],
    [':path', path],
  ]
}

/** A request head in one frame. */
export function headersFrame(
  stream: number,
  fields: readonly (readonly [name: string, value: string])[],
  flags: number = FLAG.endStream | FLAG.endHeaders,
): Buffer {
  return frame(FRAME.headers, flags, stream, fieldBlock(fields))
}

/** RST_STREAM, RFC 9113 §6.4. */
export function resetFrame(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return frame(FRAME.reset, 0, stream, payload)
}
