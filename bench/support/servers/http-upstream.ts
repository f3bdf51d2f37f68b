// A service of two answers, /1kB and /100kB, for the doors before it. Its own cost is not measured.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const ANSWERS: Readonly<Record<string, Buffer>> = {
  '/1kB': Buffer.alloc(1_000, 'x'),
  '/100kB': Buffer.alloc(100_000, 'x'),
}
const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const body = ANSWERS[request.url ?? '']
  response.writeHead(body ? 200 : 404, { 'Content-Type': 'text/plain', 'Content-Length': body?.length ?? 0 })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
