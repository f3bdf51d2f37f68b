// Packets by their lengths alone: what a key or a message is made of, before any of it is parsed.
import { MailError } from '@countersign/protocol'
import type { OctetReader } from './reader.ts'

/** The packets that we look for by name. @see RFC 9580 §5 Table 3 */
export const PACKETS = {
  publicKeyEncryptedSessionKey: 1,
  signature: 2,
  symmetricKeyEncryptedSessionKey: 3,
  onePassSignature: 4,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  compressedData: 8,
  symmetricallyEncryptedData: 9,
  marker: 10,
  literalData: 11,
  trust: 12,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
  integrityProtectedData: 18,
  /** Of LibrePGP; RFC 9580 reserves it. */
  aeadEncryptedData: 20,
  padding: 21,
} as const

/** Only what holds a message may come in pieces, or end where the stream ends. @see RFC 9580 §4.2.1.4 */
const STREAMED: readonly number[] = [
  PACKETS.compressedData,
  PACKETS.symmetricallyEncryptedData,
  PACKETS.literalData,
  PACKETS.integrityProtectedData,
  PACKETS.aeadEncryptedData,
]

/** The first piece of a body in pieces has at least so many octets. @see RFC 9580 §4.2.1.4 */
const MIN_FIRST_PIECE = 512

/** A header; `body` must be read to its end before the next packet is. */
export interface Packet {
  readonly type: number
  /** Octets, where the header says it: absent for a body in pieces, or to the end of the stream. */
  readonly length?: number
  readonly body: AsyncIterable<Uint8Array>
}

/** The next packet, or undefined at the end of the stream. @throws {MailError} @see RFC 9580 §4.2 */
export async function readPacket(reader: OctetReader): Promise<Packet | undefined> {
  if (await reader.isAtEnd()) return undefined
  const first = await reader.readOctet()
  if ((first & 0x80) === 0) throw new MailError('ERR_MAIL_FORM', 'no packet begins here')
  return (first & 0x40) === 0 ? readLegacyPacket(reader, first) : readModernPacket(reader, first & 0x3f)
}

/** @see RFC 9580 §4.2.1 */
async function readModernPacket(reader: OctetReader, type: number): Promise<Packet> {
  const length = await readLength(reader)
  if (!length.isPartial) return fixed(reader, type, length.octets)
  if (!STREAMED.includes(type) || length.octets < MIN_FIRST_PIECE)
    throw new MailError('ERR_MAIL_FORM', `a packet of type ${type} comes in pieces`)
  return { type, body: pieces(reader, length.octets) }
}

/** @see RFC 9580 §4.2.2 */
async function readLegacyPacket(reader: OctetReader, first: number): Promise<Packet> {
  const type = (first >> 2) & 0x0f
  const lengthType = first & 3
  if (lengthType < 3) return fixed(reader, type, numberOf(await reader.read(1 << lengthType)))
  if (!STREAMED.includes(type)) throw new MailError('ERR_MAIL_FORM', `a packet of type ${type} without length`)
  return { type, body: rest(reader) }
}

async function readLength(reader: OctetReader): Promise<{ readonly octets: number; readonly isPartial: boolean }> {
  const first = await reader.readOctet()
  if (first < 192) return { octets: first, isPartial: false }
  if (first < 224) return { octets: ((first - 192) << 8) + (await reader.readOctet()) + 192, isPartial: false }
  if (first < 255) return { octets: 2 ** (first & 0x1f), isPartial: true }
  return { octets: numberOf(await reader.read(4)), isPartial: false }
}

function fixed(reader: OctetReader, type: number, length: number): Packet {
  return { type, length, body: exactly(reader, length) }
}

async function* exactly(reader: OctetReader, length: number): AsyncGenerator<Uint8Array> {
  for (let missing = length; missing > 0; ) {
    const piece = await reader.readSome(missing)
    if (piece === undefined) throw new MailError('ERR_MAIL_FORM', 'a packet ends early')
    missing -= piece.length
    yield piece
  }
}

async function* pieces(reader: OctetReader, firstLength: number): AsyncGenerator<Uint8Array> {
  yield* exactly(reader, firstLength)
  for (let isLast = false; !isLast; ) {
    const { octets, isPartial } = await readLength(reader)
    yield* exactly(reader, octets)
    isLast = !isPartial
  }
}

async function* rest(reader: OctetReader): AsyncGenerator<Uint8Array> {
  for (let piece = await reader.readSome(65_536); piece; piece = await reader.readSome(65_536)) yield piece
}

function numberOf(octets: Uint8Array): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** A packet with a length of five octets, which every reader knows. @see RFC 9580 §4.2.1.3 */
export function writePacket(type: number, body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(6 + body.length)
  packet[0] = 0xc0 | type
  packet[1] = 0xff
  new DataView(packet.buffer).setUint32(2, body.length)
  packet.set(body, 6)
  return packet
}
