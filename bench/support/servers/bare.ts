// The least that Node can do: `node:tls` asks for a certificate and OpenSSL checks it. Usage: bare.ts CERT KEY TRUST
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

const [cert, key, trust] = process.argv.slice(2)
if (!cert || !key || !trust) throw new Error('usage: bare CERT KEY TRUST')
const server = createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(trust),
    requestCert: true,
    minVersion: 'TLSv1.3',
  },
  (_request, response) => response.end('ok'),
)
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
