// A key that somebody sent is counted before it is parsed: thousands of user ids or signatures cost their sender nothing.
import { MailError } from '@countersign/protocol'
import { type Key, type PrivateKey, readKey, readPrivateKey } from 'openpgp'
import { CONFIG } from '../config.ts'
import { selfSignaturesOf } from '../library.ts'
import { readArmor } from '../octets/armor.ts'
import { PACKETS, readPacket } from '../octets/packet.ts'
import { collect, OctetReader } from '../octets/reader.ts'
import { expectComputable, mostSelfSignatures } from './strength.ts'

/** Octets of a key, photographs included: a local limit; what is published of one is some 1,000 octets. */
export const MAX_KEY_OCTETS: number = 256 * 1024
/** How many packets of each kind one key may have. Local limits, many times what keys in use have. */
const MOST: Readonly<Record<number, number>> = {
  [PACKETS.publicKey]: 1,
  [PACKETS.secretKey]: 1,
  [PACKETS.publicSubkey]: 32,
  [PACKETS.secretSubkey]: 32,
  [PACKETS.userId]: 64,
  [PACKETS.userAttribute]: 4,
  [PACKETS.signature]: 256,
  [PACKETS.marker]: 1,
  [PACKETS.trust]: 512,
  [PACKETS.padding]: 4,
}
/** Octets of a user id. A local limit: RFC 5321 §4.5.3.1 allows an address of 254. */
const MAX_USER_ID_OCTETS = 1024

/** The public key in octets, armored or not; of a private key its public part. @throws {MailError} @see RFC 9580 §10.1 */
export async function readPublicKey(octets: Uint8Array): Promise<Key> {
  const binaryKey = await countKey(octets)
  let key: Key
  try {
    key = (await readKey({ binaryKey, config: CONFIG })).toPublic()
  } catch (cause) {
    throw new MailError('ERR_MAIL_FORM', 'the key cannot be read', { cause })
  }
  for (const part of key.getKeys()) expectComputable(part)
  const most = mostSelfSignatures(key)
  if (signaturesByItself(key) > most) tooMuch(`the key has more than ${most} signatures of its own`)
  return key
}

function signaturesByItself(key: Key): number {
  const counts = [
    selfSignaturesOf(key).length,
    key.revocationSignatures.length,
    ...key.users.map((user) => user.revocationSignatures.length),
    ...key.subkeys.map((each) => each.bindingSignatures.length + each.revocationSignatures.length),
  ]
  return counts.reduce((sum, count) => sum + count)
}

/** The private key in octets, armored or not, without a passphrase. Secret. @throws {MailError} @see RFC 9580 §10.2 */
export async function readSecretKey(octets: Uint8Array): Promise<PrivateKey> {
  const binaryKey = await countKey(octets)
  let key: PrivateKey
  try {
    key = await readPrivateKey({ binaryKey, config: CONFIG })
  } catch (cause) {
    throw new MailError('ERR_MAIL_FORM', 'the private key cannot be read', { cause })
  }
  if (!key.isDecrypted()) throw new MailError('ERR_MAIL_NO_KEY', 'the private key is under a passphrase')
  return key
}

/** Walks a key by lengths alone; answers it without armor. */
async function countKey(octets: Uint8Array): Promise<Uint8Array> {
  if (octets.length > MAX_KEY_OCTETS * 1.5) tooMuch(`the key has more than ${MAX_KEY_OCTETS} octets`)
  // A packet begins with the highest bit, armor with a hyphen or white space.
  const isArmored = ((octets[0] ?? 0) & 0x80) === 0
  const binary = isArmored
    ? await collect(readArmor(piecesOf(octets), ['PUBLIC KEY BLOCK', 'PRIVATE KEY BLOCK']), MAX_KEY_OCTETS)
    : octets
  if (binary.length > MAX_KEY_OCTETS) tooMuch(`the key has more than ${MAX_KEY_OCTETS} octets`)
  const counts = new Map<number, number>()
  const reader = new OctetReader(piecesOf(binary))
  for (let packet = await readPacket(reader); packet; packet = await readPacket(reader)) {
    const { type } = packet
    if (counts.size === 0 && type !== PACKETS.publicKey && type !== PACKETS.secretKey)
      throw new MailError('ERR_MAIL_FORM', 'what is given as a key does not begin with one')
    const most = MOST[type]
    if (most === undefined) throw new MailError('ERR_MAIL_FORM', `a key has no packets of type ${type}`)
    const count = (counts.get(type) ?? 0) + 1
    counts.set(type, count)
    if (count > most) tooMuch(`the key has more than ${most} packets of type ${type}`)
    let length = 0
    for await (const piece of packet.body) length += piece.length
    if (type === PACKETS.userId && length > MAX_USER_ID_OCTETS) tooMuch('a user id of the key is too long')
  }
  if (counts.size === 0) throw new MailError('ERR_MAIL_FORM', 'what is given as a key is empty')
  return binary
}

function tooMuch(note: string): never {
  throw new MailError('ERR_MAIL_BUDGET', note)
}

async function* piecesOf(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}
