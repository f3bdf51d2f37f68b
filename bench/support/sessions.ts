// Sessions at a web door in a process of their own; each ends with its connection.
// Usage: sessions.ts KIND COUNT PORT CERT KEY. Prints the local ports, as one JSON line, once all are open.
// idle: a WebSocket each. fast: a long answer, read as it comes. slow: a long answer, read at 1.6 MB a second.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'

const OPENED_AT_ONCE = 16
const [kind, count, port, cert, key] = process.argv.slice(2)
if (!kind || !count || !port || !cert || !key) throw new Error('usage: sessions KIND COUNT PORT CERT KEY')
const identity = { cert: readFileSync(cert), key: readFileSync(key) }
const big = 'GET /big?octets=1000000000 HTTP/1.1\r\nHost: hello.localhost\r\n\r\n'
const upgrade = [
  'GET /ws HTTP/1.1',
  'Host: hello.localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n')

const ports: (number | undefined)[] = []
let left = Number(count)
await Promise.all(
  Array.from({ length: OPENED_AT_ONCE }, async () => {
    while (left-- > 0) ports.push((await open()).localPort)
  }),
)
// The kernel's buffers fill, and the door waits for this reader.
if (kind === 'slow') await delay(500)
process.stdout.write(`${JSON.stringify(ports)}\n`)

async function open(): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: 'hello.localhost',
    ...identity,
    // Whom it meets is not what is measured.
    checkServerIdentity: () => undefined,
    ca: [],
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  socket.write(kind === 'idle' ? upgrade : big)
  await once(socket, 'readable')
  const head = String(socket.read(16))
  if (!head.startsWith(kind === 'idle' ? 'HTTP/1.1 101' : 'HTTP/1.1 200')) throw new Error(head)
  if (kind === 'slow') setInterval(() => socket.read(16_384), 10)
  else socket.resume()
  // To be cut is what these sessions are for.
  socket.on('error', () => socket.destroy())
  return socket
}
