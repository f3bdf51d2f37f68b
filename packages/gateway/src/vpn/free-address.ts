import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Listen } from '../kind/words.ts'

/**
 * The address at which an engine is to listen, by UDP: it does not say which port it has got, nor clearly that one is taken.
 * @throws the system's error (rejects) where it cannot be listened on.
 */
export async function freeAddress({ host, port }: Listen): Promise<Listen> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const closed = once(socket, 'close')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject).bind({ address: host, port, exclusive: true }, resolve)
  try {
    await promise
    return { host, port: socket.address().port }
  } finally {
    socket.close()
    await closed
  }
}
