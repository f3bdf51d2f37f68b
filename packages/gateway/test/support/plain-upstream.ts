// An upstream that a test scripts: in HTTP, or octet by octet.
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface PlainUpstream extends AsyncDisposable {
  readonly url: string
  /** How many requests (HTTP) or connections (octets) have reached it. */
  readonly reached: number
  /** Connections open now. */
  readonly open: ReadonlySet<Socket>
}

/** Serves HTTP by Node's own server, on any free port unless one is asked for. */
export async function serveHttp(listener: RequestListener, port = 0): Promise<PlainUpstream> {
  let reached = 0
  const server = createHttpServer((request, response) => {
    reached++
    listener(request, response)
  })
  return started(server, () => reached, port)
}

/** Hands each connection to `script`, which writes what no well-behaved server would. */
export async function serveOctets(script: (socket: Socket) => void): Promise<PlainUpstream> {
  let reached = 0
  const server = createServer((socket) => {
    reached++
    socket.on('error', () => socket.destroy())
    script(socket)
  })
  return started(server, () => reached)
}

async function started(
  server: Server | ReturnType<typeof createServer>,
  reached: () => number,
  port = 0,
): Promise<PlainUpstream> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get reached() {
      return reached()
    },
    open,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
