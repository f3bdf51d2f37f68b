// A load of full mutual TLS 1.3 handshakes, one HTTP request each, run as its own process so that only the server's CPU counts.
// Usage: handshakes.ts PORT COUNT CONCURRENCY CERT KEY
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const [port, count, concurrency, cert, key] = process.argv.slice(2)
if (!port || !count || !concurrency || !cert || !key)
  throw new Error('usage: handshakes PORT COUNT CONCURRENCY CERT KEY')
const identity = { cert: readFileSync(cert), key: readFileSync(key) }
let left = Number(count)
let failed = 0

await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (left-- > 0) await handshake().catch(() => failed++)
  }),
)
process.stdout.write(`${JSON.stringify({ done: Number(count) - failed, failed })}\n`)

function handshake(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: Number(port),
      servername: 'bench.localhost',
      ...identity,
      // A load generator has nobody to protect: the server's cost is what is measured.
      checkServerIdentity: () => undefined,
      ca: [],
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    })
    let text = ''
    socket.on('secureConnect', () =>
      socket.write('GET / HTTP/1.1\r\nhost: bench.localhost\r\nconnection: close\r\n\r\n'),
    )
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => (text.startsWith('HTTP/1.1 200') ? resolve() : reject(new Error(text.slice(0, 40)))))
  })
}
