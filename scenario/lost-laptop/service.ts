// What stands behind the web doors: a download without an end, and a WebSocket that answers. It says its port.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

const EACH_MS = 5
const CHUNK = Buffer.alloc(1_000, 'countersign ')

const server = createServer((request, response) => {
  if (request.url !== '/download') return void response.end('hello\n')
  const more = setInterval(() => response.write(CHUNK), EACH_MS)
  response.on('close', () => clearInterval(more))
})
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.on('message', (message) => socket.send(message))
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
