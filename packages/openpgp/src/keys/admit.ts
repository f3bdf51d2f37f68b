// A person's key as the authority takes it: with the user ids alone that are theirs, certified, and nothing that others said of it.
import { MailError } from '@countersign/protocol'
import { addressOf } from './address.ts'
import { certifyUserId } from './certify.ts'
import { judgeKey } from './judge.ts'
import { readPublicKey } from './read.ts'

/** Whose key, and by which authority: one with a key of each version. */
export interface AdmissionOrder {
  /** As it came, in octets. */
  readonly key: Uint8Array
  /** What its party has proved, compared form. */
  readonly addresses: readonly string[]
  /** The authority's private key for keys of this version, in octets; secret. */
  authorityFor(version: 4 | 6): Promise<Uint8Array>
  readonly now: Temporal.Instant
  readonly until: Temporal.Instant
}

/** A key that the authority vouches for. */
export interface AdmittedKey {
  readonly key: Uint8Array
  readonly fingerprint: string
  readonly version: 4 | 6
  /** Those of its user ids. */
  readonly addresses: readonly string[]
}

/**
 * Judges a key as who writes to it and who hears from it will, and certifies its user ids. That whoever sent it has it is shown
 * by its own signature over an address of theirs: nobody else can make one.
 * @throws {MailError} for a key that is not good, or has no user id of theirs @see RFC 9580 §5.2.1.7
 */
export async function admitKey({
  key: octets,
  addresses,
  authorityFor,
  now,
  until,
}: AdmissionOrder): Promise<AdmittedKey> {
  const key = await readPublicKey(octets)
  const { version } = key.keyPacket
  if (version !== 4 && version !== 6) throw new MailError('ERR_MAIL_ALGORITHM', `the key is of version ${version}`)
  const fingerprint = key.getFingerprint()
  // What is not theirs is not published: names of others, photographs, and what strangers said.
  key.users = key.users.filter(({ userID }) => userID !== null && addresses.includes(addressOf(userID.userID) ?? ''))
  for (const user of key.users) user.otherCertifications = []
  const named = key.users.flatMap(({ userID }) => (userID === null ? [] : (addressOf(userID.userID) ?? [])))
  if (named.length === 0)
    throw new MailError(
      'ERR_MAIL_RECIPIENT_KEY',
      `no user id of the key has an address of yours: ${addresses.join(', ')}`,
    )
  if (new Set(named).size < named.length)
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'two user ids of the key have one address')
  const trust = { authorities: [], pinned: new Map(named.map((address) => [address, fingerprint])) }
  for (const address of named)
    for (const side of ['callee', 'caller'] as const) {
      const judged = await judgeKey(key, { side, trust, now, address })
      if (!judged.trust.ok) {
        const { code, note = 'the key is not good' } = judged.trust.refusal
        throw new MailError(code, note)
      }
    }
  const authority = await authorityFor(version)
  let certified: Uint8Array = key.write()
  for (const address of named) certified = await certifyUserId({ key: certified, address, authority, now, until })
  return { key: certified, fingerprint, version, addresses: named }
}
