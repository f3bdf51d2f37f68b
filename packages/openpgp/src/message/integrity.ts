// Symmetrically Encrypted and Integrity Protected Data, both versions, in one pass: what comes out here is not to be seen by
// anybody before the end has come, for only there is it known whether it is what was encrypted.

import { createDecipheriv, createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { MailError } from '@countersign/protocol'
import { concat, type OctetReader } from '../octets/reader.ts'
import { type AeadMode, type Cipher, cipherOf, modeOf } from './ciphers.ts'

/** One block, and its last two octets again. @see RFC 9580 §5.13.1 */
const PREFIX_OCTETS = 18
/** A packet that is SHA-1 of all before it: 0xd3, 0x14, and the hash. @see RFC 9580 §5.13.1 */
const MDC_OCTETS = 22
const TAG_OCTETS = 16
const SALT_OCTETS = 32
/** 2^(16+6) octets are 4 MiB. @see RFC 9580 §5.13.2 */
const MAX_CHUNK_SIZE_OCTET = 16
const NONE = new Uint8Array(0)

/** A session key. `algorithm` is of version 1 alone: version 2 says it in the open. */
export interface SessionKey {
  readonly octets: Uint8Array
  readonly algorithm?: number
}

/** What stands before the ciphertext. */
export type IntegrityHeader =
  | { readonly version: 1 }
  | {
      readonly version: 2
      readonly cipher: Cipher
      readonly mode: AeadMode
      readonly associated: Uint8Array
      readonly chunkOctets: number
      readonly salt: Uint8Array
    }

/** Reads what is in the open. @throws {MailError} @see RFC 9580 §5.13 */
export async function readIntegrityHeader(reader: OctetReader): Promise<IntegrityHeader> {
  const version = await reader.readOctet()
  if (version === 1) return { version }
  if (version !== 2) throw new MailError('ERR_MAIL_ALGORITHM', `encrypted data of version ${version} is not known here`)
  const [cipher = 0, mode = 0, chunkSize = 0] = await reader.read(3)
  if (chunkSize > MAX_CHUNK_SIZE_OCTET)
    throw new MailError('ERR_MAIL_BUDGET', 'the chunks of the message are too large')
  return {
    version,
    cipher: cipherOf(cipher),
    mode: modeOf(mode),
    associated: Uint8Array.of(0xd2, 2, cipher, mode, chunkSize),
    chunkOctets: 2 ** (chunkSize + 6),
    salt: (await reader.read(SALT_OCTETS)).slice(),
  }
}

/** The packets inside. @throws {MailError} where they are not what was encrypted, at the latest at the end */
export function decryptIntegrity(
  header: IntegrityHeader,
  key: SessionKey,
  ciphertext: OctetReader,
): AsyncGenerator<Uint8Array> {
  return header.version === 1 ? decryptV1(key, ciphertext) : decryptV2(header, key, ciphertext)
}

/** @see RFC 9580 §5.13.1 */
async function* decryptV1({ octets, algorithm = 0 }: SessionKey, ciphertext: OctetReader): AsyncGenerator<Uint8Array> {
  const { openssl, keyOctets } = cipherOf(algorithm)
  if (octets.length !== keyOctets) throw broken()
  const decipher = createDecipheriv(`${openssl}-cfb`, octets, new Uint8Array(16))
  const hash = createHash('sha1')
  let passed = 0
  let held: Uint8Array = NONE
  for (let piece = await ciphertext.readSome(65_536); piece; piece = await ciphertext.readSome(65_536)) {
    held = concat([held, decipher.update(piece)])
    const whole = held.subarray(0, Math.max(0, held.length - MDC_OCTETS))
    held = held.subarray(whole.length)
    hash.update(whole)
    // The repeated octets of the prefix are not looked at: whether they fit would tell who asks often enough. @see RFC 9580 §13.8
    const inside = whole.subarray(Math.min(whole.length, Math.max(0, PREFIX_OCTETS - passed)))
    passed += whole.length
    if (inside.length > 0) yield inside
  }
  if (held.length < MDC_OCTETS || passed < PREFIX_OCTETS) throw broken()
  hash.update(held.subarray(0, 2))
  const isMdc = held[0] === 0xd3 && held[1] === 0x14
  if (!timingSafeEqual(hash.digest(), held.subarray(2)) || !isMdc) throw broken()
}

/** @see RFC 9580 §5.13.2 */
async function* decryptV2(
  header: Extract<IntegrityHeader, { version: 2 }>,
  { octets }: SessionKey,
  ciphertext: OctetReader,
): AsyncGenerator<Uint8Array> {
  const { cipher, mode, associated, chunkOctets, salt } = header
  if (octets.length !== cipher.keyOctets) throw broken()
  const derived = new Uint8Array(hkdfSync('sha256', octets, salt, associated, cipher.keyOctets + mode.nonceOctets - 8))
  const key = derived.subarray(0, cipher.keyOctets)
  const nonce = new Uint8Array(mode.nonceOctets)
  nonce.set(derived.subarray(cipher.keyOctets))
  const openChunk = (sealed: Uint8Array, index: bigint, data: Uint8Array): Uint8Array => {
    new DataView(nonce.buffer).setBigUint64(mode.nonceOctets - 8, index)
    return openAead(`${cipher.openssl}-${mode.openssl}`, key, nonce, sealed, data)
  }
  let index = 0n
  let total = 0n
  // The tag at the end is held back from the last chunk, which may be shorter than the others.
  let held: Uint8Array = NONE
  for (let isEnd = false; !isEnd; ) {
    const piece = await readUpTo(ciphertext, chunkOctets + 2 * TAG_OCTETS - held.length)
    held = concat([held, piece])
    isEnd = held.length < chunkOctets + 2 * TAG_OCTETS
    const sealed = held.subarray(0, Math.min(chunkOctets + TAG_OCTETS, held.length - TAG_OCTETS))
    if (held.length < TAG_OCTETS) throw broken()
    held = held.subarray(sealed.length)
    if (sealed.length === 0) break
    const opened = openChunk(sealed, index++, associated)
    total += BigInt(opened.length)
    yield opened
  }
  const last = new Uint8Array(associated.length + 8)
  last.set(associated)
  new DataView(last.buffer).setBigUint64(associated.length, total)
  openChunk(held, index, last)
}

function openAead(name: string, key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, data: Uint8Array): Uint8Array {
  const length = sealed.length - TAG_OCTETS
  if (length < 0) throw broken()
  // Both modes of `ciphers.ts` have this form; the types know GCM apart from OCB by the literal alone.
  const decipher = createDecipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: TAG_OCTETS })
  decipher.setAAD(data)
  decipher.setAuthTag(sealed.subarray(length))
  const opened = decipher.update(sealed.subarray(0, length))
  try {
    // OCB gives what is left of its last block at the end.
    return concat([opened, decipher.final()])
  } catch {
    throw broken() // The tag does not fit. Why is told to nobody.
  }
}

async function readUpTo(reader: OctetReader, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let missing = most; missing > 0; ) {
    const piece = await reader.readSome(missing)
    if (piece === undefined) break
    parts.push(piece)
    missing -= piece.length
  }
  return concat(parts)
}

/** One answer for all that may be wrong: which it was is what somebody who changes ciphertext asks for. @see RFC 9580 §13.8 */
function broken(): MailError {
  return new MailError('ERR_MAIL_DECRYPT', 'the message does not decrypt')
}
