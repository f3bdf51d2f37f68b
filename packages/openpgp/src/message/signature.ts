// One signature over an entity: whether it fits, whose it is, and what trust says of them.
import { MailError, type RefusalCode, type SignatureFact, type SignerTrust } from '@countersign/protocol'
import { enums, type Key, readSignature, type SignaturePacket } from 'openpgp'
import { CONFIG } from '../config.ts'
import { type JudgedKey, judgeKey } from '../keys/judge.ts'
import { readPublicKey } from '../keys/read.ts'
import { keyAlgorithmOf } from '../keys/strength.ts'
import type { OpenPgpTrust } from '../keys/trust.ts'
import { documentOf, instantOf } from '../library.ts'

/** Clocks of honest senders may be ahead by so much: a local limit. */
const MAX_AHEAD: Temporal.Duration = Temporal.Duration.from({ minutes: 10 })
/** Keys with the same short id are tried, up to so many: a local limit. */
const MAX_SAME_ID = 4

/** Finds keys by which something may be signed. */
export interface KnownKeys {
  /**
   * Keys in octets. `keyId` of 16, `fingerprint` of 40 or 64 hexadecimal digits; the issuer may be a subkey. `sender` is the address
   * that the message says it is from, by which keys may be looked for.
   */
  find(issuer: {
    readonly keyId: string
    readonly fingerprint?: string
    readonly sender?: string
  }): Promise<readonly Uint8Array[]>
}

/** What checking takes. */
export interface SignatureContext {
  readonly keys: KnownKeys
  readonly trust: OpenPgpTrust
  readonly now: Temporal.Instant
  readonly sender?: string
}

/** Reads signatures of one block, which another program may have written. @throws {MailError} @see RFC 9580 §10.4 */
export async function readSignatures(octets: Uint8Array, most: number): Promise<readonly SignaturePacket[]> {
  let packets: readonly SignaturePacket[]
  try {
    packets = [...(await readSignature({ binarySignature: octets, config: CONFIG })).packets]
  } catch (cause) {
    throw new MailError('ERR_MAIL_SIGNATURE', 'the signature cannot be read', { cause })
  }
  if (packets.length > most) throw new MailError('ERR_MAIL_BUDGET', `more than ${most} signatures`)
  // What the library cannot parse it hands on as another class, without what a signature has.
  if (packets.length === 0 || packets.some(({ issuerKeyID }) => issuerKeyID === undefined))
    throw new MailError('ERR_MAIL_SIGNATURE', 'the signature is of a version that is not known here')
  return packets
}

/** Judges one signature; `signed` gives what it should be over, as often as it is asked. */
export async function judgeSignature(
  packet: SignaturePacket,
  signed: () => AsyncIterable<Uint8Array>,
  { keys, trust, now, sender }: SignatureContext,
): Promise<SignatureFact> {
  const claimed = packet.created === null ? undefined : instantOf(packet.created)
  const keyId = packet.issuerKeyID.toHex()
  const fingerprint = packet.issuerFingerprint?.toHex()
  const found = await keys.find({
    keyId,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(sender !== undefined && { sender }),
  })
  let best: SignatureFact | undefined
  for (const octets of found.slice(0, MAX_SAME_ID)) {
    const key = await readPublicKey(octets)
    const part = key.getKeys().find((each) => each.getKeyID().toHex() === keyId)
    // A short id is soon made alike; the fingerprint is not.
    if (part === undefined || (fingerprint !== undefined && part.getFingerprint() !== fingerprint)) continue
    const outcome = await outcomeOf(packet, part, signed, now)
    const judged = await judgeKey(key, { side: 'caller', trust, now, keyId })
    if (outcome.ok && !judged.trust.ok && isAnother(judged, trust, sender))
      return { outcome, signer: judged.signer, trust: CHANGED, ...factsOf(packet, part, claimed) }
    const fact = { outcome, ...judged, ...factsOf(packet, part, claimed) }
    if (outcome.ok) return fact
    best ??= fact
  }
  return (
    best ?? {
      outcome: refused(
        sender !== undefined && trust.pinned.has(sender) ? 'ERR_MAIL_SIGNER_CHANGED' : 'ERR_MAIL_SIGNER',
        `no key ${fingerprint ?? keyId} is known`,
      ),
      ...factsOf(packet, undefined, claimed),
    }
  )
}

/** Nobody vouches for the key, and another is accepted for the address that the message is from. */
function isAnother({ signer, trust }: JudgedKey, { pinned }: OpenPgpTrust, sender: string | undefined): boolean {
  const known = sender === undefined ? undefined : pinned.get(sender)
  return (
    !trust.ok &&
    trust.refusal.code === 'ERR_CALLER_UNKNOWN_ISSUER' &&
    known !== undefined &&
    known !== signer.fingerprint
  )
}

const CHANGED: SignerTrust = {
  ok: false,
  refusal: {
    code: 'ERR_MAIL_SIGNER_CHANGED',
    note: 'another key is accepted for this address, and nobody vouches for this one',
  },
}

function factsOf(
  packet: SignaturePacket,
  part: Key | Key['subkeys'][number] | undefined,
  claimedAt: Temporal.Instant | undefined,
): Pick<SignatureFact, 'claimedAt' | 'algorithm'> {
  const hash = hashNameOf(packet)
  return {
    ...(claimedAt && { claimedAt }),
    ...(part && { algorithm: `${keyAlgorithmOf(part)} with ${hash}` }),
  }
}

/** As in `SHA-512`. */
export function hashNameOf({ hashAlgorithm }: SignaturePacket): string {
  return HASHES[hashAlgorithm ?? 0] ?? `hash ${hashAlgorithm}`
}

/** @see RFC 9580 §9.5 Table 23 */
const HASHES: Readonly<Record<number, string>> = {
  [enums.hash.md5]: 'MD5',
  [enums.hash.sha1]: 'SHA-1',
  [enums.hash.ripemd]: 'RIPEMD-160',
  [enums.hash.sha256]: 'SHA-256',
  [enums.hash.sha384]: 'SHA-384',
  [enums.hash.sha512]: 'SHA-512',
  [enums.hash.sha224]: 'SHA-224',
  [enums.hash.sha3_256]: 'SHA3-256',
  [enums.hash.sha3_512]: 'SHA3-512',
}

type Outcome = SignatureFact['outcome']

async function outcomeOf(
  packet: SignaturePacket,
  part: Key | Key['subkeys'][number],
  signed: () => AsyncIterable<Uint8Array>,
  now: Temporal.Instant,
): Promise<Outcome> {
  const { signatureType, hashAlgorithm, created } = packet
  if (signatureType !== enums.signature.binary && signatureType !== enums.signature.text)
    return refused('ERR_MAIL_SIGNATURE', 'the signature is not one of a document')
  if (hashAlgorithm === null || CONFIG.rejectMessageHashAlgorithms.has(hashAlgorithm))
    return refused('ERR_MAIL_ALGORITHM', `the signature is with ${hashNameOf(packet)}`)
  if (created === null) return refused('ERR_MAIL_SIGNATURE', 'the signature does not say when it was made')
  try {
    // As of when it says that it was made: its times are judged below, its key by `judgeKey`.
    await packet.verify(part.keyPacket, signatureType, documentOf(signed()), created, true, CONFIG)
  } catch {
    return refused('ERR_MAIL_SIGNATURE', 'the signature does not fit what it should be over')
  }
  if (Temporal.Instant.compare(instantOf(created), now.add(MAX_AHEAD)) > 0)
    return refused('ERR_MAIL_SIGNATURE', 'the signature says that it is made later than now')
  const end = packet.getExpirationTime()
  if (end instanceof Date && end.getTime() <= now.epochMilliseconds)
    return refused('ERR_MAIL_SIGNATURE', 'the signature itself has ended')
  return { ok: true }
}

function refused(code: RefusalCode, note: string): Outcome {
  return { ok: false, code, note }
}
