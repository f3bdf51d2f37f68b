import { instantOf } from '../library.ts'
import { addressOf } from './address.ts'
import { readPublicKey } from './read.ts'

/** What a key says of itself, before anybody has judged it. */
export interface KeyDescription {
  /** Hexadecimal. */
  readonly fingerprint: string
  /** 4 or 6, as far as mail is sealed to it here. */
  readonly version: number
  /** Of it and its subkeys: 16 hexadecimal digits each. */
  readonly keyIds: readonly string[]
  readonly createdAt: Temporal.Instant
  /** Compared form. */
  readonly addresses: readonly string[]
}

/** The public part of a key in octets. @throws {MailError} for one that cannot be read */
export async function publicPart(octets: Uint8Array): Promise<Uint8Array> {
  return (await readPublicKey(octets)).write()
}

/** Says what a public or private key in octets is. @throws {MailError} for one that cannot be read */
export async function describeKey(octets: Uint8Array): Promise<KeyDescription> {
  const key = await readPublicKey(octets)
  const addresses = key.users.flatMap(({ userID }) => (userID === null ? [] : (addressOf(userID.userID) ?? [])))
  return {
    fingerprint: key.getFingerprint(),
    version: key.keyPacket.version,
    keyIds: key.getKeys().map((each) => each.getKeyID().toHex()),
    createdAt: instantOf(key.getCreationTime()),
    addresses: [...new Set(addresses)],
  }
}
