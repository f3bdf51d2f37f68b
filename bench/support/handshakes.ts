// A load of mutual TLS 1.3 handshakes, one HTTP request each, run as its own process so that only the server's CPU counts.
// Usage: handshakes.ts PORT CONCURRENCY CALLERS [resumed]; CALLERS is a JSON file of one { certificate, key } for each handshake.
// resumed: each of CONCURRENCY begins with one full handshake, and fails where a later one is another.
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const [port, concurrency, file, kind] = process.argv.slice(2)
if (!port || !concurrency || !file) throw new Error('usage: handshakes PORT CONCURRENCY CALLERS [resumed]')
const callers = JSON.parse(readFileSync(file, 'utf8')) as { certificate: string; key: string }[]
let next = 0
let failed = 0

await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    let session: Buffer | undefined
    for (let caller = callers[next++]; caller !== undefined; caller = callers[next++])
      try {
        const newest = await handshake(caller, session)
        if (kind === 'resumed') session = newest
      } catch (error) {
        if (failed++ === 0) console.error(error)
      }
  }),
)
process.stdout.write(`${JSON.stringify({ done: callers.length - failed, failed })}\n`)

/** Answers the newest session, which the next handshake may resume. */
async function handshake(
  { certificate, key }: { certificate: string; key: string },
  session: Buffer | undefined,
): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: 'bench.localhost',
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ...(session && { session }),
    // A load generator has nobody to protect: the server's cost is what is measured.
    checkServerIdentity: () => undefined,
    ca: [],
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    // One group for all: a newer OpenSSL would do a post-quantum exchange with itself, and an older one could not.
    ecdhCurve: 'X25519',
  })
  let text = ''
  let newest: Buffer | undefined
  socket.on('session', (made) => {
    newest = made
  })
  socket.on('secureConnect', () => {
    if (session && !socket.isSessionReused()) reject(new Error('a full handshake where a session was offered'))
    socket.write('GET / HTTP/1.1\r\nhost: bench.localhost\r\nconnection: close\r\n\r\n')
  })
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', reject)
  socket.on('close', () => (text.startsWith('HTTP/1.1 200') ? resolve(newest) : reject(new Error(text.slice(0, 40)))))
  return promise
}
