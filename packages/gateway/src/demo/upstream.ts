// A small service to stand behind a door in a first try: it greets whoever the door proved, and shows what reached it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { greet } from './greet.ts'

/** The demo service while it listens. */
export interface DemoUpstream {
  readonly url: string
  close(): Promise<void>
}

const MAX_BIG_OCTETS = 1_000_000_000
const MAX_SLOW_SECONDS = 600
const LINE_INTERVAL_MS = 100
const CHUNK = Buffer.alloc(64 * 1024, 'countersign ')

/**
 * Opens the demo service in plain HTTP; it believes `Client-Cert`, so it must stand behind a door and nowhere else.
 * `/` greets, `/headers` shows the request, `/stream` goes on until the reader leaves, `/big?octets=`, `/slow?seconds=`
 * and `/echo` do as they say, `/ws` is a WebSocket that echoes.
 */
export async function openDemoUpstream(listen: {
  readonly host: string
  readonly port: number
}): Promise<DemoUpstream> {
  const server = createServer((request, response) => answer(request, response))
  // Only who opens the demo pays for loading it.
  const { WebSocketServer } = await import('ws')
  const sockets = new WebSocketServer({ server, path: '/ws', maxPayload: 1024 * 1024 })
  sockets.on('connection', (socket) => {
    socket.on('message', (message, binary) => socket.send(message, { binary }))
    socket.on('error', () => socket.terminate())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, () => resolve())
  })
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Route = (request: IncomingMessage, response: ServerResponse, parameters: URLSearchParams) => void

const ROUTES: Readonly<Record<string, Route>> = {
  '/': greet,
  '/headers': sendHeaders,
  '/stream': stream,
  '/big': (_request, response, parameters) =>
    void big(response, numberOf(parameters.get('octets'), 1_000_000, MAX_BIG_OCTETS)),
  '/slow': (_request, response, parameters) => slow(response, numberOf(parameters.get('seconds'), 5, MAX_SLOW_SECONDS)),
  '/echo': (request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' })
    request.pipe(response)
  },
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  if (route !== undefined) {
    route(request, response, new URLSearchParams(query))
    return
  }
  response.writeHead(404, { 'Content-Type': 'text/plain' })
  response.end('nothing here\n')
}

function sendHeaders({ rawHeaders }: IncomingMessage, response: ServerResponse): void {
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 ? [] : [[name, rawHeaders[i + 1]]]))
  const body = `${JSON.stringify(pairs, undefined, 2)}\n`
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

/** A line each 100 ms; a reader who does not keep up misses some. */
function stream(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  let line = 0
  const timer = setInterval(() => {
    line++
    if (!response.writableNeedDrain) response.write(`line ${line}\n`)
  }, LINE_INTERVAL_MS)
  response.once('close', () => clearInterval(timer))
}

async function big(response: ServerResponse, octets: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': octets })
  for (let left = octets; left > 0 && !response.closed; left -= CHUNK.length) {
    if (response.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) continue
    await new Promise<void>((resolve) => {
      const go = () => {
        response.off('drain', go).off('close', go)
        resolve()
      }
      response.once('drain', go).once('close', go)
    })
  }
  response.end()
}

function slow(response: ServerResponse, seconds: number): void {
  const timer = setTimeout(() => {
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.end(`after ${seconds} s\n`)
  }, seconds * 1000)
  response.once('close', () => clearTimeout(timer))
}

function numberOf(text: string | null, standard: number, most: number): number {
  return text !== null && /^\d{1,12}$/.test(text) ? Math.min(Number(text), most) : standard
}
