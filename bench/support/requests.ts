// A load of requests on kept connections, run as its own process so that only the server's CPU counts.
// Usage: requests.ts PORT CONNECTIONS REQUESTS PATH CERT KEY. Prints, as JSON, how many were answered whole.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'

const [port, connections, requests, path, cert, key] = process.argv.slice(2)
if (!port || !connections || !requests || !path || !cert || !key)
  throw new Error('usage: requests PORT CONNECTIONS REQUESTS PATH CERT KEY')
const identity = { cert: readFileSync(cert), key: readFileSync(key) }
// Ten fields, as a browser sends them.
const request = [
  `GET ${path} HTTP/1.1`,
  'Host: bench.localhost',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
  'Cookie: session=3f2b8c1d9e7a4f60b5c8d2e1f0a9b8c7',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: same-origin',
  'Upgrade-Insecure-Requests: 1',
  '\r\n',
].join('\r\n')
let left = Number(requests)
let done = 0
await Promise.all(Array.from({ length: Number(connections) }, ask))
process.stdout.write(`${JSON.stringify({ done })}\n`)

async function ask(): Promise<void> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: 'bench.localhost',
    ...identity,
    // A load generator has nobody to protect.
    checkServerIdentity: () => undefined,
    ca: [],
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const ended = once(socket, 'close')
  let expected = -1
  let got = 0
  const next = () => {
    if (left-- <= 0) return void socket.end()
    expected = -1
    got = 0
    socket.write(request)
  }
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length
    if (expected < 0) expected = lengthOf(chunk)
    if (got < expected) return
    done++
    next()
  })
  next()
  await ended
}

/** Octets of the whole answer, by its head, which all of these servers send in one piece. */
function lengthOf(chunk: Buffer): number {
  const end = chunk.indexOf('\r\n\r\n')
  const head = chunk.toString('latin1', 0, end)
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(head)
  return end + 4 + Number(length)
}
