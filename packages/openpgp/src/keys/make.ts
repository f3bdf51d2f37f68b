import { MailError, type SealProfile } from '@countersign/protocol'
import { generateKey, type PrivateKey } from 'openpgp'
import { CONFIG, LEGACY_CONFIG } from '../config.ts'
import { dateOf } from '../library.ts'
import { comparedAddress } from './address.ts'
import { certifyOnly } from './certify-only.ts'

/** By whom people know a key. */
export interface UserName {
  readonly name?: string
  readonly address: string
}

/** What is made: `modern` is version 6 with Ed25519 and X25519; `legacy` version 4, as GnuPG 2.2 reads it. */
export interface KeyWish {
  readonly profile: SealProfile
  readonly userIds: readonly [UserName, ...UserName[]]
  readonly now: Temporal.Instant
  readonly until: Temporal.Instant
}

/** A key in octets. */
export interface MadeKey {
  /** Secret, and under no passphrase: it is for whoever writes it to a file to protect it. */
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Hexadecimal. */
  readonly fingerprint: string
}

/** Makes a person's key: a primary key that signs and certifies, and a subkey that mail is encrypted to. @see RFC 9580 §10.1.1 */
export async function makePersonKey(wish: KeyWish): Promise<MadeKey> {
  return write(await generate(wish, true))
}

/** Makes the authority's key, by which user ids are certified and nothing else is signed. @see RFC 9580 §5.2.3.29 */
export async function makeAuthorityKey(wish: KeyWish): Promise<MadeKey> {
  const key = await generate(wish, false)
  await certifyOnly(key, wish.now)
  return write(key)
}

/** How long a key lasts. @throws {MailError} for what cannot be said: 0 would mean "never", and there are four octets (RFC 9580 §5.2.3.13) */
export function secondsUntil(until: Temporal.Instant, now: Temporal.Instant): number {
  const seconds = Math.floor((until.epochMilliseconds - now.epochMilliseconds) / 1000)
  if (seconds < 1 || seconds >= 2 ** 32) throw new MailError('ERR_MAIL_FORM', 'a key ends after it begins')
  return seconds
}

async function generate({ profile, userIds, now, until }: KeyWish, mayRead: boolean): Promise<PrivateKey> {
  const seconds = secondsUntil(until, now)
  for (const { name, address } of userIds)
    if (comparedAddress(address) === undefined || /[<>\p{Cc}]/u.test(name ?? ''))
      throw new MailError('ERR_MAIL_FORM', 'what is given as an address or a name is none')
  const { privateKey } = await generateKey({
    ...(profile === 'modern' ? { type: 'curve25519' } : { type: 'ecc', curve: 'ed25519Legacy' }),
    userIDs: userIds.map(({ name, address }) => ({ ...(name !== undefined && { name }), email: address })),
    ...(!mayRead && { subkeys: [] }),
    keyExpirationTime: seconds,
    date: dateOf(now),
    format: 'object',
    config: profile === 'modern' ? CONFIG : LEGACY_CONFIG,
  })
  return privateKey as PrivateKey
}

function write(key: PrivateKey): MadeKey {
  return { privateKey: key.write(), publicKey: key.toPublic().write(), fingerprint: key.getFingerprint() }
}
