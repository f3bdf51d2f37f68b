// Who says that a user id is of whoever has a key: an authority by its certification, or somebody here who accepted it.
import { enums, type Key, type SignaturePacket, type User } from 'openpgp'
import { CONFIG } from '../config.ts'
import { dateOf, instantOf, primarySelfSignature } from '../library.ts'
import { addressOf } from './address.ts'
import type { OpenPgpTrust, TrustedAuthority } from './trust.ts'

/** How one address of a key is vouched for. */
export interface Voucher {
  readonly address: string
  /** The authority's name, or `pinned`. */
  readonly by: string
  readonly state: 'good' | 'revoked' | 'expired' | 'not yet valid'
  /** Since when it is not good, where it was before. */
  readonly since?: Temporal.Instant
}

/** Every address of a key for which somebody of `trust` vouches or vouched. @see RFC 9580 §5.2.1.7, §5.2.1.13 */
export async function vouchersOf(key: Key, trust: OpenPgpTrust, now: Temporal.Instant): Promise<readonly Voucher[]> {
  const vouchers: Voucher[] = []
  const valid = await validAuthorities(trust, now)
  for (const user of key.users) {
    const address = user.userID === null ? undefined : addressOf(user.userID.userID)
    // A user id that the key's owner does not say is theirs, or says no more, is nobody's.
    if (address === undefined || !(await isOwn(user, now))) continue
    const words: Voucher[] = []
    for (const authority of valid) {
      const latest = await latestWord(user, authority.key)
      if (latest) words.push({ address, by: authority.name, ...stateOf(latest, now) })
    }
    // Whoever accepted a key by hand did not hear what an authority has taken back since.
    const isTakenBack = words.some(({ state }) => state === 'revoked')
    if (!isTakenBack && trust.pinned.get(address) === key.getFingerprint())
      vouchers.push({ address, by: 'pinned', state: 'good' })
    vouchers.push(...words)
  }
  return vouchers
}

/** Authorities whose own key holds now: revoked or expired they vouch for nobody. */
async function validAuthorities({ authorities }: OpenPgpTrust, now: Temporal.Instant): Promise<TrustedAuthority[]> {
  const valid: TrustedAuthority[] = []
  for (const authority of authorities) {
    const { key } = authority
    try {
      await key.verifyPrimaryKey(dateOf(now), undefined, CONFIG)
    } catch {
      continue // Revoked or expired: it vouches for nobody, and what rests on it is of an unknown issuer.
    }
    const { keyFlags } = await primarySelfSignature(key, now)
    if (((keyFlags?.[0] ?? 0) & enums.keyFlags.certifyKeys) !== 0) valid.push(authority)
  }
  return valid
}

async function isOwn(user: User, now: Temporal.Instant): Promise<boolean> {
  try {
    return await user.verify(dateOf(now), CONFIG)
  } catch {
    return false // The library says by throwing that no self-signature holds.
  }
}

/** The last that an authority says of a user id: a certification, or its revocation. */
export async function latestWord(user: User, key: Key): Promise<SignaturePacket | undefined> {
  let latest: SignaturePacket | undefined
  for (const packet of [...user.otherCertifications, ...user.revocationSignatures])
    if (packet.issuerKeyID.equals(key.getKeyID()) && (await isRight(packet, user, key)) && isLater(packet, latest))
      latest = packet
  return latest
}

/** Of two of the same second, the revocation is the later. */
function isLater(packet: SignaturePacket, than: SignaturePacket | undefined): boolean {
  const difference = (packet.created?.getTime() ?? 0) - (than?.created?.getTime() ?? -1)
  return difference > 0 || (difference === 0 && isRevocation(packet))
}

function isRevocation({ signatureType }: SignaturePacket): boolean {
  return signatureType === enums.signature.certRevocation
}

async function isRight(packet: SignaturePacket, user: User, authority: Key): Promise<boolean> {
  const type = isRevocation(packet) ? enums.signature.certRevocation : enums.signature.certGeneric
  const data = { userID: user.userID, key: user.mainKey.keyPacket }
  try {
    // As of when it was made: whether it still holds is asked afterwards, to say since when not.
    await packet.verify(authority.keyPacket, type, data, packet.created ?? undefined, false, CONFIG)
    return true
  } catch {
    return false // Not a signature of the authority over this user id, whatever it says.
  }
}

function stateOf(packet: SignaturePacket, now: Temporal.Instant): Pick<Voucher, 'state' | 'since'> {
  const created = instantOf(packet.created ?? new Date(0))
  if (isRevocation(packet)) return { state: 'revoked', since: created }
  if (Temporal.Instant.compare(created, now) > 0) return { state: 'not yet valid' }
  const end = packet.getExpirationTime()
  if (!(end instanceof Date) || end.getTime() > now.epochMilliseconds) return { state: 'good' }
  return { state: 'expired', since: instantOf(end) }
}
