// What comes on a connection, packet by packet.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { IConnectPacket } from 'mqtt-packet'
import { createFrames, createReader, type ReadPacket } from './packets.ts'

/** The packets of one side, in their order. */
export interface Incoming {
  /** What the next octets complete; undefined once the connection is over, however it ended. @throws {PacketError} */
  next(): Promise<readonly Buffer[] | undefined>
}

/** Reads a connection; nothing else may read it. @param begins The type of its first packet. */
export function incoming(socket: Duplex, maxOctets: number, begins: number): Incoming {
  const chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  const frames = createFrames(maxOctets, begins)
  return {
    async next() {
      if (frames.fault) throw frames.fault
      const chunk = await chunks.next().catch(() => {
        // A connection that breaks is over: who cut it, or whether anybody did, the session knows.
        socket.destroy()
        return { done: true, value: undefined }
      })
      return chunk.done === true || chunk.value === undefined ? undefined : frames.take(chunk.value)
    },
  }
}

/** How a caller begins. */
export interface First {
  readonly packet: IConnectPacket
  /** Reads what comes after it, by the version that it says. */
  readonly read: ReadPacket
  /** What came behind it already. */
  readonly rest: readonly Buffer[]
}

/** Waits for CONNECT. Undefined: the caller left. @throws {PacketError} where something else came. */
export async function firstOf(from: Incoming): Promise<First | undefined> {
  for (;;) {
    const frames = await from.next()
    if (frames === undefined) return undefined
    const [first, ...rest] = frames
    if (first === undefined) continue
    const read = createReader()
    const packet = read(first)
    // Its type is what it began with.
    return { packet: packet as IConnectPacket, read, rest }
  }
}

/** Waits until both sides take more, or one is over. */
export async function roomIn(...sides: readonly Socket[]): Promise<void> {
  const full = sides.filter((side) => side.writableNeedDrain && !side.destroyed)
  if (full.length === 0 || sides.some((side) => side.destroyed)) return
  const stop = new AbortController()
  const { signal } = stop
  const gone = Promise.race(sides.map((side) => once(side, 'close', { signal })))
  const drained = Promise.all(full.map((side) => once(side, 'drain', { signal })))
  try {
    await Promise.race([gone, drained])
  } finally {
    for (const waiting of [gone, drained]) waiting.catch(() => undefined)
    stop.abort()
  }
}
