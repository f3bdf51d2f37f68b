// The service behind the doors of the suite: it tells that someone came through, and keeps what arrived.
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
  } else if (head.startsWith('GET /ws'))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${THROUGH.length}\r\n\r\n${THROUGH}`)
}
