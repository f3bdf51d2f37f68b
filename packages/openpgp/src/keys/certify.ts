// What the authority says of a key: that this user id is of whoever has it, until when, and that it says so no more.
import { MailError } from '@countersign/protocol'
import { enums, type Key, type PrivateKey, type User } from 'openpgp'
import { newSignature, signOfKey } from '../library.ts'
import { addressOf } from './address.ts'
import { readPublicKey, readSecretKey } from './read.ts'

/** Which user id of which key, by which authority. Keys in octets; that of the authority is secret. */
export interface CertificationOrder {
  readonly key: Uint8Array
  /** Compared form. */
  readonly address: string
  readonly authority: Uint8Array
  readonly now: Temporal.Instant
}

/**
 * Certifies the user id with this address: whoever asks has proved that it is theirs. It ends at `until`, as the person's
 * certificate does. Answers the key with it. @throws {MailError} @see RFC 9580 §5.2.1.7
 */
export async function certifyUserId(
  order: CertificationOrder & { readonly until: Temporal.Instant },
): Promise<Uint8Array> {
  const { now, until } = order
  const seconds = Math.floor((until.epochMilliseconds - now.epochMilliseconds) / 1000)
  if (seconds < 1 || seconds >= 2 ** 32) throw new MailError('ERR_MAIL_FORM', 'a certification ends after it begins')
  const { key, user, authority } = await opened(order)
  const packet = newSignature({
    signatureType: enums.signature.certPositive,
    publicKeyAlgorithm: authority.keyPacket.algorithm,
    hashAlgorithm: enums.hash.sha512,
    signatureNeverExpires: false,
    signatureExpirationTime: seconds,
  })
  await signOfKey(packet, authority, { key: key.keyPacket, userID: user.userID }, now)
  user.otherCertifications.push(packet)
  return key.write()
}

/** Revokes what {@link certifyUserId} said. Answers the key with it. @throws {MailError} @see RFC 9580 §5.2.1.13 */
export async function revokeCertification(order: CertificationOrder): Promise<Uint8Array> {
  const { key, user, authority } = await opened(order)
  const packet = newSignature({
    signatureType: enums.signature.certRevocation,
    publicKeyAlgorithm: authority.keyPacket.algorithm,
    hashAlgorithm: enums.hash.sha512,
    reasonForRevocationFlag: enums.reasonForRevocation.userIDInvalid,
    reasonForRevocationString: '',
  })
  await signOfKey(packet, authority, { key: key.keyPacket, userID: user.userID }, order.now)
  user.revocationSignatures.push(packet)
  return key.write()
}

async function opened(order: CertificationOrder): Promise<{ key: Key; user: User; authority: PrivateKey }> {
  const key = await readPublicKey(order.key)
  const user = key.users.find(({ userID }) => userID !== null && addressOf(userID.userID) === order.address)
  if (user === undefined) throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key has no user id with this address')
  return { key, user, authority: await readSecretKey(order.authority) }
}
