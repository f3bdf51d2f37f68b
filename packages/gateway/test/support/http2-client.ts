// Callers of HTTP/2: Node's own client, and one that writes frames that no client would.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Holder } from '../../../../tools/testing/pki.ts'
import { clientOptions, type TestDoor } from '../../../../tools/testing/web-house.ts'

/** A connection of Node's client, which is gone at the end of the test. */
export async function connectHttp2(
  { port }: Pick<TestDoor, 'port'>,
  caller?: Holder,
): Promise<{ readonly session: ClientHttp2Session } & Disposable> {
  const session = connect('https://hello.localhost', {
    createConnection: () =>
      connectTls({ host: '127.0.0.1', port, ...clientOptions(caller), ALPNProtocols: ['h2'] }).on(
        'error',
        () => undefined,
      ),
  })
  session.on('error', () => undefined)
  await new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()))
  return {
    session,
    [Symbol.dispose]: () => session.destroy(),
  }
}

export interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly interim: readonly number[]
  readonly body: string
  readonly rstCode: number | undefined
}

/** One request, to its end: `status` is 0 where the stream was reset without an answer. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]> | readonly string[],
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(headers as Record<string, string>, { endStream: body === undefined })
  let answered: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  const interim: number[] = []
  const chunks: Buffer[] = []
  stream.on('headers', (seen) => interim.push(Number(seen[':status'])))
  stream.on('response', (seen) => {
    answered = seen
  })
  stream.on('trailers', (seen) => {
    trailers = seen
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => undefined)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  if (body !== undefined) stream.end(body)
  await closed
  return {
    status: Number(answered[':status'] ?? 0),
    headers: answered,
    trailers,
    interim,
    body: Buffer.concat(chunks).toString('latin1'),
    rstCode: stream.rstCode,
  }
}

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

/** A connection on which the test writes frames itself, behind the preface and empty settings. */
export async function dialFrames(
  { port }: Pick<TestDoor, 'port'>,
  caller?: Holder,
): Promise<{ readonly socket: TLSSocket; readonly frames: SeenFrame[]; readonly closed: Promise<void> }> {
  const socket = connectTls({ host: '127.0.0.1', port, ...clientOptions(caller), ALPNProtocols: ['h2'] })
  socket.on('error', () => socket.destroy())
  const frames: SeenFrame[] = []
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      frames.push({
        type: rest[3] ?? 0,
        flags: rest[4] ?? 0,
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(9, end),
      })
      rest = rest.subarray(end)
    }
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()))
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]))
  return { socket, frames, closed }
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
