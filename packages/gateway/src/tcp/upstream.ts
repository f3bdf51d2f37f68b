// The service behind a TCP door.
import { connect, type Socket } from 'node:net'
import type { Address } from '../kind/address.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Connects; the other direction goes on when one has ended. @throws (rejects) the system's error. */
export function connectTo(address: Address): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no answer within 10 s'), { code: 'ETIMEDOUT' })),
    CONNECT_TIMEOUT_MS,
  )
  socket.once('error', reject).once('connect', () => {
    clearTimeout(timer)
    socket.off('error', reject)
    resolve(socket)
  })
  socket.once('close', () => clearTimeout(timer))
  return promise
}
