// Callers of HTTP/2: Node's own client, and one that writes frames that no client would.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { frameReader, PREFACE, type SeenFrame } from '../../../../tools/testing/http2-frames.ts'
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

/** A connection on which the test writes frames itself, behind the preface and empty settings. */
export async function dialFrames(
  { port }: Pick<TestDoor, 'port'>,
  caller?: Holder,
): Promise<{ readonly socket: TLSSocket; readonly frames: SeenFrame[]; readonly closed: Promise<void> }> {
  const socket = connectTls({ host: '127.0.0.1', port, ...clientOptions(caller), ALPNProtocols: ['h2'] })
  socket.on('error', () => socket.destroy())
  const frames: SeenFrame[] = []
  const read = frameReader((each) => frames.push(each))
  socket.on('data', read)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()))
  socket.write(PREFACE)
  return { socket, frames, closed }
}
