// Octets to packets of MQTT and back. One packet is looked at at a time, whole, and no larger than was said before.
import { generate, type Packet, parser } from 'mqtt-packet'

/** The versions that are spoken here: 3.1.1 and 5. */
export type Version = 4 | 5

/** What was sent is no packet, or a larger one than may be. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
  readonly code: 'ERR_MQTT_PACKET' | 'ERR_MQTT_PACKET_SIZE'

  constructor(code: PacketError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Cuts a stream of octets into packets. */
export interface Frames {
  /** The packets that `chunk` completes, each whole. @throws {PacketError} once those before the fault have been taken. */
  take(chunk: Buffer): readonly Buffer[]
  /** What is wrong behind the last packets that were taken. */
  readonly fault: PacketError | undefined
}

// Four octets say at most 268,435,455. MQTT 5.0 §1.5.5
const MAX_LENGTH_OCTETS = 4

/**
 * @param maxOctets Of one packet, its fixed header counted.
 * @param begins The type that the first one must have: of another not one more octet is waited for.
 */
export function createFrames(maxOctets: number, begins: number): Frames {
  // Chunks are joined when a packet is complete, so that many small ones cost no more than one large one.
  let waiting: Buffer[] = []
  let waitingOctets = 0
  let wanted = 0
  let isFirst = true
  let fault: PacketError | undefined
  /** Octets of the packet at the beginning; undefined where it is not complete, or never will be. */
  const wholeAt = (octets: Buffer): number | undefined => {
    const [first] = octets
    if (first === undefined) return undefined
    if (isFirst && first >> 4 !== begins) {
      fault = new PacketError('ERR_MQTT_PACKET', 'another packet comes first')
      return undefined
    }
    isFirst = false
    const length = lengthOf(octets)
    if (length === 'too long') fault = new PacketError('ERR_MQTT_PACKET', 'a length of more than four octets')
    else if (length !== undefined && length > maxOctets)
      fault = new PacketError('ERR_MQTT_PACKET_SIZE', `a packet of ${length} octets, where ${maxOctets} may be`)
    if (fault || length === undefined || length === 'too long') return undefined
    wanted = length
    return octets.length < length ? undefined : length
  }
  return {
    get fault() {
      return fault
    },
    take(chunk) {
      waiting.push(chunk)
      waitingOctets += chunk.length
      if (waitingOctets < wanted) return []
      let rest = waiting.length === 1 ? chunk : Buffer.concat(waiting)
      const frames: Buffer[] = []
      for (let length = wholeAt(rest); length !== undefined; length = wholeAt(rest)) {
        frames.push(rest.subarray(0, length))
        rest = rest.subarray(length)
        wanted = 0
      }
      if (fault && frames.length === 0) throw fault
      waiting = [rest]
      waitingOctets = rest.length
      return frames
    },
  }
}

/** Octets of the packet that begins here; undefined where too few are there to tell. @see MQTT 5.0 §2.1.4 */
function lengthOf(octets: Buffer): number | 'too long' | undefined {
  let length = 0
  for (let i = 1; i <= MAX_LENGTH_OCTETS; i++) {
    const octet = octets[i]
    if (octet === undefined) return undefined
    length += (octet & 0x7f) * 2 ** (7 * (i - 1))
    if (octet < 0x80) return 1 + i + length
  }
  return 'too long'
}

/** Reads whole packets of one side of a connection; the first one, CONNECT, says the version. */
export type ReadPacket = (frame: Buffer) => Packet

/** Makes a reader. @param version Absent: the reader is that of a server, and CONNECT says it. */
export function createReader(version?: Version): ReadPacket {
  const reader = parser(version === undefined ? undefined : { protocolVersion: version })
  let found: Packet[] = []
  let fault: Error | undefined
  reader.on('packet', (packet: Packet) => found.push(packet))
  reader.on('error', (error: Error) => {
    fault = error
  })
  return (frame) => {
    found = []
    try {
      reader.parse(frame)
    } catch (error) {
      // How the library says that a field is longer than the packet.
      fault = error instanceof Error ? error : new Error(String(error))
    }
    const [packet] = found
    if (fault !== undefined || packet === undefined || found.length > 1)
      throw new PacketError('ERR_MQTT_PACKET', fault?.message ?? 'not one whole packet', { cause: fault })
    return packet
  }
}

/**
 * Writes a packet. What was read by {@link createReader} is written as it was understood, so that nobody behind understands another.
 * @throws {PacketError} where a field of what was read was cut off.
 */
export function writePacket(packet: Packet, version: Version): Buffer {
  try {
    return generate(packet, { protocolVersion: version })
  } catch (cause) {
    throw new PacketError('ERR_MQTT_PACKET', 'a field that cannot be written', { cause })
  }
}

/** Type of a packet, by its first octet. @see MQTT 5.0 §2.1.2 */
export const TYPE = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  suback: 9,
  disconnect: 14,
} as const

/** Which type a frame has. */
export function typeOf(frame: Buffer): number {
  return (frame[0] ?? 0) >> 4
}

/** What of a PUBLISH is looked at. @see MQTT 5.0 §3.3 */
export interface Head {
  readonly topic: string
  readonly retain: boolean
  /** 3 is none. */
  readonly qos: number
  /** 0 at QoS 0. */
  readonly messageId: number
  /** Where its properties begin, in version 5; its payload in 3.1.1. */
  readonly end: number
}

/** Reads the head of a PUBLISH without its payload. @throws {PacketError} */
export function readHead(frame: Buffer): Head {
  const [first = 0] = frame
  let at = 1
  while ((frame[at] ?? 0) >= 0x80) at++
  at++
  const qos = (first >> 1) & 3
  const afterTopic = at + 2 + (at + 2 <= frame.length ? frame.readUInt16BE(at) : 0)
  const end = afterTopic + (qos > 0 ? 2 : 0)
  if (end > frame.length) throw new PacketError('ERR_MQTT_PACKET', 'a topic longer than its packet')
  const topic = frame.toString('utf8', at + 2, afterTopic)
  return { topic, retain: (first & 1) === 1, qos, messageId: qos > 0 ? frame.readUInt16BE(afterTopic) : 0, end }
}
