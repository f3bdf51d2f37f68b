// Takes octets through a door, run as its own process so that only the door's CPU counts.
// Usage: octets.ts PORT OCTETS CERT KEY. Prints, as JSON, how many came.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const [port, octets, cert, key] = process.argv.slice(2)
if (!port || !octets || !cert || !key) throw new Error('usage: octets PORT OCTETS CERT KEY')
const socket = connect({
  host: '127.0.0.1',
  port: Number(port),
  servername: 'bench.localhost',
  cert: readFileSync(cert),
  key: readFileSync(key),
  // A load generator has nobody to protect.
  checkServerIdentity: () => undefined,
  ca: [],
  rejectUnauthorized: false,
})
let came = 0
socket.on('data', (chunk: Buffer) => {
  came += chunk.length
})
socket.write(`${octets}\n`)
await once(socket, 'end')
process.stdout.write(`${JSON.stringify({ came, cipher: socket.getCipher()?.standardName })}\n`)
socket.destroy()
