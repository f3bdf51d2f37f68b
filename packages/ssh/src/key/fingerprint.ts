// How OpenSSH names a key to people: the SHA-256 of its octets, ssh-keygen(1) -l.
import { SshError } from '../error.ts'

const FINGERPRINT = /^SHA256:([A-Za-z0-9+/]{43})$/

/**
 * The text by which people know a key: `SHA256:` and base64 without padding.
 * @param sha256 The SHA-256 of what `writeSshPublicKey` gives; for a certificate, of the key in it.
 * @throws {SshError} when it is not of 32 octets.
 */
export function formatFingerprint(sha256: Uint8Array): string {
  if (sha256.length !== 32) throw new SshError('ERR_SSH_FINGERPRINT')
  return `SHA256:${sha256.toBase64({ omitPadding: true })}`
}

/** The SHA-256 in a fingerprint. @throws {SshError} when it is none, such as one of MD5. */
export function parseFingerprint(text: string): Uint8Array {
  const base64 = FINGERPRINT.exec(text)?.[1]
  // The last character has two bits that no octet takes: only one of four texts is that of the hash.
  const sha256 = base64 === undefined ? undefined : Uint8Array.fromBase64(base64)
  if (sha256 === undefined || formatFingerprint(sha256) !== text) throw new SshError('ERR_SSH_FINGERPRINT', 0)
  return sha256
}
