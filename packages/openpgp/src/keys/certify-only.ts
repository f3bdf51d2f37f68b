import { enums, type PrivateKey } from 'openpgp'
import { selfSignaturesOf, signOfKey } from '../library.ts'

/** Has a key say of itself that it certifies, and does nothing else. @see RFC 9580 §5.2.3.29 */
export async function certifyOnly(key: PrivateKey, now: Temporal.Instant): Promise<void> {
  for (const signature of selfSignaturesOf(key)) {
    if (signature.keyFlags === null) continue
    signature.rawNotations = [] // The salt of the library's own signature, which makes another.
    signature.keyFlags = Uint8Array.of(enums.keyFlags.certifyKeys)
    const user = key.users.find(({ selfCertifications }) => selfCertifications.includes(signature))
    await signOfKey(signature, key, { key: key.keyPacket, ...(user && { userID: user.userID }) }, now)
  }
}
