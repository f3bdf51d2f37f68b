// A crowd of open sessions in a process of its own. Usage: crowd.ts PORT COUNT CERT KEY
// Prints a JSON line once all are open, and another once all have ended: when the last one did, and when the last octets
// of each came, in epoch milliseconds.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const OPENED_AT_ONCE = 16
const [port, count, cert, key] = process.argv.slice(2)
if (!port || !count || !cert || !key) throw new Error('usage: crowd PORT COUNT CERT KEY')
const identity = { cert: readFileSync(cert), key: readFileSync(key) }
let left = Number(count)
let open = 0
const lastOctets: number[] = []
await Promise.all(
  Array.from({ length: OPENED_AT_ONCE }, async () => {
    while (left-- > 0) await join()
  }),
)
process.stdout.write(`${JSON.stringify({ open })}\n`)

async function join(): Promise<void> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: 'bench.localhost',
    ...identity,
    // Whom it meets is not what is measured.
    checkServerIdentity: () => undefined,
    ca: [],
    rejectUnauthorized: false,
    ecdhCurve: 'X25519',
  })
  await once(socket, 'secureConnect')
  open++
  socket.on('error', () => socket.destroy())
  let lastAt = 0
  socket.once('close', () => {
    open--
    lastOctets.push(lastAt)
    if (open === 0 && left <= 0)
      process.stdout.write(`${JSON.stringify({ endedAt: Date.now(), lastOctets })}\n`, () => process.exit())
  })
  socket.on('data', () => {
    lastAt = Date.now()
  })
}
