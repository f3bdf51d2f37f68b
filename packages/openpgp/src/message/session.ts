// Which of our keys a message is for, and the session keys that it may be encrypted with.
import { decryptSessionKeys, enums, type PrivateKey, readMessage } from 'openpgp'
import { CONFIG } from '../config.ts'
import { OpenPgpError } from '../error.ts'
import { keyAlgorithmOf } from '../keys/strength.ts'
import { dateOf } from '../library.ts'
import type { EncryptedSessionKey } from './envelope.ts'
import type { SessionKey } from './integrity.ts'

/** Messages that hide for whom they are cost one trial for each of these and each of our keys: a local limit. */
const MAX_HIDDEN = 16
const HIDDEN = '0000000000000000'

/** A session key, by which of our keys it came, and how. */
export interface OpenedSessionKey {
  readonly key: PrivateKey
  /** As in `X25519`. */
  readonly transport: string
  /** More than one where RSA must not tell which of them is right. */
  readonly candidates: readonly SessionKey[]
}

/** Tries the keys that a message names, then those that it hides. @throws {OpenPgpError} @see RFC 9580 §5.1 */
export async function* openSessionKeys(
  encrypted: readonly EncryptedSessionKey[],
  keys: readonly PrivateKey[],
  now: Temporal.Instant,
): AsyncGenerator<OpenedSessionKey> {
  for (const { packet, keyId, isToPassword } of namedFirst(encrypted)) {
    if (isToPassword) continue
    for (const key of keys) {
      const part = key
        .getKeys()
        .find((each) => keyId === undefined || keyId === HIDDEN || each.getKeyID().toHex() === keyId)
      if (part === undefined) continue
      const candidates = await candidatesOf(packet, key, now)
      if (candidates.length > 0)
        yield { key, transport: keyAlgorithmOf(keyId === HIDDEN ? encryptingPart(key) : part), candidates }
    }
  }
}

/** Whether a message says that it is for one of these keys. */
export function namesOneOf(encrypted: readonly EncryptedSessionKey[], keys: readonly PrivateKey[]): boolean {
  return encrypted.some(({ keyId }) => keys.some((key) => key.getKeyIDs().some((id) => id.toHex() === keyId)))
}

function namedFirst(encrypted: readonly EncryptedSessionKey[]): readonly EncryptedSessionKey[] {
  const isHidden = ({ keyId, isToPassword }: EncryptedSessionKey) =>
    !isToPassword && (keyId === undefined || keyId === HIDDEN)
  const hidden = encrypted.filter(isHidden)
  if (hidden.length > MAX_HIDDEN)
    throw new OpenPgpError('ERR_MAIL_BUDGET', `the message hides more than ${MAX_HIDDEN} of its recipients`)
  return [...encrypted.filter((each) => !isHidden(each)), ...hidden]
}

function encryptingPart(key: PrivateKey): PrivateKey | PrivateKey['subkeys'][number] {
  return key.subkeys[0] ?? key
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
