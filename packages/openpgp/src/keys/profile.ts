import { MailError, type SealProfile } from '@countersign/protocol'
import { enums, type Key } from 'openpgp'
import { cipherSuitesOf, primarySelfSignature, saysAead } from '../library.ts'
import { readPublicKey } from './read.ts'

/** Which profile whoever has this key reads: what its features say, and not its version. @throws {MailError} @see RFC 9580 §5.2.3.32 */
export async function profileOf(key: Uint8Array, now: Temporal.Instant): Promise<SealProfile> {
  return (await readsAead(await readPublicKey(key), now)) ? 'modern' : 'legacy'
}

/** Whether a key says that its owner reads SEIPDv2. */
export async function readsAead(key: Key, now: Temporal.Instant): Promise<boolean> {
  const self = await primarySelfSignature(key, now).catch((cause: unknown) => {
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key says nothing valid of itself', { cause })
  })
  return saysAead(self)
}

/** The cipher and mode that all of these read. AES-128 with OCB is what everyone must. @see RFC 9580 §5.2.3.15, §9.6 */
export async function commonSuite(
  keys: readonly Key[],
  now: Temporal.Instant,
): Promise<{ readonly algorithm: 'aes256' | 'aes128'; readonly aeadAlgorithm: 'gcm' | 'ocb' }> {
  const suites = await Promise.all(keys.map(async (key) => cipherSuitesOf(await primarySelfSignature(key, now))))
  const allRead = (mode: enums.aead) =>
    suites.every((suite) => suite.some(([cipher, aead]) => cipher === enums.symmetric.aes256 && aead === mode))
  if (allRead(enums.aead.gcm)) return { algorithm: 'aes256', aeadAlgorithm: 'gcm' }
  if (allRead(enums.aead.ocb)) return { algorithm: 'aes256', aeadAlgorithm: 'ocb' }
  return { algorithm: 'aes128', aeadAlgorithm: 'ocb' }
}
