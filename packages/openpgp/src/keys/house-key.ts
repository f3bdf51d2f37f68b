// The authority's key as OpenPGP: what is secret of it is an Ed25519 key in the custody of the authority, as its other keys are.
import type { KeyObject } from 'node:crypto'
import { MailError } from '@countersign/protocol'
import { type PrivateKey, reformatKey } from 'openpgp'
import { CONFIG, LEGACY_CONFIG } from '../config.ts'
import { dateOf } from '../library.ts'
import { PACKETS } from '../octets/packet.ts'
import { concat } from '../octets/reader.ts'
import { certifyOnly } from './certify-only.ts'
import { type KeyWish, secondsUntil } from './make.ts'
import { readSecretKey } from './read.ts'

/** Ed25519 of RFC 8032 in both versions; in version 4 under the name that GnuPG knows. @see RFC 9580 §9.1, §9.2 */
const ED25519 = 27
const EDDSA_LEGACY = 22
/** 1.3.6.1.4.1.11591.15.1, behind its length. @see RFC 9580 §9.2 */
const ED25519_LEGACY_OID = Uint8Array.of(9, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01)
/** A point in its native form begins so. @see RFC 9580 §11.2.2 */
const NATIVE_POINT = 0x40
const KEY_OCTETS = 32

/**
 * Makes the public key by which an authority certifies user ids, and nothing else is signed. Answers its octets.
 * @param ed25519 Secret: what signs.
 * @see RFC 9580 §5.2.3.29
 */
export async function makeHouseKey(ed25519: KeyObject, wish: KeyWish): Promise<Uint8Array> {
  const { profile, userIds, now, until } = wish
  const seconds = secondsUntil(until, now)
  const { privateKey } = await reformatKey({
    privateKey: await readSecretKey(secretPacket(ed25519, profile === 'modern' ? 6 : 4, epochSeconds(now))),
    userIDs: userIds.map(({ name, address }) => ({ ...(name !== undefined && { name }), email: address })),
    keyExpirationTime: seconds,
    date: dateOf(now),
    format: 'object',
    config: profile === 'modern' ? CONFIG : LEGACY_CONFIG,
  })
  const key = privateKey as PrivateKey
  await certifyOnly(key, now)
  return key.toPublic().write()
}

/**
 * The private key of which `publicKey` is the public part, in octets. Secret.
 * @throws {MailError} where the Ed25519 key is another one.
 */
export async function secretHouseKey(ed25519: KeyObject, publicKey: Uint8Array): Promise<Uint8Array> {
  const { end, body } = firstPacket(publicKey)
  const [version = 0] = body
  const created = new DataView(body.buffer, body.byteOffset).getUint32(1)
  const secret = secretPacket(ed25519, version === 6 ? 6 : 4, created)
  const ours = firstPacket(secret).body.subarray(0, body.length)
  if (Buffer.compare(ours, body) !== 0)
    throw new MailError('ERR_MAIL_NO_KEY', 'the key in custody is another one than that of the public key')
  return concat([secret, publicKey.subarray(end)])
}

/** @see RFC 9580 §5.5.2, §5.5.3 */
function secretPacket(ed25519: KeyObject, version: 4 | 6, createdSeconds: number): Uint8Array {
  const { crv, x = '', d = '' } = ed25519.export({ format: 'jwk' })
  if (crv !== 'Ed25519') throw new MailError('ERR_MAIL_NO_KEY', 'the key in custody is not of Ed25519')
  const [point, seed] = [x, d].map((text) => Uint8Array.fromBase64(text, { alphabet: 'base64url' }))
  if (point?.length !== KEY_OCTETS || seed?.length !== KEY_OCTETS)
    throw new MailError('ERR_MAIL_NO_KEY', 'the key in custody is not one of Ed25519')
  const head = [Uint8Array.of(version), fourOctets(createdSeconds)]
  const body =
    version === 6
      ? // Of version 6 the length of what is public stands before it, and no checksum behind what is secret.
        [...head, Uint8Array.of(ED25519), fourOctets(KEY_OCTETS), point, Uint8Array.of(0), seed]
      : [
          ...head,
          Uint8Array.of(EDDSA_LEGACY),
          ED25519_LEGACY_OID,
          mpi(concat([Uint8Array.of(NATIVE_POINT), point])),
          Uint8Array.of(0),
          ...withChecksum(mpi(seed)),
        ]
  const octets = concat(body)
  // Below 192 octets: the length is one octet (RFC 9580 §4.2.1.1).
  return concat([Uint8Array.of(0xc0 | PACKETS.secretKey, octets.length), octets])
}

/** @see RFC 9580 §3.2 */
function mpi(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex((octet) => octet !== 0)
  const digits = start < 0 ? new Uint8Array() : octets.subarray(start)
  const bits = digits.length === 0 ? 0 : digits.length * 8 - Math.clz32(digits[0] ?? 0) + 24
  return concat([Uint8Array.of(bits >> 8, bits & 0xff), digits])
}

/** The sum of its octets, as version 4 has it where nothing is encrypted. @see RFC 9580 §5.5.3 */
function withChecksum(octets: Uint8Array): readonly Uint8Array[] {
  const sum = octets.reduce((total, octet) => (total + octet) & 0xffff, 0)
  return [octets, Uint8Array.of(sum >> 8, sum & 0xff)]
}

/** Of a key that we have made: its first packet has one octet of length. */
function firstPacket(octets: Uint8Array): { readonly end: number; readonly body: Uint8Array } {
  const [header = 0, length = 0] = octets
  if ((header & 0xc0) !== 0xc0 || length >= 192 || octets.length < 2 + length)
    throw new MailError('ERR_MAIL_FORM', 'the key of the authority is not as it was made')
  return { end: 2 + length, body: octets.subarray(2, 2 + length) }
}

function fourOctets(value: number): Uint8Array {
  const octets = new Uint8Array(4)
  new DataView(octets.buffer).setUint32(0, value)
  return octets
}

function epochSeconds(at: Temporal.Instant): number {
  return Math.floor(at.epochMilliseconds / 1000)
}
