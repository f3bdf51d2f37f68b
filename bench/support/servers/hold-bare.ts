// Open mutual TLS sessions and nothing in them, as bare `node:tls` holds them. Usage: hold-bare.ts CERT KEY TRUST
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { answerHolder } from './holder.ts'

const [cert, key, trust] = process.argv.slice(2)
if (!cert || !key || !trust) throw new Error('usage: hold-bare CERT KEY TRUST')
const server = createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(trust),
    requestCert: true,
    minVersion: 'TLSv1.3',
  },
  (socket) => {
    socket.on('error', () => socket.destroy())
    socket.resume()
  },
)
server.listen(0, '127.0.0.1', () => answerHolder((server.address() as AddressInfo).port, {}))
