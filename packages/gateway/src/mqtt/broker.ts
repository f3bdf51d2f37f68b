// The broker behind the door: a connection for each caller, and what is left to do there when one is cut.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Packet } from 'mqtt-packet'
import type { Address } from '../kind/address.ts'
import { createFrames, createReader, TYPE, type Version, writePacket } from './packets.ts'

const CONNECT_TIMEOUT_MS = 10_000
const LEAVE_TIMEOUT_MS = 5_000
const ROOM_POLL_MS = 10
/** What the broker keeps, and others published: larger than what a caller may send, and not without bound. */
export const MAX_BROKER_OCTETS: number = 16 * 1024 * 1024

/** Connects. Where a Unix socket has no room for one more it is asked again. @throws (rejects) the system's error. */
export async function connectToBroker(address: Address): Promise<Socket> {
  for (const end = performance.now() + CONNECT_TIMEOUT_MS; ; await delay(ROOM_POLL_MS)) {
    const socket = connect({ ...address, noDelay: true })
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) })
      return socket
    } catch (error) {
      socket.destroy()
      // Of many at once: its backlog is full. connect(2)
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
      if (!isFull || performance.now() > end) throw error
    }
  }
}

/**
 * Leaves a broker in order, so that it publishes no will.
 * @param isSaid Whether the caller has sent DISCONNECT itself.
 * @see MQTT 5.0 §3.14.4
 */
export function leaveInOrder(broker: Socket, version: Version, isSaid: boolean): void {
  if (!isSaid) broker.write(writePacket({ cmd: 'disconnect', ...(version === 5 && { reasonCode: 0 }) }, version))
  broker.end()
  const timer = setTimeout(() => broker.destroy(), LEAVE_TIMEOUT_MS)
  broker.once('close', () => clearTimeout(timer))
  broker.resume()
}

/** What one that was revoked leaves behind. */
export interface Estate {
  readonly clientId: string
  readonly user: string
  /** Filters under which what it published goes, where the broker keeps it. */
  readonly filters: readonly string[]
}

const CLEAR_TIMEOUT_MS = 10_000
/** Retained messages that are looked at for one caller. */
const MAX_RETAINED = 10_000

/**
 * Ends the session that the broker keeps for a client, and clears what it keeps under `filters`. Answers how many messages
 * went. 3.1.1 is enough for it: a clean session ends the one before it (§3.1.2.4), and an empty retained message clears one
 * (§3.3.1.3).
 * @throws (rejects) where the broker does not answer, or not in time; some may have gone.
 */
export async function clearEstate(address: Address, { clientId, user, filters }: Estate): Promise<number> {
  const broker = await connectToBroker(address)
  const frames = createFrames(MAX_BROKER_OCTETS, TYPE.connack)
  const read = createReader(4)
  const send = (packet: Packet) => broker.write(writePacket(packet, 4))
  const timer = setTimeout(() => broker.destroy(new Error('the broker took too long')), CLEAR_TIMEOUT_MS)
  const retained = new Set<string>()
  let unconfirmed = 0
  const end = () => {
    send({ cmd: 'disconnect' })
    broker.end()
  }
  const clear = () => {
    for (const [i, topic] of [...retained].entries())
      send({ cmd: 'publish', topic, payload: '', qos: 1, dup: false, retain: true, messageId: i + 1 })
    unconfirmed = retained.size
    if (unconfirmed === 0) end()
  }
  const take = (packet: Packet) => {
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode !== 0) throw new Error(`the broker refuses: ${packet.returnCode}`)
        if (filters.length === 0) return end()
        return send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 0 })) })
      case 'suback':
        // What is retained was sent before the answer to this, or is sent before it is answered.
        return send({ cmd: 'pingreq' })
      case 'publish':
        if (packet.retain && retained.size < MAX_RETAINED) retained.add(packet.topic)
        return
      case 'pingresp':
        return clear()
      case 'puback':
        if (--unconfirmed === 0) end()
        return
      default:
        throw new Error(`the broker sent ${packet.cmd}`)
    }
  }
  try {
    send({ cmd: 'connect', protocolVersion: 4, clean: true, clientId, username: user, keepalive: 30 })
    for await (const chunk of broker as AsyncIterable<Buffer>) for (const frame of frames.take(chunk)) take(read(frame))
    return retained.size
  } finally {
    clearTimeout(timer)
    broker.destroy()
  }
}
