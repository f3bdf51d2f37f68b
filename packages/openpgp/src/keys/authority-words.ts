// What keys of one authority say of each other: the one before of the next, and the next of it; and that one is revoked.
import { enums, type Key, type PrivateKey, type SignaturePacket, type User } from 'openpgp'
import { dateOf, instantOf, newSignature, signOfKey } from '../library.ts'
import { addressOf } from './address.ts'
import { readPublicKey, readSecretKey } from './read.ts'
import { latestWord } from './vouched.ts'

/** Whoever believes one of them believes the others, and what these certify, as far as they believe that one. */
const AS_FAR_AS_THE_SIGNER = 255
/** Complete trust. @see RFC 9580 §5.2.3.21 */
const COMPLETE = 120

/**
 * Has one key of an authority say that another is the authority's too, and introduces others as it does itself. Keys in octets; that
 * which signs is secret. Answers the other with it. @throws {MailError} @see RFC 9580 §5.2.3.21
 */
export async function introduceKey(order: {
  readonly key: Uint8Array
  readonly by: Uint8Array
  readonly now: Temporal.Instant
}): Promise<Uint8Array> {
  const [key, by] = [await readPublicKey(order.key), await readSecretKey(order.by)]
  for (const user of key.users) {
    const packet = newSignature({
      signatureType: enums.signature.certPositive,
      publicKeyAlgorithm: by.keyPacket.algorithm,
      hashAlgorithm: enums.hash.sha512,
      trustLevel: AS_FAR_AS_THE_SIGNER,
      trustAmount: COMPLETE,
    })
    await signOfKey(packet, by, { key: key.keyPacket, userID: user.userID }, order.now)
    user.otherCertifications.push(packet)
  }
  return key.write()
}

/**
 * Revokes the key itself, as one that somebody else may have: nothing that it has signed counts, whenever it was. Answers its
 * public part in octets. @param secret In octets. @throws {MailError} @see RFC 9580 §5.2.1.11, §5.2.3.31
 */
export async function revokeKey(secret: Uint8Array, now: Temporal.Instant): Promise<Uint8Array> {
  const key: PrivateKey = await readSecretKey(secret)
  const packet = newSignature({
    signatureType: enums.signature.keyRevocation,
    publicKeyAlgorithm: key.keyPacket.algorithm,
    hashAlgorithm: enums.hash.sha512,
    reasonForRevocationFlag: enums.reasonForRevocation.keyCompromised,
    reasonForRevocationString: '',
  })
  await signOfKey(packet, key, { key: key.keyPacket }, now)
  key.revocationSignatures.push(packet)
  return key.toPublic().write()
}

/** What of a person's key is to be said again. Keys in octets. */
export interface AnewOrder {
  readonly key: Uint8Array
  /** For which it is said, compared form. */
  readonly addresses: readonly string[]
  /** Every key that the authority has had, revoked ones too: what they have said once, the authority has. */
  readonly all: readonly Uint8Array[]
  /** Those of them that count. */
  readonly counting: readonly Uint8Array[]
  /** The one that certifies now. */
  readonly active: Uint8Array
  /** What is secret of it; it is asked for where something is to be signed. */
  secret(): Promise<Uint8Array>
  readonly now: Temporal.Instant
}

/**
 * Has the key that certifies now say what those before it have said of a person's key, until the same time. What one has said that
 * counts no more goes. Undefined where nothing is to be said: it has said so already, or what was said has ended.
 */
export async function certifyAnew(order: AnewOrder): Promise<Uint8Array | undefined> {
  const { now } = order
  const key = await readPublicKey(order.key)
  const [all, counting] = [await Promise.all(order.all.map(readPublicKey)), await idsOf(order.counting)]
  const active = (await readPublicKey(order.active)).getKeyID()
  let secret: PrivateKey | undefined
  for (const user of key.users) {
    if (!isFor(user, order.addresses)) continue
    if (user.otherCertifications.some(({ issuerKeyID }) => issuerKeyID.equals(active))) continue
    const until = await lastEnd(user, all)
    const seconds = until === undefined ? 0 : Math.floor((until.epochMilliseconds - dateOf(now).getTime()) / 1000)
    if (seconds < 1) continue
    secret ??= await readSecretKey(await order.secret())
    const packet = newSignature({
      signatureType: enums.signature.certPositive,
      publicKeyAlgorithm: secret.keyPacket.algorithm,
      hashAlgorithm: enums.hash.sha512,
      signatureNeverExpires: false,
      signatureExpirationTime: seconds,
    })
    await signOfKey(packet, secret, { key: key.keyPacket, userID: user.userID }, now)
    user.otherCertifications = [
      ...user.otherCertifications.filter(({ issuerKeyID }) => counting.has(issuerKeyID.toHex())),
      packet,
    ]
  }
  return secret && key.write()
}

/** Whether a key of an authority has certified the user id with this address. Keys in octets, as the authority keeps them. */
export async function isCertifiedBy(octets: Uint8Array, address: string, authority: Uint8Array): Promise<boolean> {
  const [key, id] = [await readPublicKey(octets), (await readPublicKey(authority)).getKeyID()]
  return key.users.some(
    (user) => isFor(user, [address]) && user.otherCertifications.some(({ issuerKeyID }) => issuerKeyID.equals(id)),
  )
}

function isFor({ userID }: User, addresses: readonly string[]): boolean {
  const address = userID === null ? undefined : addressOf(userID.userID)
  return address !== undefined && addresses.includes(address)
}

async function idsOf(keys: readonly Uint8Array[]): Promise<ReadonlySet<string>> {
  return new Set(await Promise.all(keys.map(async (each) => (await readPublicKey(each)).getKeyID().toHex())))
}

/** Until when any of the keys certified the user id; undefined where none did, or one took it back. */
async function lastEnd(user: User, keys: readonly Key[]): Promise<Temporal.Instant | undefined> {
  const words: SignaturePacket[] = []
  for (const key of keys) {
    const word = await latestWord(user, key)
    if (word) words.push(word)
  }
  if (words.some(({ signatureType }) => signatureType === enums.signature.certRevocation)) return undefined
  const ends = words.flatMap((word) => {
    const end = word.getExpirationTime()
    return end instanceof Date && Number.isFinite(end.getTime()) ? [instantOf(end)] : []
  })
  return ends.toSorted(Temporal.Instant.compare).at(-1)
}
