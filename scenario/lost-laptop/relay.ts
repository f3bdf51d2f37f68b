// What stands between a client and a door, on the side of the client: it passes everything on, and knows when something came.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A place that a door has on the network. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** One relay, for one client at one door. */
export interface Relay extends Disposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** Epoch milliseconds at which the last octet came from the door; 0 before the first. */
  lastOctetAt(): number
}

/** Opens one. */
export async function openRelay(door: Place): Promise<Relay> {
  let last = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(door)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      // Also by a reset, which is how a session is cut.
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    upstream.setNoDelay()
    client.setNoDelay()
    client.pipe(upstream)
    upstream.on('data', (octets: Buffer) => {
      last = Date.now()
      client.write(octets)
    })
    upstream.on('end', () => client.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lastOctetAt: () => last,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
