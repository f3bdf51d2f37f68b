// A relay that counts what passes through it, as someone on the wire could.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Octets that each caller sent, in the order of their coming. */
  readonly sent: readonly number[]
  /** Waits until every connection so far has ended. */
  drained(): Promise<void>
}

/** Relays loopback connections to `port`. Use with `await using`. */
export async function startRelay(port: number): Promise<Relay> {
  const sent: number[] = []
  const open = new Set<Socket>()
  const server = createServer((caller) => {
    const index = sent.push(0) - 1
    const callee = connect(port, '127.0.0.1')
    open.add(caller)
    caller.on('data', (chunk) => {
      sent[index] = (sent[index] ?? 0) + chunk.length
      callee.write(chunk)
    })
    callee.on('data', (chunk) => caller.write(chunk))
    caller.on('close', () => {
      callee.destroy()
      open.delete(caller)
    })
    callee.on('close', () => caller.destroy())
    for (const socket of [caller, callee]) socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    async drained() {
      await Promise.all([...open].map((socket) => once(socket, 'close')))
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
