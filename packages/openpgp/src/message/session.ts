// Which of our keys a message is for, and the session keys that it may be encrypted with.
import { MailError } from '@countersign/protocol'
import { decryptSessionKeys, enums, type PrivateKey, readMessage } from 'openpgp'
import { CONFIG } from '../config.ts'
import { keyAlgorithmOf } from '../keys/strength.ts'
import { dateOf } from '../library.ts'
import type { EncryptedSessionKey } from './envelope.ts'
import type { SessionKey } from './integrity.ts'

/** Messages that hide for whom they are cost one trial for each of these and each of our keys: a local limit. */
const MAX_HIDDEN = 16

type KeyPart = PrivateKey | PrivateKey['subkeys'][number]

/** A session key, by which of our keys it came, and how. */
export interface OpenedSessionKey {
  readonly key: PrivateKey
  /** As in `X25519`. */
  readonly transport: string
  /** More than one where RSA must not tell which of them is right. */
  readonly candidates: readonly SessionKey[]
}

/** Tries the keys that a message names, then those that it hides. @throws {MailError} @see RFC 9580 §5.1 */
export async function* openSessionKeys(
  encrypted: readonly EncryptedSessionKey[],
  keys: readonly PrivateKey[],
  now: Temporal.Instant,
): AsyncGenerator<OpenedSessionKey> {
  const hidden = encrypted.filter(({ recipient }) => recipient === 'hidden')
  if (hidden.length > MAX_HIDDEN)
    throw new MailError('ERR_MAIL_BUDGET', `the message hides more than ${MAX_HIDDEN} of its recipients`)
  const named = encrypted.filter(({ recipient }) => recipient !== 'hidden')
  for (const { packet, recipient } of [...named, ...hidden])
    for (const key of keys) {
      const part =
        recipient === 'hidden' ? (key.subkeys[0] ?? key) : key.getKeys().find((each) => isOf(recipient, each))
      const candidates = part ? await candidatesOf(packet, key, now) : []
      if (part && candidates.length > 0) yield { key, transport: keyAlgorithmOf(part), candidates }
    }
}

/** Whether a message says that it is for one of these keys. */
export function namesOneOf(encrypted: readonly EncryptedSessionKey[], keys: readonly PrivateKey[]): boolean {
  return encrypted.some(({ recipient }) => keys.some((key) => key.getKeys().some((part) => isOf(recipient, part))))
}

function isOf(recipient: string, part: KeyPart): boolean {
  return recipient === part.getKeyID().toHex() || recipient === part.getFingerprint()
}

async function candidatesOf(packet: Uint8Array, key: PrivateKey, now: Temporal.Instant): Promise<SessionKey[]> {
  try {
    const message = await readMessage({ binaryMessage: packet, config: CONFIG })
    const opened = await decryptSessionKeys({ message, decryptionKeys: key, date: dateOf(now), config: CONFIG })
    return opened
      .map(({ data, algorithm }) => ({
        octets: data,
        ...(algorithm !== null && { algorithm: enums.symmetric[algorithm] }),
      }))
      .toSorted((one, other) => other.octets.length - one.octets.length)
  } catch {
    return [] // Not for this key, or changed on its way: which of the two is told to nobody.
  }
}
