// The service behind the doors of the suite: it tells that someone came through, and keeps what arrived.
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Service } from '../model.ts'
import { THROUGH } from './tls-client.ts'

/** Answers every request head, and on a plain TCP connection whatever comes, with the word that the suite looks for. */
export async function startService(): Promise<Service & AsyncDisposable> {
  const open = new Set<Socket>()
  let arrived = ''
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setEncoding('latin1').on('data', (text: string) => {
      arrived += text
      if (/^[A-Z]+ \S+ HTTP\//.test(text)) answer(socket, text)
      else if (text.startsWith('hello')) socket.write(`${THROUGH}\n`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken() {
      const taken = arrived
      arrived = ''
      return taken
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(socket: Socket, head: string): void {
  if (head.startsWith('GET /endless')) {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pour)
    pour()
  } else if (/^GET (?:\/admin)?\/ws /.test(head)) {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? ''
    // RFC 6455 §4.2.2 (5.4)
    const accept = hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n${THROUGH}`,
    )
  } else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${THROUGH.length}\r\n\r\n${THROUGH}`)
}
