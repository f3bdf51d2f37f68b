// The least that Node can do between mutual TLS and plain TCP: `pipeline` both ways. Usage: bare-pipeline.ts CERT KEY TRUST PORT
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { pipeline } from 'node:stream'
import { createServer } from 'node:tls'

const [cert, key, trust, port] = process.argv.slice(2)
if (!cert || !key || !trust || !port) throw new Error('usage: bare-pipeline CERT KEY TRUST PORT')
const server = createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(trust),
    requestCert: true,
    minVersion: 'TLSv1.3',
  },
  (near) => {
    const far = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })
    pipeline(near, far, () => undefined)
    pipeline(far, near, () => undefined)
  },
)
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
