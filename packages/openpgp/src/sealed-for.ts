// For whom a message says that it is, from its outside alone: whoever asks has none of the keys.
import { type Entity, MailError, type Source } from '@countersign/protocol'
import { bodyOf, expectEncryptedForm } from './form.ts'
import { readPublicKey } from './keys/read.ts'
import { readEnvelope } from './message/envelope.ts'
import { readArmor } from './octets/armor.ts'

/**
 * Whether a message in the form of RFC 3156 §4 is encrypted to one of these keys, in octets, or hides for whom it is, which nobody
 * but who has the key can tell. Without `keys`, whether it is to a key at all. One that cannot be read, or has something else than
 * ciphertext behind its session keys, is for nobody.
 * @see RFC 9580 §5.1
 */
export async function isSealedFor(entity: Entity, source: Source, keys?: readonly Uint8Array[]): Promise<boolean> {
  try {
    const data = await expectEncryptedForm(entity, source)
    await using envelope = await readEnvelope(readArmor(bodyOf(data, source), ['MESSAGE']))
    const named = new Set(envelope.sessionKeys.map(({ recipient }) => recipient))
    if (keys === undefined) return [...named].some((recipient) => recipient !== 'password')
    if (named.has('hidden')) return true
    const parts = (await Promise.all(keys.map(readPublicKey))).flatMap((key) => key.getKeys())
    return parts.some((part) => named.has(part.getKeyID().toHex()) || named.has(part.getFingerprint()))
  } catch (error) {
    if (error instanceof MailError) return false
    throw error
  }
}
