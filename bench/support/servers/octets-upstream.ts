// A service that sends whoever connects as many octets as it asks for, in one line of digits, and then ends.

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const CHUNK = Buffer.alloc(64 * 1024, 'countersign ')
const server = createServer((socket) => {
  socket.once('data', (line) => void serve(socket, Number(line)))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

async function serve(socket: Socket, octets: number): Promise<void> {
  await pipeline(Readable.from(chunks(octets)), socket)
}

function* chunks(octets: number): Generator<Buffer> {
  for (let left = octets; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
}
