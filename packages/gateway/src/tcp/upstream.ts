// The service behind a TCP door.
import { connect, type Socket } from 'node:net'
import { type Duplex, finished } from 'node:stream'
import type { Address } from '../kind/address.ts'
import type { Carry } from '../kind/join.ts'

/** A connection to the service. What it says is read by `carry`, and in no other way. */
export interface ServiceConnection {
  readonly socket: Socket
  readonly carry: Carry
}

const CONNECT_TIMEOUT_MS = 10_000
/** What libuv reads at once into buffers of its own. */
const READ_OCTETS = 64 * 1024

/** Connects; the other direction goes on when one has ended. @throws (rejects) the system's error. */
export function connectTo(address: Address): Promise<ServiceConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<ServiceConnection>()
  const { onread, carry } = readIntoOneBuffer(() => socket.resume())
  const socket = connect({ ...address, allowHalfOpen: true, noDelay: true, onread })
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no answer within 10 s'), { code: 'ETIMEDOUT' })),
    CONNECT_TIMEOUT_MS,
  )
  socket.once('error', reject).once('connect', () => {
    clearTimeout(timer)
    socket.off('error', reject)
    resolve({ socket, carry })
  })
  socket.once('close', () => clearTimeout(timer))
  return promise
}

/**
 * One buffer for all that a connection says: it is read into again when what it held has been written. With a new buffer
 * for each read, as `pipeline` has, collecting them is half of the door's work.
 */
function readIntoOneBuffer(goOn: () => void): { onread: OnRead; carry: Carry } {
  let sink: Duplex | undefined
  // What came before anybody could take it; nothing more is read meanwhile.
  let waiting: Uint8Array | undefined
  const write = (octets: Uint8Array) => {
    sink?.write(octets, (error) => {
      if (!error) goOn()
    })
  }
  return {
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_OCTETS),
      callback(count, buffer) {
        const octets = buffer.subarray(0, count)
        if (sink) write(octets)
        else waiting = octets
        return false
      },
    },
    carry(from, to, settled) {
      sink = to
      if (waiting) write(waiting)
      finished(from, { writable: false }, (error) => (error ? settled(error) : to.end()))
      finished(to, { readable: false }, settled)
    },
  }
}

interface OnRead {
  readonly buffer: Uint8Array
  /** False: no more for now. */
  callback(count: number, buffer: Uint8Array): boolean
}
