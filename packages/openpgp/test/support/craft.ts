// Messages that no program writes: what an attacker puts into the packets, encrypted as it should be.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { encryptSessionKey, readKey } from 'openpgp'
import { writePacket } from '../../src/octets/packet.ts'
import { NOW } from './mail.ts'

export { writePacket }

/** Literal data in one packet. @see RFC 9580 §5.9 */
export function literal(text: string | Uint8Array): Uint8Array {
  return writePacket(11, Buffer.concat([Buffer.from([0x62, 0, 0, 0, 0, 0]), Buffer.from(text as string)]))
}

/** Encrypted session keys, one for each recipient. */
export async function sessionKeysFor(
  keys: readonly Uint8Array[],
  session: { readonly data: Uint8Array; readonly algorithm: 'aes256' | 'tripledes' },
  wildcard = false,
): Promise<Uint8Array> {
  const encryptionKeys = await Promise.all(keys.map((binaryKey) => readKey({ binaryKey })))
  return encryptSessionKey({
    ...session,
    encryptionKeys,
    wildcard,
    date: new Date(NOW.epochMilliseconds),
    format: 'binary',
  })
}

/** SEIPDv1 around packets, to keys. @see RFC 9580 §5.13.1 */
export async function sealPackets(packets: Uint8Array, keys: readonly Uint8Array[], wildcard = false): Promise<Buffer> {
  const data = randomBytes(32)
  const sessionKeys = await sessionKeysFor(keys, { data, algorithm: 'aes256' }, wildcard)
  return Buffer.concat([sessionKeys, writePacket(18, Buffer.concat([Buffer.from([1]), cfbWithMdc(data, packets)]))])
}

function cfbWithMdc(key: Uint8Array, packets: Uint8Array): Buffer {
  const random = randomBytes(16)
  const plain = Buffer.concat([random, random.subarray(14), packets, Buffer.from([0xd3, 0x14])])
  const cipher = createCipheriv('aes-256-cfb', key, new Uint8Array(16))
  return cipher.update(Buffer.concat([plain, createHash('sha1').update(plain).digest()]))
}

/** A message in the form of RFC 3156 §4, as octets. */
export function encryptedForm(
  message: Uint8Array | string,
  changes: Partial<Record<keyof typeof FORM, string>> = {},
): Buffer {
  const armored =
    typeof message === 'string'
      ? message
      : `-----BEGIN PGP MESSAGE-----\r\n\r\n${Buffer.from(message).toString('base64').replaceAll(/.{64}/g, '$&\r\n').trimEnd()}\r\n-----END PGP MESSAGE-----\r\n`
  const { header, control, type, before, after } = { ...FORM, ...changes }
  return Buffer.from(
    `${header}\r\n\r\n${before}--b\r\n${control}\r\n--b\r\n${type}\r\n\r\n${armored}\r\n--b--${after}\r\n`,
    'latin1',
  )
}

const FORM = {
  header: 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
  control: 'Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n',
  type: 'Content-Type: application/octet-stream',
  before: '',
  after: '',
}
