// The least that Node can do between mutual TLS and an upstream: `https`, and undici's dispatch written straight to the answer.
// It strips nothing, times nothing out and survives no upstream that fails. Usage: bare-dispatch.ts CERT KEY TRUST UPSTREAM-URL
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const [cert, key, trust, url] = process.argv.slice(2)
if (!cert || !key || !trust || !url) throw new Error('usage: bare-dispatch CERT KEY TRUST UPSTREAM-URL')
const pool = new Pool(url)
const server = createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(trust),
    requestCert: true,
    minVersion: 'TLSv1.3',
  },
  (request, response) => {
    pool.dispatch(
      { path: request.url ?? '/', method: 'GET', headers: request.rawHeaders.slice(2) },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status) => {
          response.writeHead(status, (controller.rawHeaders as readonly Buffer[]).map(String))
        },
        onResponseData(controller, chunk) {
          if (response.write(chunk)) return
          controller.pause()
          response.once('drain', () => controller.resume())
        },
        onResponseEnd: () => void response.end(),
        onResponseError: (_controller, error) => {
          throw error
        },
      },
    )
  },
)
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
