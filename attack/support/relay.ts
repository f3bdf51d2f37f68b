// A way to somebody that can fall silent: whoever is connected stays so, and not an octet comes through.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** For ever. */
  silence(): void
}

/** Carries every connection to `target` until it is silenced. */
export async function startRelay(target: { readonly host: string; readonly port: number }): Promise<Relay> {
  const open = new Set<Socket>()
  let silent = false
  const keep = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  }
  const server = createServer((near) => {
    keep(near)
    if (silent) return void near.resume()
    const far = connect(target)
    keep(far)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (octets) => silent || to.write(octets))
      from.on('close', () => to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      silent = true
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
