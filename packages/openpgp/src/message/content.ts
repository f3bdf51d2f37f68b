// What was inside of an encryption: literal data, perhaps signed, perhaps compressed. Read when it is known that nobody changed it.

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflate, createInflateRaw, type Inflate, type InflateRaw } from 'node:zlib'
import { MailError, type Spool } from '@countersign/protocol'
import { PACKETS, type Packet, readPacket, writePacket } from '../octets/packet.ts'
import { collect, OctetReader } from '../octets/reader.ts'

/** Signatures of one message: a local limit, since each is a pass over it. */
export const MAX_SIGNATURES: number = 8
const MAX_SIGNATURE_OCTETS = 16_384
const MAX_ONE_PASS_OCTETS = 256
const MAX_IGNORED = 4
const MAX_IGNORED_OCTETS = 65_536
/** RFC 9580 §4.3: packets of unknown types from here on are passed over, and those before it refuse the message. */
const FIRST_NONCRITICAL = 40

/** @see RFC 9580 §9.4 */
const COMPRESSIONS: Readonly<Record<number, () => Inflate | InflateRaw>> = { 1: createInflateRaw, 2: createInflate }

/** What a message was signed with, as packets. What is signed is in the spool. */
export interface Content {
  readonly signatures: readonly Uint8Array[]
}

/**
 * Reads a message of packets, writes its literal data to `spool`. `maxOctets` of it, and of what is decompressed.
 * @throws {MailError} @see RFC 9580 §10.3
 */
export async function readContent(
  packets: AsyncIterable<Uint8Array>,
  spool: Spool,
  maxOctets: number,
): Promise<Content> {
  return readSequence(packets, spool, maxOctets, true)
}

async function readSequence(
  packets: AsyncIterable<Uint8Array>,
  spool: Spool,
  maxOctets: number,
  mayBeCompressed: boolean,
): Promise<Content> {
  // However it ends: what decompresses would wait for its reader, and hold its memory.
  await using reader = new OctetReader(packets)
  const before: Uint8Array[] = []
  const after: Uint8Array[] = []
  let onePass = 0
  let ignored = 0
  let content: Content | undefined
  for (let packet = await readPacket(reader); packet; packet = await readPacket(reader)) {
    switch (packet.type) {
      case PACKETS.onePassSignature:
        if (content || before.length > 0) fault('a signature is announced where none can be')
        if (++onePass > MAX_SIGNATURES) tooMany()
        await collect(packet.body, MAX_ONE_PASS_OCTETS)
        break
      case PACKETS.signature: {
        const list = content ? after : before
        if (list.length === MAX_SIGNATURES) tooMany()
        if (!content && onePass > 0) fault('a signature stands before what it signs')
        list.push(writePacket(PACKETS.signature, await collect(packet.body, MAX_SIGNATURE_OCTETS)))
        break
      }
      case PACKETS.literalData:
        if (content) fault('the message has two contents')
        await readLiteral(packet, spool, maxOctets)
        content = { signatures: [] }
        break
      case PACKETS.compressedData:
        if (content || onePass > 0 || before.length > 0 || !mayBeCompressed)
          fault('something compressed stands where it cannot')
        content = await readSequence(decompress(packet, maxOctets), spool, maxOctets, false)
        break
      case PACKETS.marker:
      case PACKETS.padding:
        if (++ignored > MAX_IGNORED) throw new MailError('ERR_MAIL_BUDGET', 'the message has much padding')
        await collect(packet.body, MAX_IGNORED_OCTETS)
        break
      default:
        if (packet.type < FIRST_NONCRITICAL) fault(`a packet of type ${packet.type} stands inside of the message`)
        if (++ignored > MAX_IGNORED) throw new MailError('ERR_MAIL_BUDGET', 'the message has many unknown packets')
        await collect(packet.body, MAX_IGNORED_OCTETS)
    }
  }
  if (content === undefined) fault('nothing is inside of the message')
  if (after.length !== onePass) fault('not every signature that is announced is there')
  return { signatures: [...content.signatures, ...before, ...after] }
}

function fault(note: string): never {
  throw new MailError('ERR_MAIL_FORM', note)
}

function tooMany(): never {
  throw new MailError('ERR_MAIL_BUDGET', `the message has more than ${MAX_SIGNATURES} signatures`)
}

/** @see RFC 9580 §5.9 */
async function readLiteral({ body }: Packet, spool: Spool, maxOctets: number): Promise<void> {
  const literal = new OctetReader(body)
  await literal.readOctet() // The format: whether lines were converted says nothing that a MIME entity does not say itself.
  await literal.read(await literal.readOctet())
  await literal.read(4)
  let length = 0
  for (let piece = await literal.readSome(65_536); piece; piece = await literal.readSome(65_536)) {
    length += piece.length
    if (length > maxOctets) throw new MailError('ERR_MAIL_BUDGET', `the message has more than ${maxOctets} octets`)
    await spool.write(piece)
  }
}

/** @see RFC 9580 §5.6 */
async function* decompress({ body }: Packet, maxOctets: number): AsyncGenerator<Uint8Array> {
  const reader = new OctetReader(body)
  const algorithm = await reader.readOctet()
  if (algorithm === 0) {
    yield* piecesOf(reader)
    return
  }
  const make = COMPRESSIONS[algorithm]
  if (make === undefined) throw new MailError('ERR_MAIL_ALGORITHM', `the compression ${algorithm} is not known here`)
  const inflate = make()
  const stop = new AbortController()
  const done = pipeline(Readable.from(piecesOf(reader)), inflate, { end: true, signal: stop.signal }).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  let length = 0
  try {
    for await (const piece of inflate as AsyncIterable<Uint8Array>) {
      length += piece.length
      if (length > maxOctets)
        throw new MailError('ERR_MAIL_BUDGET', `decompressed it has more than ${maxOctets} octets`)
      yield piece
    }
  } catch (cause) {
    if (cause instanceof MailError) throw cause
    throw new MailError('ERR_MAIL_FORM', 'what is compressed does not decompress', { cause })
  } finally {
    stop.abort()
    await done
  }
}

async function* piecesOf(reader: OctetReader): AsyncGenerator<Uint8Array> {
  for (let piece = await reader.readSome(65_536); piece; piece = await reader.readSome(65_536)) yield piece
}
