// Whether a key may be believed, in the words in which the house speaks of every credential.
import type { RefusalCode, Signer, SignerTrust } from '@countersign/protocol'
import { type Config, enums, type Key, type SignaturePacket, type Subkey } from 'openpgp'
import { CONFIG } from '../config.ts'
import { dateOf, instantOf, primarySelfSignature, selfSignaturesOf } from '../library.ts'
import { addressOf, nameOf } from './address.ts'
import { readPublicKey } from './read.ts'
import { weaknessOf } from './strength.ts'
import type { OpenPgpTrust } from './trust.ts'
import { type Voucher, vouchersOf } from './vouched.ts'

/** Who is judged, and for what. */
export interface JudgedFor {
  /** The caller has signed; the callee is written to. */
  readonly side: 'caller' | 'callee'
  readonly trust: OpenPgpTrust
  readonly now: Temporal.Instant
  /** Of the key or subkey that signed, hexadecimal. */
  readonly keyId?: string
  /** To whom is written, compared form: another address of the key is no excuse. */
  readonly address?: string
}

/** Somebody's key, and what trust says of it. */
export interface JudgedKey {
  readonly signer: Signer
  readonly trust: SignerTrust
}

type Cause = 'MALFORMED' | 'UNKNOWN_ISSUER' | 'WEAK' | 'REVOKED' | 'EXPIRED' | 'NOT_YET_VALID' | 'WRONG_PURPOSE'
interface Fault {
  readonly cause: Cause
  readonly note: string
  readonly since?: Temporal.Instant
}

/** A revocation must not be unheard for the hash that it was made with. */
const REVOCATION_CONFIG: Config = { ...CONFIG, rejectHashAlgorithms: new Set(), rejectMessageHashAlgorithms: new Set() }
/** After these the key is still believed for what is known to be older. @see RFC 9580 §5.2.3.31 */
const SOFT: readonly (enums.reasonForRevocation | null)[] = [
  enums.reasonForRevocation.keySuperseded,
  enums.reasonForRevocation.keyRetired,
  enums.reasonForRevocation.userIDInvalid,
]

/** Judges a public key in octets at `now`. @throws {MailError} for one that cannot be read */
export async function judgeOctets(key: Uint8Array, judged: JudgedFor): Promise<JudgedKey> {
  return judgeKey(await readPublicKey(key), judged)
}

/** Judges a key at `now`. What makes the rest moot comes first, and status only of keys that somebody vouches for. */
export async function judgeKey(key: Key, judged: JudgedFor): Promise<JudgedKey> {
  const weak = weaknessOf(key)
  // With a weak key nothing is computed: DSA is so slow here that 256 signatures of it are seconds.
  const vouchers = (weak === undefined ? await vouchersOf(key, judged.trust, judged.now) : []).filter(
    ({ address }) => judged.address === undefined || address === judged.address,
  )
  const good = vouchers.filter(({ state }) => state === 'good')
  const signer = signerOf(key, good.length > 0 ? good : vouchers)
  const fault = await faultOf(key, good[0] ?? vouchers[0], judged)
  if (fault) {
    const { cause, note, since } = fault
    const code: RefusalCode = judged.side === 'caller' ? `ERR_CALLER_${cause}` : `ERR_CALLEE_${cause}`
    return { signer, trust: { ok: false, refusal: { code, note }, ...(since && { since }) } }
  }
  return { signer, trust: { ok: true, anchor: good[0]?.by ?? '', status: 'good' } }
}

/** By what people know a key: the user ids that are vouched for, or where none is, those that it says of itself. */
function signerOf(key: Key, vouchers: readonly Voucher[]): Signer {
  const userIds = key.users.flatMap(({ userID }) => (userID === null ? [] : [userID.userID]))
  const claimed = userIds.flatMap((userId) => addressOf(userId) ?? [])
  const addresses = [...new Set(vouchers.length > 0 ? vouchers.map(({ address }) => address) : claimed)]
  const named = userIds.find((userId) => addressOf(userId) === addresses[0])
  const name = (named === undefined ? undefined : nameOf(named)) ?? addresses[0] ?? key.getFingerprint()
  return { name, addresses, fingerprint: key.getFingerprint() }
}

async function faultOf(key: Key, voucher: Voucher | undefined, judged: JudgedFor): Promise<Fault | undefined> {
  const { now } = judged
  if (instantOf(key.getCreationTime()).epochMilliseconds > now.epochMilliseconds)
    return { cause: 'NOT_YET_VALID', note: 'the key says that it is made later than now' }
  const weak = weaknessOf(key)
  if (weak !== undefined) return { cause: 'WEAK', note: weak }
  const self = await primarySelfSignature(key, now).catch(() => undefined)
  if (self === undefined) return whyNoSelfSignature(key, now)
  if (voucher === undefined)
    return { cause: 'UNKNOWN_ISSUER', note: 'no authority that is trusted here certifies a user id of the key' }
  const revoked = await revocationOf(key)
  if (revoked) return revoked
  if (voucher.state !== 'good') return ofVoucher(voucher)
  const end = endOf(key, self)
  if (end && Temporal.Instant.compare(end, now) <= 0) return { cause: 'EXPIRED', note: 'the key has ended', since: end }
  return ofPurpose(key, self, judged)
}

function whyNoSelfSignature(key: Key, now: Temporal.Instant): Fault {
  const own = selfSignaturesOf(key)
  const isBroken =
    own.length > 0 &&
    own.every(({ hashAlgorithm }) => hashAlgorithm !== null && CONFIG.rejectHashAlgorithms.has(hashAlgorithm))
  if (isBroken) return { cause: 'WEAK', note: 'what the key says of itself is signed with a broken hash' }
  const ends = own.flatMap((each) => {
    const end = each.getExpirationTime()
    return end instanceof Date && end.getTime() <= now.epochMilliseconds ? [instantOf(end)] : []
  })
  const [since] = ends
  if (since && ends.length === own.length)
    return { cause: 'EXPIRED', note: 'what the key says of itself has ended', since }
  return { cause: 'MALFORMED', note: 'the key says nothing valid of itself' }
}

/** Revoked by its owner. Hard, where the key may be somebody else's: then it never was to be believed. */
async function revocationOf(of: Key | Subkey): Promise<Fault | undefined> {
  const valid: SignaturePacket[] = []
  const key = 'mainKey' in of ? of.mainKey : of
  const type = 'mainKey' in of ? enums.signature.subkeyRevocation : enums.signature.keyRevocation
  const data = { key: key.keyPacket, ...('mainKey' in of && { bind: of.keyPacket }) }
  for (const packet of of.revocationSignatures) {
    try {
      await packet.verify(key.keyPacket, type, data, packet.created ?? undefined, false, REVOCATION_CONFIG)
      valid.push(packet)
    } catch {
      // Somebody else's words: anybody can append a revocation that the key did not make.
    }
  }
  if (valid.length === 0) return undefined
  const isHard = valid.some(({ reasonForRevocationFlag }) => !SOFT.includes(reasonForRevocationFlag))
  const first = Math.min(...valid.map(({ created }) => created?.getTime() ?? 0))
  const what = 'mainKey' in of ? 'the subkey' : 'the key'
  if (isHard) return { cause: 'REVOKED', note: `${what} is revoked, whatever it signed and whenever` }
  return { cause: 'REVOKED', note: `${what} is revoked`, since: Temporal.Instant.fromEpochMilliseconds(first) }
}

function ofVoucher({ state, by, since }: Voucher): Fault {
  const cause = (
    { revoked: 'REVOKED', expired: 'EXPIRED', 'not yet valid': 'NOT_YET_VALID', good: 'UNKNOWN_ISSUER' } as const
  )[state]
  return { cause, note: `the certification by ${by} is ${state}`, ...(since && { since }) }
}

function endOf(of: Key | Subkey, { keyExpirationTime }: SignaturePacket): Temporal.Instant | undefined {
  if (keyExpirationTime === null || keyExpirationTime === 0) return undefined
  return instantOf(of.getCreationTime()).add({ seconds: keyExpirationTime })
}

/** Whether the key that signed may sign, or whether there is one that mail can be encrypted to. @see RFC 9580 §5.2.3.29 */
async function ofPurpose(key: Key, self: SignaturePacket, { side, now, keyId }: JudgedFor): Promise<Fault | undefined> {
  if (side === 'callee') {
    const readable = await key.getEncryptionKey(undefined, dateOf(now), undefined, CONFIG).catch(() => undefined)
    if (readable) return undefined
    const faults = await Promise.all(key.subkeys.map((subkey) => ofSubkey(subkey, now)))
    return (
      faults.find((fault) => fault !== undefined) ?? { cause: 'WRONG_PURPOSE', note: 'the key has none to encrypt to' }
    )
  }
  const subkey = keyId === undefined ? undefined : key.subkeys.find((each) => each.getKeyID().toHex() === keyId)
  if (subkey) {
    const fault = await ofSubkey(subkey, now)
    if (fault) return fault
    // The library asks for the subkey's own signature over the primary key as well: RFC 9580 §5.2.1.9.
    const signing = await key.getSigningKey(subkey.getKeyID(), dateOf(now), undefined, CONFIG).catch(() => undefined)
    return signing ? undefined : { cause: 'WRONG_PURPOSE', note: 'the subkey is not bound as one that signs' }
  }
  const maySign = ((self.keyFlags?.[0] ?? 0) & enums.keyFlags.signData) !== 0
  return maySign ? undefined : { cause: 'WRONG_PURPOSE', note: 'the key is not one that signs mail' }
}

async function ofSubkey(subkey: Subkey, now: Temporal.Instant): Promise<Fault | undefined> {
  const weak = weaknessOf(subkey)
  if (weak !== undefined) return { cause: 'WEAK', note: weak }
  const revoked = await revocationOf(subkey)
  if (revoked) return revoked
  const bound = subkey.bindingSignatures.findLast(({ created }) => (created?.getTime() ?? 0) <= now.epochMilliseconds)
  const end = bound && endOf(subkey, bound)
  if (end && Temporal.Instant.compare(end, now) <= 0)
    return { cause: 'EXPIRED', note: 'the subkey has ended', since: end }
  return undefined
}
